"""The programs that notebook 15 writes and starts: workers that differ, workers that fail, and the network of 09."""

import importlib.util
import json
import re
import subprocess
import sys

import pytest

from helpers.launch import run_workers
from tools.notebooks import FOLDER, ROOT, explain_skip, read_notebook

NAME = "15_beyond_one_machine"
needs_jax = pytest.mark.skipif(bool(explain_skip(NAME)), reason=explain_skip(NAME))
FACTS = ["task", "digest of the images", "version of Keras", "version of JAX", "checkpoint"]
TELL = """
import json, sys
import workers
from workers import RANK, insist, join
join()
*compared, last = json.loads(sys.argv[1])
stop, workers.stop = workers.stop, lambda reason: print(f"Worker {RANK} would stop: {reason}.", flush=True)
for facts in compared:
    insist(facts[RANK])
workers.stop = stop
insist(last[RANK])
print("all agree")
"""


def write_programs(folder):
    """Write the files that the notebook's cells write, into `folder`; return their names."""
    written = {}
    for cell in read_notebook(FOLDER / f"{NAME}.ipynb").cells:
        if found := re.match(r"%%writefile (-a )?\S*/(\w+\.py)\n", cell.source):
            written[found[2]] = (written[found[2]] if found[1] else "") + cell.source[found.end() :] + "\n"
    for name, source in written.items():
        (folder / name).write_text(source)
    return set(written)


@pytest.fixture
def programs(tmp_path):
    assert write_programs(tmp_path) == {"vae.py", "workers.py", "train.py", "sweep.py"}
    return tmp_path


def test_programs_keep_the_rules_of_our_code(programs):
    options = ["--config", str(ROOT / "pyproject.toml"), "--ignore", "E402,I001"]  # JAX is set up between imports.
    done = subprocess.run([sys.executable, "-m", "ruff", "check", *options, programs], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def list_layers(model):
    """Return what makes a model what it is: kind, shape and bend of each layer."""
    return [
        (type(layer).__name__.removeprefix("Resumable"), layer.output.shape, getattr(layer, "activation", None))
        for layer in model.layers
        if hasattr(layer, "activation") or layer.weights
    ]


def test_network_is_that_of_notebook_09(programs):
    from benchmarks.lessons import Lesson

    lesson = Lesson("09_convolutional_vae")
    lesson.prepare()
    spec = importlib.util.spec_from_file_location("vae_of_15", programs / "vae.py")
    vae = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(vae)
    assert list_layers(vae.build_encoder(0)) == list_layers(lesson.names["build_encoder"]())
    assert list_layers(vae.build_decoder()) == list_layers(lesson.names["build_decoder"]())


@needs_jax
def test_workers_that_agree_go_on(programs):
    (programs / "tell.py").write_text(TELL)
    same = dict.fromkeys(FACTS, "the same")
    assert run_workers(programs / "tell.py", 2, json.dumps([[same, same]])).endswith("all agree\n")


@needs_jax
def test_worker_that_is_not_like_the_others_is_refused(programs):
    (programs / "tell.py").write_text(TELL)
    same = dict.fromkeys(FACTS, "the same")
    differing = [[same | {name: "first"}, same | {name: "second"}] for name in FACTS]
    # Started once: the workers only say that they would stop, until the last fact differs.
    with pytest.raises(ChildProcessError) as raised:
        run_workers(programs / "tell.py", 2, json.dumps([*differing, differing[-1]]), patience=30)
    for name in FACTS:
        assert f"Worker 0 would stop: {name} is second on worker 1 and first here." in str(raised.value)
        assert f"Worker 1 would stop: {name} is first on worker 0 and second here." in str(raised.value)
    assert "Worker 0 stops: checkpoint is second on worker 1 and first here." in str(raised.value)
    assert "all agree" not in str(raised.value)


@needs_jax
@pytest.mark.parametrize(
    ("ended", "sentence"),
    [
        (1, "Worker 0 stops: another worker may be gone; start all again to go on after the last whole epoch."),
        (0, "Terminating process because the JAX distributed service detected fatal errors."),
    ],
)
def test_end_of_any_worker_is_told_by_the_other_within_a_minute(programs, ended, sentence):
    source = (programs / "train.py").read_text()
    last = "RANK == WORKERS - 1"
    assert source.count(last) == 1
    (programs / "train.py").write_text(source.replace(last, f"RANK == {ended}"))
    given = {"seed": 0, "digits": 96, "batch": 32, "epochs": 2, "power_cut": 2}
    with pytest.raises(ChildProcessError) as raised:
        run_workers(programs / "train.py", 2, json.dumps(given), patience=60)
    assert f"worker {ended} was killed by signal 9" in str(raised.value)
    assert sentence in str(raised.value)
    assert "was ended, since another one failed" not in str(raised.value)  # It did so by itself.


@needs_jax
def test_train_states_data_versions_and_checkpoint(programs):
    source = (programs / "train.py").read_text()
    for fact in FACTS:
        assert f'"{fact}"' in source
