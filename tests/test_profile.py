"""Where the time goes: the stopwatch counts every second once, and the published tables keep the promises of speed."""

import asyncio
import functools
import importlib
import threading

import pytest
from nbformat.v4 import new_code_cell, new_notebook

from tools import profile, stopwatch
from tools.kernel import execute
from tools.notebooks import FOLDER, name_of
from tools.stopwatch import Stopwatch

LESSON = {
    "cores": 2,
    "data_source": "folder",
    "peak_memory": 1234,
    "processor": 12.4,
    "seconds": dict.fromkeys(profile.PARTS, 0.5) | {"training": 7.25},
}


class Clock:
    """Stands in for the module `time`: it moves only when it is told to."""

    now = 0.0

    def perf_counter(self):
        return self.now

    def run(self, seconds):
        self.now += seconds


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(stopwatch, "time", clock)
    return clock


def counted(watch):
    """Return the kinds for which a stopwatch counted anything."""
    return {kind: seconds for kind, seconds in watch.seconds.items() if seconds}


def test_every_second_counts_once_for_the_innermost(clock):
    watch = Stopwatch()
    clock.run(1)
    with watch.measuring("training"):
        clock.run(2)
        with watch.measuring("imports"):
            clock.run(4)
            with watch.measuring("imports"):
                clock.run(8)
        clock.run(16)
    clock.run(32)
    assert counted(watch) == {"training": 18, "imports": 12}


def test_what_fails_is_counted_up_to_there_and_no_further(clock):
    watch = Stopwatch()

    def load():
        clock.run(1)
        raise OSError("no such file")

    with pytest.raises(OSError, match="no such file"):
        watch.watch(load, "data")()
    clock.run(2)
    assert counted(watch) == {"data": 1}


def test_other_threads_are_not_counted(clock):
    watch = Stopwatch()
    thread = threading.Thread(target=watch.watch(clock.run, "imports"), args=[1])
    with watch.measuring("training"):
        thread.start()
        thread.join()
    assert counted(watch) == {"training": 1}


def test_first_call_of_a_traced_function_compiles_and_the_second_shows_how_long_it_only_ran(clock):
    class Traced:
        """A traced function that compiles in 10 seconds and runs in 3."""

        compiled = False

    def call(function):
        clock.run(3 if function.compiled else 13)
        function.compiled = True
        return function

    watch = Stopwatch()
    watched = watch.watch_compilation(call)
    functions = Traced(), Traced()
    with watch.measuring("training"):
        for function in functions:
            assert [watched(function) for _ in range(4)] == 4 * [function]
    assert counted(watch) == {"tracing": 20, "training": 24}


@pytest.mark.parametrize(
    ("module", "path"), [(module, path) for module, paths in stopwatch.WATCHED.items() for path in paths]
)
def test_everything_that_is_watched_exists(module, path):
    assert callable(functools.reduce(getattr, path.split("."), importlib.import_module(module)))


def test_kernel_says_what_it_took():
    # What is drawn, imported, loaded and trained on is little: a stopwatch that misses it reads zero.
    sources = [
        "import keras, numpy as np, time\nfrom helpers import load_mnist",
        "x = load_mnist('stand-in').x_test[:64]",
        "model = keras.Sequential([keras.Input((28, 28, 1)), keras.layers.Flatten(), keras.layers.Dense(1)])\n"
        "model.compile('adam', 'mse')\nmodel.fit(x, x[:, 0, 0], epochs=3, verbose=0)\nmodel.predict(x, verbose=0);",
        "import matplotlib.pyplot as plt\nplt.plot([1, 2]);",
        "memory = np.ones((400, 10**6), 'uint8')",
    ]
    notebook = new_notebook(cells=[new_code_cell(source) for source in sources])
    measured = asyncio.run(execute(notebook, FOLDER, "tiny", watched=True))
    assert measured.keys() == {"start", "processor", "peak_memory", *stopwatch.KINDS}
    assert min(measured.values()) > 0, measured
    assert 400 < measured["peak_memory"] < 3000
    assert "image/png" in notebook.cells[3].outputs[-1].data


def test_merging_keeps_what_was_measured_of_other_notebooks_and_budgets():
    old = {"fast": {"02_b": 2, "03_c": 3}, "full": {"02_b": 20}}
    assert profile.merge(old, "fast", "02_b", 5) == {"fast": {"02_b": 5, "03_c": 3}, "full": {"02_b": 20}}
    assert list(profile.merge(old, "fast", "01_a", 1)["fast"]) == ["01_a", "02_b", "03_c"]
    assert profile.merge({}, "full", "01_a", 1) == {"full": {"01_a": 1}}


def test_table_has_a_line_for_each_lesson_and_their_sums():
    other = LESSON | {"peak_memory": 900, "processor": 2.6, "seconds": dict.fromkeys(profile.PARTS, 1.0)}
    lines = profile.make_tables({"full": {"01_a": LESSON, "02_b": other}}).splitlines()
    assert lines[0] == "Full budget, seconds on 2 cores, peak memory in MB:"
    first, second, both = ([cell.strip() for cell in line.strip("|").split("|")] for line in lines[-3:])
    assert (first[0], first[-3:]) == ("01", ["11", "12", "1,234"])
    assert (second[0], second[-3:]) == ("02", ["8", "3", "900"])
    assert (both[0], both[-3:]) == ("all", ["19", "15", "1,234"])
    assert both[1 + profile.PARTS.index("training")] == "8.2"


def test_published_tables_are_those_of_the_profile():
    text = profile.PAGE.read_text(encoding="utf-8")
    assert text == profile.fill(text, "profile", profile.make_tables(profile.read_profile())), "run `make profile`"


@pytest.fixture
def measured():
    """Return what was measured, by budget and notebook."""
    found = profile.read_profile()
    if not found:
        pytest.skip("nothing was measured yet: make profile, and make profile FAST=1")
    return found


def test_profile_is_of_the_lessons_there_are(measured):
    lessons = {name_of(path) for path in FOLDER.glob("*.ipynb")}
    assert measured["fast"].keys() == lessons, "make profile FAST=1"
    assert measured["full"].keys() <= lessons
    for entry in (entry for entries in measured.values() for entry in entries.values()):
        assert entry["data_source"] == "folder"
        assert list(entry["seconds"]) == list(profile.PARTS)


def test_all_lessons_take_less_than_four_minutes_of_two_cores_in_the_short_budget(measured):
    assert sum(lesson["processor"] for lesson in measured["fast"].values()) < 2 * 240


@pytest.mark.parametrize("budget", ["fast", "full"])
def test_no_lesson_takes_more_than_three_gigabytes(measured, budget):
    memory = {name: lesson["peak_memory"] for name, lesson in measured[budget].items()}
    assert {name: megabytes for name, megabytes in memory.items() if megabytes >= 3000} == {}
