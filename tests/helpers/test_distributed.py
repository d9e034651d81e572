"""The launcher: workers connect, their output is shown, and they end together with everything they started."""

import os
import sys
import time

import psutil
import pytest

from helpers.distributed import programs, run_workers, wait_for

FAIL = "if os.environ['KERAS_DISTRIBUTION_PROCESS_ID'] == '1': {}"
LINGER = "import atexit; atexit.register(time.sleep, 600); 1 / 0"
SLEEP = ["sleep", "600"]
BACKGROUND = "sleep 600 & echo $!; "  # prints the process ID


def write_script(folder, *lines):
    path = folder / "script.py"
    path.write_text("\n".join(["import os, pathlib, sys, time", *lines]), encoding="utf-8")
    return path


def test_workers_have_the_variables_keras_reads_and_worker_0_is_shown(tmp_path, capfd):
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
        (LINGER, ["worker 1 failed with exit status 1", "ZeroDivisionError"]),
        ("os.kill(os.getpid(), 9)", ["worker 1 was killed by signal 9"]),
    ],
)
def test_failure_of_one_worker_is_reported_and_stops_the_others(tmp_path, code, sentences):
    script = write_script(tmp_path, "print('started', flush=True)", FAIL.format(code), "time.sleep(600)")
    before = psutil.Process().children(recursive=True)
    with pytest.raises(ChildProcessError) as raised:
        run_workers(script, 2, patience=0.5)
    for sentence in [*sentences, "worker 0 was stopped", "started"]:
        assert sentence in str(raised.value)
    assert psutil.Process().children(recursive=True) == before


def test_other_workers_have_time_to_notice_a_failure(tmp_path):
    script = write_script(tmp_path, FAIL.format("sys.exit(2)"), "time.sleep(0.5)", "print('worker 1 is gone'); 1 / 0")
    with pytest.raises(ChildProcessError, match=r"worker 0 failed with exit status 1(.|\n)*worker 1 is gone"):
        run_workers(script, 2, patience=60)


def test_error_in_the_block_stops_the_programs():
    with pytest.raises(ZeroDivisionError), programs([SLEEP], [{}]) as started:  # noqa: PT012
        guard = psutil.Process(started[0].pid)
        while not (descendants := guard.children()):
            time.sleep(0.05)
        1 / 0
    assert psutil.wait_procs([guard, *descendants], timeout=20)[1] == []


@pytest.mark.parametrize(
    "command",
    [
        BACKGROUND + "kill -9 $$",
        BACKGROUND + "exit 0",
        f"bash -c '{BACKGROUND}' & wait",
        f"setsid bash -c '{BACKGROUND}sleep 600' & sleep 0.5",
    ],
)
def test_processes_that_a_program_leaves_behind_are_killed(command):
    with programs([["bash", "-c", command]], [{}]) as started:
        started[0].wait(20)
        assert not psutil.pid_exists(int(started[0].output.read_text()))


def test_characters_that_arrive_in_parts_are_decoded(capsys):
    write = "import os, time\nfor byte in 'é猫'.encode(): os.write(1, bytes([byte])); time.sleep(0.15)"
    with programs([[sys.executable, "-c", write]], [{}]) as started:
        assert wait_for(started, "program") == "é猫"
    assert capsys.readouterr().out == "é猫"


def test_hidden_packages_cannot_be_imported_by_a_program_or_its_children(tmp_path):
    script = write_script(tmp_path, "import subprocess", "subprocess.run([sys.executable, '-c', 'import tensorflow'])")
    missing = "ModuleNotFoundError: tensorflow is hidden"
    with programs([[sys.executable, str(script)]], [{}], ["tensorflow"]) as started:
        wait_for(started, "program")
        assert missing in started[0].errors.read_text()
    script = write_script(tmp_path, "import tensorflow")
    with pytest.raises(ChildProcessError, match=missing):  # Keras on JAX doesn't need it.
        run_workers(script, 1)


def test_programs_that_cannot_start_raise():
    for workers in (0, 1.5):
        with pytest.raises(ValueError, match=f"workers is {workers}"):
            run_workers(__file__, workers)
    with pytest.raises(ChildProcessError, match=r"No such file or directory: '.*none\.py'"):
        run_workers("none.py", 1)
    with programs([["no-such-program"]], [{}]) as started, pytest.raises(ChildProcessError, match="no-such-program"):
        wait_for(started, "program")
