"""Start programs that work together, each in a process of its own, and end all of them, whatever happens.

Between this process and each program stands a guard, helpers/guard.py. It waits for the program and reads its own
standard input, which holds nothing and ends when this process ends, even by SIGKILL. Then it ends the program and all
that the program started. So nothing stays behind when a kernel is restarted.
"""

import contextlib
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from helpers.checks import as_count

GUARD = str(Path(__file__).with_name("guard.py"))
FOLDER = str(Path(__file__).resolve().parent.parent)
LAST_LINES = 6  # of what a program printed, in the message when it fails
HIDDEN = "hidden"  # the folder of modules that hide packages
UNUSED = ("pandas", "sklearn", "tensorflow")  # Keras imports them where they are installed, on JAX as well.


def run_workers(script, workers, *arguments, patience=60.0, hidden=UNUSED):
    """Run a Python script in processes that find one another, show what worker 0 prints, and return that text.

    Each of the `workers` processes finds in its environment what `keras.distribution.initialize()` reads: where worker
    0 is reached on this machine, how many workers there are, and which of them it is. Keras runs on JAX in them. When
    one fails, the others have `patience` seconds to notice by themselves; then they are ended. Nothing that was started
    outlives this call, nor the process that makes it. The packages `hidden` are as in `programs`.

    Raises FileNotFoundError where there is no such script, ValueError unless there is at least one worker, and
    ChildProcessError, with the last lines that each worker printed, if any of them fails.
    """
    script = Path(script)
    if not script.is_file():
        raise FileNotFoundError(f"there is no script {script}; write it first")
    as_count(workers, "workers")
    shared = {
        "KERAS_BACKEND": "jax",
        "KERAS_DISTRIBUTION_JOB_ADDRESSES": f"127.0.0.1:{find_free_port()}",
        "KERAS_DISTRIBUTION_NUM_PROCESSES": str(workers),
    }
    command = [sys.executable, str(script), *map(str, arguments)]
    environments = [shared | {"KERAS_DISTRIBUTION_PROCESS_ID": str(number)} for number in range(workers)]
    with programs([command] * workers, environments, hidden) as started:
        return wait_for(started, "worker", patience)


def wait_for(started, name, patience=0.0):
    """Show what the first of the started programs prints until all have ended, and return that text.

    Raises ChildProcessError if one fails; the others have `patience` seconds from then on.
    """
    deadline, shown = None, 0
    while True:
        codes = [program.guard.poll() for program in started]
        text = started[0].read()
        print(text[shown:], end="", flush=True)
        shown = len(text)
        if None not in codes or (deadline is not None and time.monotonic() > deadline):
            break
        if deadline is None and any(codes):
            deadline = time.monotonic() + patience
        time.sleep(0.1)
    if any(codes):
        ends = enumerate(zip(codes, started, strict=True))
        raise ChildProcessError("\n".join(_describe(name, number, *end) for number, end in ends))
    return text


def _describe(name, number, code, program):
    """Return how a program ended and the last lines that it printed."""
    how = {None: "was ended, since another one failed", 0: "ended as it should"}.get(code)
    if how is None:
        how = f"was killed by signal {code - 128}" if code > 128 else f"failed with exit status {code}"
    errors = program.read_errors()
    _, failed, traceback = errors.partition("Traceback")  # What stands before is no error.
    lines = (program.read() + failed + traceback).strip().splitlines()[-LAST_LINES:]
    lines += re.findall(r"^F\d{4} .*?\] ([^;\n]*)", errors, re.MULTILINE)  # So the core of JAX says why it ends.
    headline = f"{name} {number} {how}" + (", having said:" if lines else "")
    return "\n".join([headline, *(f"    {line}" for line in lines)])


class _Program:
    """A program under its guard, and the file that holds what it prints."""

    def __init__(self, command, environment, file):
        self.file = file
        environment = os.environ | environment | {"PYTHONUNBUFFERED": "1"}
        # Programs find these helpers, wherever they stand, and before all else what is hidden from them.
        folders = [str(file.parent / HIDDEN), FOLDER, *filter(None, [environment.get("PYTHONPATH")])]
        environment["PYTHONPATH"] = os.pathsep.join(folders)
        with file.open("wb") as output, file.with_suffix(".err").open("wb") as errors:
            self.guard = subprocess.Popen(
                [sys.executable, "-P", GUARD, *command],
                env=environment,
                stdin=subprocess.PIPE,  # Closed, even by the end of this process, it tells the guard to end all.
                stdout=output,
                stderr=errors,
            )

    def read(self):
        """Return all that the program has printed so far."""
        return self.file.read_bytes().decode(errors="replace")

    def read_errors(self):
        """Return all that the program has written to standard error so far."""
        return self.file.with_suffix(".err").read_bytes().decode(errors="replace")


@contextlib.contextmanager
def programs(commands, environments=None, hidden=()):
    """Start a program for each command, a list of words, and end them with the block; gives them, for `wait_for`.

    `environments` holds for each program what its environment has besides that of this process. The packages named in
    `hidden` count as not installed in Python programs and in all that they start: many a package is imported only
    because it is there, and a program that does not need it starts sooner without. Raises ValueError for another number
    of environments than of commands, and for a name in `hidden` that is none of a package.
    """
    environments = environments or [{}] * len(commands)
    if len(environments) != len(commands):
        raise ValueError(f"{len(environments)} environments for {len(commands)} commands; expected one for each")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        _hide(hidden, Path(folder, HIDDEN))
        started = []
        try:
            for number, (command, environment) in enumerate(zip(commands, environments, strict=True)):
                started.append(_Program([str(word) for word in command], environment, Path(folder, f"{number}.txt")))
            yield started
        finally:
            for program in started:  # All are told before any is waited for.
                program.guard.stdin.close()
            for program in started:
                program.guard.wait()


def _hide(names, folder):
    """Write into a new folder a module for each name that counts as not installed when it is imported."""
    folder.mkdir()
    for name in names:
        if not name.isidentifier():
            raise ValueError(f"{name!r} cannot be hidden; expected the name of a package, as in `import sklearn`")
        (folder / f"{name}.py").write_text(f"raise ModuleNotFoundError('{name} is hidden from this program')\n")


def find_free_port():
    """Return a port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
