"""Launched programs and everything they start end with what launched them, however that ends."""

import signal
import subprocess
import sys
import time

import psutil
import pytest

from tools.notebooks import ROOT

pytestmark = pytest.mark.slow
# A program, and one that starts it.
SLEEPER = [sys.executable, "-c", "import time; print('awake', flush=True); time.sleep(600)"]
PARENT = [sys.executable, "-c", f"import subprocess; print('awake', flush=True); subprocess.run({SLEEPER!r})"]
LAUNCHER = f"""
import signal
from helpers.distributed import programs
signal.signal(signal.SIGINT, signal.default_int_handler)  # A shell's background jobs start with it ignored.
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
        # two guards, two programs, and the one that one of them started
        while len(descendants := psutil.Process(launcher.pid).children(recursive=True)) < 5:
            time.sleep(0.05)
        if ending == "killed":
            launcher.kill()
        else:
            launcher.send_signal(signal.SIGINT)
        assert psutil.wait_procs(descendants, timeout=60)[1] == []
