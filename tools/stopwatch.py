"""An IPython extension that counts the seconds of a notebook by kind; tools/profile.py loads it before the first cell.

Every second counts once, for the innermost of what is watched: an import inside of a loader is an import. What is not
watched (NumPy, scikit-learn, layers called one by one) is not counted; whoever asks has the total. Only the kernel's
main thread is watched: what others do is part of what it waits for.
"""

import functools
import importlib
import sys
import threading
import time
import weakref
from contextlib import contextmanager

TRACED = "tensorflow.python.eager.polymorphic_function."
# What is watched: functions and methods by the module that defines them.
WATCHED = {
    "helpers.datasets": {"load_mnist": "data", "load_fashion_mnist": "data"},
    "helpers.films": {"write_film": "figures"},
    "helpers.whole_epochs": {"fit_whole_epochs": "training"},
    "keras.src.models.model": {
        "Model.fit": "training",
        "Model.train_on_batch": "training",
        "Model.predict": "prediction",
        "Model.evaluate": "prediction",
    },
    "matplotlib.backend_bases": {"FigureCanvasBase.print_figure": "figures"},
    "matplotlib.pyplot": {"figure": "figures", "subplots": "figures"},
    TRACED + "tracing_compilation": {"_create_concrete_function": "tracing"},
    TRACED + "concrete_function": {"ConcreteFunction._call_flat": "compilation"},
}
KINDS = ("imports", "data", "tracing", "training", "prediction", "figures")


class Stopwatch:
    """Seconds by kind, exclusive of each other."""

    def __init__(self):
        self.seconds = dict.fromkeys(KINDS, 0.0)
        self._kind, self._since = None, time.perf_counter()

    @contextmanager
    def measuring(self, kind):
        """Count the time inside the `with` block for `kind`, and not for what is around it."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        around = self._switch(kind)
        try:
            yield
        finally:
            self._switch(around)

    def watch(self, function, kind):
        """Return the function, its time counted for `kind`."""

        @functools.wraps(function)
        def watched(*arguments, **options):
            with self.measuring(kind):
                return function(*arguments, **options)

        return watched

    def watch_compilation(self, call):
        """Return TensorFlow's call of a traced function, its time counted for "tracing" as far as it compiles.

        The first call compiles, and the second shows how much of the first was not that. What is compiled later, for
        inputs of another shape, counts for whatever called.
        """
        seconds_of_first = weakref.WeakKeyDictionary()  # 0 after the second

        @functools.wraps(call)
        def watched(function, *arguments, **options):
            started = time.perf_counter()
            if function not in seconds_of_first:
                with self.measuring("tracing"):
                    result = call(function, *arguments, **options)
                seconds_of_first[function] = time.perf_counter() - started
                return result
            result = call(function, *arguments, **options)
            if seconds_of_first[function]:
                self._give_back(min(seconds_of_first[function], time.perf_counter() - started))
                seconds_of_first[function] = 0.0
            return result

        return watched

    def _give_back(self, seconds):
        """Count for what runs now what was counted for tracing."""
        self.seconds["tracing"] -= seconds
        if self._kind is not None:
            self.seconds[self._kind] += seconds

    def _switch(self, kind):
        now = time.perf_counter()
        if self._kind is not None:
            self.seconds[self._kind] += now - self._since
        around, self._kind, self._since = self._kind, kind, now
        return around


def watch_module(module, stopwatch):
    """Put watched functions in the place of those that WATCHED names in a module."""
    for path, kind in WATCHED.get(module.__name__, {}).items():
        *owners, name = path.split(".")
        holder = functools.reduce(getattr, owners, module)
        function = getattr(holder, name)
        compiles = kind == "compilation"
        setattr(holder, name, stopwatch.watch_compilation(function) if compiles else stopwatch.watch(function, kind))


def watch_imports(stopwatch):
    """Count every import of what is not there yet, and watch what WATCHED names in the modules that come in."""
    machinery = importlib._bootstrap  # The statement and importlib.import_module both end here.
    find_and_load = stopwatch.watch(machinery._find_and_load, "imports")

    def find_load_and_watch(name, import_):
        was_there = name in sys.modules
        module = find_and_load(name, import_)
        if not was_there and name in WATCHED:
            watch_module(module, stopwatch)
        return module

    machinery._find_and_load = find_load_and_watch


STOPWATCH = Stopwatch()


def load_ipython_extension(_):
    """Start to count in this kernel."""
    for name in WATCHED.keys() & sys.modules.keys():
        watch_module(sys.modules[name], STOPWATCH)
    watch_imports(STOPWATCH)
