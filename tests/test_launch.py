"""The launcher: programs find one another, what they print is shown, and none of them outlives what started it."""

import os
import signal
import socket
import subprocess
import sys
import time

import psutil
import pytest

from helpers.launch import find_free_port, programs, run_workers, wait_for
from tools.notebooks import ROOT

SLEEPER = [sys.executable, "-c", "import time; print('awake', flush=True); time.sleep(600)"]
# A program that starts another one.
PARENT = [sys.executable, "-c", f"import subprocess; print('awake', flush=True); subprocess.run({SLEEPER!r})"]
LAUNCHER = f"""
from helpers.launch import programs
with programs([{PARENT!r}, {SLEEPER!r}]) as started:
    while not all("awake" in program.read() for program in started):
        pass
    print("started", flush=True)
    input()
"""


def list_descendants(process):
    return psutil.Process(process.pid).children(recursive=True)


def assert_all_end(processes, seconds=20):
    _, alive = psutil.wait_procs(processes, timeout=seconds)
    assert alive == []


@pytest.mark.parametrize("ending", ["killed", "asked to end", "done"])
def test_nothing_outlives_the_launcher(ending):
    launcher = subprocess.Popen(
        [sys.executable, "-c", LAUNCHER], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert launcher.stdout.readline() == "started\n"
    while len(descendants := list_descendants(launcher)) < 5:  # two guards, two programs, and what one of them started
        time.sleep(0.05)
    if ending == "killed":
        launcher.kill()
    elif ending == "asked to end":
        launcher.send_signal(signal.SIGINT)
    else:
        launcher.stdin.write("\n")
        launcher.stdin.close()
    assert_all_end(descendants)
    launcher.stdout.close()
    launcher.stdin.close()
    launcher.wait(20)


def test_error_in_the_block_ends_the_programs():
    with pytest.raises(ZeroDivisionError), programs([SLEEPER]) as started:  # noqa: PT012
        guard = psutil.Process(started[0].guard.pid)
        while not (descendants := guard.children()):
            time.sleep(0.05)
        1 / 0
    assert_all_end([guard, *descendants])


def test_workers_find_what_keras_reads(tmp_path, capfd):
    script = tmp_path / "tell.py"
    names = ["KERAS_BACKEND", *(f"KERAS_DISTRIBUTION_{name}" for name in ("NUM_PROCESSES", "PROCESS_ID"))]
    script.write_text(
        "import importlib.util, os, sys\n"
        f"print(*map(os.environ.get, {names}), *sys.argv[1:], importlib.util.find_spec('helpers') is not None)\n"
    )
    assert run_workers(script, 2, "a word", 7) == "jax 2 0 a word 7 True\n"
    assert capfd.readouterr().out == "jax 2 0 a word 7 True\n"


def test_all_workers_have_one_address(tmp_path):
    script = tmp_path / "tell.py"
    script.write_text(
        "import os, pathlib, sys\n"
        "name = os.environ['KERAS_DISTRIBUTION_PROCESS_ID']\n"
        "pathlib.Path(sys.argv[1], name).write_text(os.environ['KERAS_DISTRIBUTION_JOB_ADDRESSES'])\n"
    )
    run_workers(script, 3, tmp_path)
    addresses = {(tmp_path / str(number)).read_text() for number in range(3)}
    assert len(addresses) == 1
    assert addresses.pop().startswith("127.0.0.1:")


FAILURES = {
    "a word of farewell": ("print('bye'); sys.exit(3)", ["worker 1 failed with exit status 3", "bye"]),
    "an error": ("print('bye'); 1 / 0", ["worker 1 failed with exit status 1", "ZeroDivisionError"]),
    "a signal": ("os.kill(os.getpid(), 9)", ["worker 1 was killed by signal 9"]),
}


@pytest.mark.parametrize("failure", FAILURES)
def test_failure_of_one_worker_ends_the_others_and_is_told(tmp_path, failure):
    code, sentences = FAILURES[failure]
    script = tmp_path / "fail.py"
    script.write_text(
        "import os, sys, time\n"
        "print('begun', flush=True)\n"
        f"if os.environ['KERAS_DISTRIBUTION_PROCESS_ID'] == '1':\n    {code}\n"
        "time.sleep(600)\n"
    )
    started, before = time.monotonic(), psutil.Process().children(recursive=True)
    with pytest.raises(ChildProcessError) as raised:
        run_workers(script, 2, patience=0.5)
    assert time.monotonic() - started < 30
    for sentence in [*sentences, "worker 0 was ended, since another one failed", "begun"]:
        assert sentence in str(raised.value)
    assert psutil.Process().children(recursive=True) == before


def test_the_others_have_time_to_notice_by_themselves(tmp_path):
    script = tmp_path / "notice.py"
    script.write_text(
        "import os, sys, time\n"
        "if os.environ['KERAS_DISTRIBUTION_PROCESS_ID'] == '1':\n    sys.exit(2)\n"
        "time.sleep(2)\nprint('the other one is gone')\nsys.exit(1)\n"
    )
    with pytest.raises(ChildProcessError, match="worker 0 failed with exit status 1, having said:\n    the other one"):
        run_workers(script, 2, patience=60)


def test_what_a_program_prints_is_shown_while_it_runs(tmp_path, capfd):
    command = [sys.executable, "-c", "import time; print('first'); time.sleep(2); print('second')"]
    with programs([command], [{"LANG": "C"}]) as started:
        assert wait_for(started, "program") == "first\nsecond\n"
    assert capfd.readouterr().out == "first\nsecond\n"


@pytest.mark.parametrize(
    ("arguments", "error", "sentence"),
    [
        (("none.py", 2), FileNotFoundError, "there is no script none.py; write it first"),
        ((__file__, 0), ValueError, "workers is 0; expected at least 1"),
        ((__file__, 1.5), TypeError, "workers is 1.5; expected a whole number"),
    ],
)
def test_workers_that_cannot_be_started_are_refused(arguments, error, sentence):
    with pytest.raises(error, match=sentence):
        run_workers(*arguments)


HIDE = """
import subprocess, sys
try:
    import wave
except ImportError as error:
    print(error.msg, flush=True)
    if len(sys.argv) > 1:
        subprocess.run([sys.executable, __file__])
else:
    print("wave is there")
"""


def test_what_is_hidden_is_not_installed_for_a_program_and_what_it_starts(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(HIDE)
    command = [sys.executable, str(script)]
    with programs([[*command, "again"], command], hidden=["wave"]) as started:
        assert wait_for(started, "program") == 2 * "wave is hidden from this program\n"
        assert started[1].read() == "wave is hidden from this program\n"
    with programs([command]) as started:
        assert wait_for(started, "program") == "wave is there\n"
    assert run_workers(script, 1) == "wave is there\n"
    assert run_workers(script, 1, hidden=["wave"]) == "wave is hidden from this program\n"


def test_workers_start_without_what_keras_imports_only_if_it_is_there(tmp_path):
    script = tmp_path / "script.py"
    names = ["pandas", "sklearn", "tensorflow"]
    lines = ["import keras, sys", f"print([getattr(sys.modules.get(n), '__file__', None) for n in {names}])"]
    script.write_text("\n".join(lines))
    assert run_workers(script, 1) == "[None, None, None]\n"


@pytest.mark.parametrize("name", ["a.b", "../up", ""])
def test_what_is_no_name_of_a_package_is_refused(name):
    with pytest.raises(ValueError, match="cannot be hidden; expected the name of a package"), programs([], [], [name]):
        pass


def test_programs_are_ended_together():
    """One that has to be killed takes two seconds; five of them would take ten, one after the other."""
    stubborn = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('awake', flush=True)"
    command = [sys.executable, "-c", f"{stubborn}; time.sleep(600)"]
    with programs([command] * 5) as started:
        while not all("awake" in program.read() for program in started):
            time.sleep(0.05)
        before = time.monotonic()
    assert 2 <= time.monotonic() - before < 9


def test_unequal_numbers_of_commands_and_environments_are_refused():
    with pytest.raises(ValueError, match="1 environments for 2 commands"), programs([SLEEPER, SLEEPER], [{}]):
        pass


def test_program_that_does_not_exist_is_told():
    with programs([["no-such-program"]]) as started, pytest.raises(ChildProcessError, match="no-such-program"):
        wait_for(started, "program")


def test_free_port_can_be_listened_on():
    with socket.create_server(("127.0.0.1", find_free_port())):
        pass


def test_environment_of_this_process_stays_as_it_is(tmp_path):
    before = dict(os.environ)
    script = tmp_path / "nothing.py"
    script.write_text("")
    run_workers(script, 1)
    assert dict(os.environ) == before
