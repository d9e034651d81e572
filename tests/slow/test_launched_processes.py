"""Launched programs, and all programs that they start, end with their launcher, however it ends."""

import signal
import subprocess
import sys
import time

import psutil
import pytest

from tools.notebooks import ROOT

pytestmark = pytest.mark.slow
# a program, and another program that starts it
SLEEPER = [sys.executable, "-c", "import time; print('awake', flush=True); time.sleep(600)"]
PARENT = [sys.executable, "-c", f"import subprocess; print('awake', flush=True); subprocess.run({SLEEPER!r})"]
LAUNCHER = f"""
import signal
from helpers.distributed import programs
signal.signal(signal.SIGINT, signal.default_int_handler)  # A shell's background jobs ignore SIGINT.
with programs([{PARENT!r}, {SLEEPER!r}], [{{}}, {{}}]) as started:
    while not all("awake" in guard.output.read_text() for guard in started):
        pass
    print("started", flush=True)
    input()
"""


@pytest.mark.parametrize("ending", ["killed", "interrupted"])
def test_nothing_outlives_the_launcher(ending):
    launcher = subprocess.Popen(
        [sys.executable, "-c", LAUNCHER], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with launcher:
        assert launcher.stdout.readline() == "started\n"
        # two guards, two programs, and the program that one of them started
        while len(descendants := psutil.Process(launcher.pid).children(recursive=True)) < 5:
            time.sleep(0.05)
        if ending == "killed":
            launcher.kill()
        else:
            launcher.send_signal(signal.SIGINT)
        assert psutil.wait_procs(descendants, timeout=60)[1] == []
