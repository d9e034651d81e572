"""Ctrl-C during `make run` stops everything within 5 seconds, reports what was done, and leaves no processes behind."""

import os
import signal
import subprocess
import sys
import time

import psutil
import pytest

from tests.tools.conftest import make_notebook

TRAIN = (
    "import pathlib, subprocess, sys, time\n"
    "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'], start_new_session=True)\n"
    "pathlib.Path('training').touch()\n"
    "time.sleep(600)"
)
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="sends SIGINT to a process group")


@pytest.fixture
def process(project):
    """Start a run of four notebooks, the second of which trains for 10 minutes; kill it if the test doesn't."""
    project.copy("helpers", "tools", "site", "pyproject.toml")
    project.store(
        _00_done=make_notebook("6 * 7"),
        _01_trains=make_notebook("'published 180.2'", TRAIN),
        _02_waits=make_notebook("1"),
        _03_waits=make_notebook("1"),
    )
    command = [sys.executable, "-m", "tools.execute", "--jobs", "1"]
    variables = os.environ | {"RUN_OF_TEST": str(project.folder)}  # distinguishes its processes from all others
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, cwd=project.folder, env=variables, **pipes, start_new_session=True) as run:
        yield run
        for remaining in list_remaining(project):
            remaining.kill()


def list_remaining(project):
    """Return the processes of a run that are still running."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("RUN_OF_TEST") == str(project.folder) and process.status() != "zombie":
                found.append(process)
        except psutil.Error:
            continue
    return found


def interrupt(process, sent=signal.SIGINT):
    """Interrupt the process group, as a terminal does, or terminate its leader; return status, seconds, and output."""
    started = time.perf_counter()
    os.killpg(process.pid, sent) if sent == signal.SIGINT else process.send_signal(sent)
    output, errors = process.communicate(timeout=60)
    return process.returncode, time.perf_counter() - started, output, errors


def ended_before_the_program(status, errors):
    """Return whether the signal came before the run's first line: it ended Python, or Python failed to start."""
    return status == -signal.SIGINT or (status == 1 and errors.startswith("Fatal Python error: init_"))


@pytest.mark.parametrize("sent", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.slow)])
def test_interrupted_run_stops_at_once_and_its_page_shows_no_results(project, process, sent):
    deadline = time.monotonic() + 120
    while not (project.folder / "notebooks" / "training").exists():
        assert time.monotonic() < deadline
        assert process.poll() is None, process.communicate()
        time.sleep(0.1)
    status, seconds, output, errors = interrupt(process, sent)
    assert seconds < 15, "limit: 5 s on an idle machine"
    assert status == (130 if sent == signal.SIGINT else 143)
    assert "Traceback" not in errors
    ends = [line.split()[-1] for line in output.splitlines()[1:5]]
    assert ends == ["done", "interrupted", "waiting", "waiting"]
    assert "1 of 4 notebooks were done, failed, or skipped" in output
    assert list_remaining(project) == []
    assert "was interrupted" in project.page("notebooks/01_trains")
    assert "180.2" not in project.page("notebooks/01_trains")
    assert "executed" in project.page("notebooks/02_waits")
    assert "Interrupted after" in project.page("index")


@pytest.mark.slow
@pytest.mark.parametrize("moment", [0.3, 0.8, 1.3, 1.8, 2.5, 3.5, 4.5, 6, 8, 10])
def test_interrupting_at_any_moment_leaves_no_process(project, process, moment):
    time.sleep(moment)
    status, seconds, _, errors = interrupt(process)
    assert seconds < 15, "limit: 5 s on an idle machine"
    if not ended_before_the_program(status, errors):
        assert status == 130, errors
        assert "Traceback" not in errors
    assert list_remaining(project) == []
