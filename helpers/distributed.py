"""Start programs that work together, and stop them and their children even if the launcher is killed (Linux, macOS)."""

import codecs
import contextlib
import ctypes
import os
import re
import runpy
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def run_workers(script, workers, *arguments, patience=60.0):
    """Run a Python script in several connected processes, show what worker 0 prints, and return that text.

    Keras runs on JAX in the workers, and `keras.distribution.initialize()` connects them. Raises ValueError unless
    `workers` is a whole number above 0, and ChildProcessError if a worker fails; `patience` is as in `wait_for`.
    """
    from helpers.validation import as_count  # imported here because a guard needs only the standard library

    shared = {"KERAS_BACKEND": "jax", "KERAS_DISTRIBUTION_JOB_ADDRESSES": f"127.0.0.1:{find_free_port()}"}
    shared |= {"KERAS_DISTRIBUTION_NUM_PROCESSES": str(as_count(workers, "workers")), "no_grpc_proxy": "127.0.0.1"}
    environments = [shared | {"KERAS_DISTRIBUTION_PROCESS_ID": str(number)} for number in range(workers)]
    command = [sys.executable, "-P", __file__, "_work", script, *arguments]
    unused = ["rfc3987_syntax", "sklearn", "tensorflow"]  # Slow to import; neither Keras on JAX nor Ray needs them.
    with programs([command] * workers, environments, unused) as started:
        return wait_for(started, "worker", patience)


def wait_for(started, name, patience=0.0):
    """Show the output of the first program until all programs have ended, and return it.

    If one fails, the others get `patience` seconds to end, and ChildProcessError is raised with the last lines of each.
    """
    deadline, codes = float("inf"), [None]
    decoder = codecs.getincrementaldecoder("utf-8")("replace")  # A character may arrive in two parts.
    with started[0].output.open("rb") as output:
        while None in codes and time.monotonic() < deadline:
            time.sleep(0.1)
            codes = [guard.poll() for guard in started]
            deadline = min(deadline, time.monotonic() + patience) if any(codes) else deadline
            print(decoder.decode(output.read()), end="", flush=True)
    if any(codes):
        raise ChildProcessError("\n".join(_describe(name, *guard) for guard in enumerate(started)))
    return started[0].output.read_text(encoding="utf-8", errors="replace")


def _describe(name, number, guard):
    """Return how a program ended and the last lines it printed."""
    code = guard.returncode
    how = f"was killed by signal {code - 128}" if code in range(129, 193) else f"failed with exit status {code}"
    how = {None: "was stopped because another one failed", 0: "succeeded"}.get(code, how)
    output, errors = (path.read_text(encoding="utf-8", errors="replace") for path in (guard.output, guard.errors))
    said = output + "".join(errors.partition("Traceback")[1:])
    lines = said.strip().splitlines()[-6:] + re.findall(r"^F\d{4} .*?\] ([^;\n]*)", errors, re.M)  # JAX's error
    return "\n    ".join([f"{name} {number} {how}" + (", last output:" if lines else ""), *lines])


@contextlib.contextmanager
def programs(commands, environments, hidden=()):
    """Start a program for each command, a list of strings; yield their guards for `wait_for`, and stop all at the end.

    A guard is a process that kills everything its program has started as soon as the program or this process ends.
    `environments` are the variables to set for each program. Python programs can't import the packages in `hidden`.
    """
    started = []
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder, contextlib.ExitStack() as stack:
        for name in hidden:
            Path(folder, f"{name}.py").write_text(f"raise ModuleNotFoundError('{name} is hidden from this program')\n")
        paths = folder, str(Path(__file__).resolve().parents[1]), os.environ.get("PYTHONPATH") or folder
        for number, (command, own) in enumerate(zip(commands, environments, strict=True)):
            words = [sys.executable, "-I", "-S", __file__, "_guard", *map(str, command)]
            environment = os.environ | {"PYTHONUNBUFFERED": "1", "PYTHONPATH": os.pathsep.join(paths)} | own
            options = {"stdin": subprocess.PIPE, "env": environment, "start_new_session": True}
            output, errors = Path(folder, f"{number}.out"), Path(folder, f"{number}.err")
            with output.open("wb") as stdout, errors.open("wb") as stderr:
                guard = subprocess.Popen(words, stdout=stdout, stderr=stderr, **options)
            guard.output, guard.errors = output, errors
            started.append(stack.enter_context(guard))  # On exit, it closes standard input and waits.
        yield started


def find_free_port():
    """Return a port on this machine that no process is listening on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def _work(script, *arguments):
    """Run a worker's script. After an error, exit at once: JAX would wait minutes for the other workers."""
    sys.excepthook = lambda *error: (sys.__excepthook__(*error), os._exit(1))
    sys.argv, sys.path[:0] = [script, *arguments], [str(Path(script).resolve().parent)]
    runpy.run_path(script, run_name="__main__")


def _guard(*command):
    """Run a command until it ends or standard input closes, kill everything it started, and exit with its status."""
    prctl = ctypes.CDLL(None).prctl if sys.platform == "linux" else lambda *_: None
    prctl(36, 1)  # PR_SET_CHILD_SUBREAPER: The program's orphans become children of this process.
    options = {"start_new_session": True, "preexec_fn": lambda: prctl(1, signal.SIGKILL)}  # PR_SET_PDEATHSIG
    program = subprocess.Popen(command, stdin=subprocess.DEVNULL, **options)
    while program.poll() is None and not select.select([0], [], [], 0.05)[0]:
        pass
    with contextlib.suppress(OSError):  # The group may be gone.
        os.killpg(program.pid, signal.SIGKILL)
    code, children = program.wait(), Path(f"/proc/self/task/{os.getpid()}/children")
    while left := children.read_text().split() if children.exists() else []:  # on Linux, processes outside the group
        os.kill(int(left[0]), signal.SIGKILL)
        os.waitpid(int(left[0]), 0)
    os._exit(code if code >= 0 else 128 - code)


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
