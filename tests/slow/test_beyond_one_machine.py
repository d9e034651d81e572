"""The programs that notebook 15 writes: their network is that of R8, and workers that differ or fail are reported."""

import importlib.util
import json
import re

import keras
import numpy as np
import pytest

from benchmarks.recipes import r08_convolutional_vae
from helpers.distributed import run_workers
from tools.notebooks import FOLDER, explain_skip, read_notebook

NOTEBOOK = read_notebook(FOLDER / "15_beyond_one_machine.ipynb")
REASON = explain_skip(NOTEBOOK)
pytestmark = [pytest.mark.slow, pytest.mark.skipif(bool(REASON), reason=REASON)]
TASK = {"seed": 0, "images": 24, "batch": 8, "epochs": 2, "fails": {}}


@pytest.fixture
def programs(tmp_path):
    """Return a folder with the programs that the notebook's cells write, and images."""
    for cell in NOTEBOOK.cells:
        if written := re.match(r"%%writefile \S*/(\w+\.py)\n", cell.source):
            (tmp_path / written[1]).write_text(cell.source[written.end() :] + "\n")
    np.save(tmp_path / "images.npy", np.random.default_rng(0).random((30, 28, 28, 1), dtype="float32"))
    return tmp_path


def test_network_matches_the_published_recipe(programs):
    spec = importlib.util.spec_from_file_location("vae_of_15", programs / "vae.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    vae = module.build_vae(0)
    encoder, decoder = r08_convolutional_vae.build((32, 64))
    images = np.load(programs / "images.npy")
    vae.encoder.set_weights(encoder.get_weights())
    np.testing.assert_allclose(vae.encoder(images)[0], encoder(images)[0], rtol=1e-5)
    vae.decoder.set_weights(decoder.get_weights())
    z = images[:, 0, :2, 0]
    np.testing.assert_allclose(keras.ops.sigmoid(vae.decoder(z)), decoder(z), rtol=1e-5)


CHANGES = {
    "the images": "import numpy; load = numpy.load; numpy.load = lambda *a, **k: 1 - load(*a, **k)",
    "the task": "import sys; sys.argv[1] = sys.argv[1].replace('8', '12')",
    "the Keras version": "import keras; keras.version = lambda: '0.0'",
    "the checkpoint": "import pathlib; pathlib.Path.read_bytes = lambda self: b'another checkpoint'",
}


@pytest.mark.parametrize("fact", CHANGES)
def test_worker_that_differs_from_the_others_is_refused(programs, fact):
    (programs / "kept.npz").write_bytes(b"a checkpoint")
    source = (programs / "train.py").read_text()
    change = f"import os\nif os.environ['KERAS_DISTRIBUTION_PROCESS_ID'] == '1':\n    {CHANGES[fact]}\n"
    (programs / "train.py").write_text(change + source)
    with pytest.raises(ChildProcessError) as raised:
        run_workers(programs / "train.py", 2, json.dumps(TASK), patience=30)
    for worker in range(2):
        assert f"Worker {worker} stops: the workers differ in {fact}" in str(raised.value)


# Worker 1 learns of worker 0's death from the coordination service or, if it waits for a sum, from its connection.
MESSAGES = {1: "Worker 0 stops: Gloo", 0: "detected fatal errors|Connection reset by peer"}


@pytest.mark.parametrize(("killed", "message"), MESSAGES.items())
def test_worker_reports_within_a_minute_that_another_one_died(programs, killed, message):
    task = json.dumps(TASK | {"fails": {f"worker_{killed}": 4}})
    with pytest.raises(ChildProcessError) as raised:
        run_workers(programs / "train.py", 2, task, patience=60)
    assert f"worker {killed} was killed by signal 9" in str(raised.value)
    assert re.search(message, str(raised.value))
    assert "was stopped because another one failed" not in str(raised.value)  # It stopped on its own.
