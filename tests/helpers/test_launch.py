"""The launcher: worker processes find one another, what they print is shown, and they end together."""

import os
import sys
import time

import psutil
import pytest

from helpers.launch import programs, run_workers, wait_for

FAIL = "if os.environ['KERAS_DISTRIBUTION_PROCESS_ID'] == '1': {}"
SLEEP = [sys.executable, "-c", "import time; time.sleep(600)"]


def write_script(folder, *lines):
    path = folder / "script.py"
    path.write_text("\n".join(["import os, pathlib, sys, time", *lines]), encoding="utf-8")
    return path


def test_workers_find_what_keras_reads_and_worker_0_is_shown(tmp_path, capfd):
    before = dict(os.environ)
    script = write_script(
        tmp_path,
        "import importlib.util",
        "number = os.environ['KERAS_DISTRIBUTION_PROCESS_ID']",
        "pathlib.Path(sys.argv[1], number).write_text(os.environ['KERAS_DISTRIBUTION_JOB_ADDRESSES'])",
        "print(os.environ['KERAS_BACKEND'], os.environ['KERAS_DISTRIBUTION_NUM_PROCESSES'], number, sys.argv[2])",
        "print(importlib.util.find_spec('helpers') is not None)",
    )
    assert run_workers(script, 3, tmp_path, 7) == "jax 3 0 7\nTrue\n"
    assert capfd.readouterr().out == "jax 3 0 7\nTrue\n"
    addresses = {(tmp_path / number).read_text() for number in "012"}
    assert len(addresses) == 1
    assert addresses.pop().startswith("127.0.0.1:")
    assert dict(os.environ) == before


@pytest.mark.parametrize(
    ("code", "sentences"),
    [
        ("print('bye'); sys.exit(3)", ["worker 1 failed with exit status 3", "bye"]),
        ("1 / 0", ["worker 1 failed with exit status 1", "ZeroDivisionError"]),
        ("os.kill(os.getpid(), 9)", ["worker 1 was killed by signal 9"]),
    ],
)
def test_failure_of_one_worker_is_reported_and_ends_the_others(tmp_path, code, sentences):
    script = write_script(tmp_path, "print('started', flush=True)", FAIL.format(code), "time.sleep(600)")
    before = psutil.Process().children(recursive=True)
    with pytest.raises(ChildProcessError) as raised:
        run_workers(script, 2, patience=0.5)
    for sentence in [*sentences, "worker 0 was ended", "started"]:
        assert sentence in str(raised.value)
    assert psutil.Process().children(recursive=True) == before


def test_other_workers_have_time_to_notice_a_failure(tmp_path):
    script = write_script(
        tmp_path, FAIL.format("sys.exit(2)"), "time.sleep(0.5)", "print('the other one is gone'); 1 / 0"
    )
    with pytest.raises(ChildProcessError, match=r"worker 0 failed with exit status 1(.|\n)*the other one is gone"):
        run_workers(script, 2, patience=60)


def test_error_in_the_block_ends_the_programs():
    with pytest.raises(ZeroDivisionError), programs([SLEEP]) as started:  # noqa: PT012
        guard = psutil.Process(started[0].guard.pid)
        while not (descendants := guard.children()):
            time.sleep(0.05)
        1 / 0
    assert psutil.wait_procs([guard, *descendants], timeout=20)[1] == []


def test_hidden_packages_are_not_installed_for_a_program_and_its_children(tmp_path):
    script = write_script(tmp_path, "import subprocess", "subprocess.run([sys.executable, '-c', 'import tensorflow'])")
    missing = "ModuleNotFoundError: tensorflow is hidden"
    with programs([[sys.executable, str(script)]], hidden=["tensorflow"]) as started:
        wait_for(started, "program")
        assert missing in started[0].read_errors()
    script = write_script(tmp_path, "import tensorflow")
    with pytest.raises(ChildProcessError, match=missing):  # Keras on JAX doesn't need it.
        run_workers(script, 1)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: run_workers("none.py", 2), r"no script none\.py"),
        (lambda: run_workers(__file__, 0), "workers is 0"),
        (lambda: run_workers(__file__, 1.5), r"workers is 1\.5"),
        (lambda: programs([SLEEP, SLEEP], [{}]).__enter__(), "1 environments for 2 commands"),
        (lambda: programs([], hidden=["a.b"]).__enter__(), "name of a package"),
        (lambda: programs([], hidden=["../up"]).__enter__(), "name of a package"),
    ],
)
def test_what_cannot_be_started_is_refused(call, message):
    with pytest.raises((FileNotFoundError, TypeError, ValueError), match=message):
        call()


def test_program_that_does_not_exist_is_reported():
    with programs([["no-such-program"]]) as started, pytest.raises(ChildProcessError, match="no-such-program"):
        wait_for(started, "program")
