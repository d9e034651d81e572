"""The programs that notebook 15 writes: the published network of R8, workers that differ, and workers that fail."""

import importlib.util
import json
import re

import numpy as np
import pytest

from benchmarks.recipes import r08_convolutional_vae
from helpers.distributed import run_workers
from tools.notebooks import FOLDER, explain_skip, read_notebook

NOTEBOOK = read_notebook(FOLDER / "15_beyond_one_machine.ipynb")
REASON = explain_skip(NOTEBOOK)
pytestmark = [pytest.mark.slow, pytest.mark.skipif(bool(REASON), reason=REASON)]
TASK = json.dumps({"seed": 0, "digits": 96, "batch": 32, "epochs": 2, "power_cut": 2})


@pytest.fixture
def programs(tmp_path):
    """Return a folder with the programs that the notebook's cells write."""
    sources = {}
    for cell in NOTEBOOK.cells:
        if written := re.match(r"%%writefile (-a )?\S*/(\w+\.py)\n", cell.source):
            _, name = written.groups()
            sources[name] = sources.get(name, "") + cell.source[written.end() :] + "\n"
    for name, source in sources.items():
        (tmp_path / name).write_text(source)
    return tmp_path


def test_network_is_the_published_one(programs):
    spec = importlib.util.spec_from_file_location("vae_of_15", programs / "vae.py")
    vae = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(vae)
    noise = np.random.default_rng(0).random((8, 28, 28, 1), dtype="float32")
    published = r08_convolutional_vae.build((32, 64))
    inputs = noise, noise[:, 0, :2, 0]
    for own, model, x in zip((vae.build_encoder(0), vae.build_decoder()), published, inputs, strict=True):
        own.set_weights(model.get_weights())
        np.testing.assert_allclose(own(x)[0], model(x)[0], rtol=1e-5)


INVERT = (
    "import helpers; get = helpers.load_mnist; helpers.load_mnist = lambda: get()._replace(x_train=1 - get().x_train)"
)
CHANGES = {
    # Helpers may be imported only after the workers have found one another.
    "digest of the images": f"import keras; start = keras.distribution.initialize; "
    f"keras.distribution.initialize = lambda: (start(), exec({INVERT!r}, {{}}))",
    "version of Keras": "import keras; keras.__version__ = '0.0'",
    "checkpoint": "__file__ = '/elsewhere/train.py'",
}


@pytest.mark.parametrize("fact", CHANGES)
def test_worker_that_differs_from_the_others_is_refused(programs, fact):
    (programs / "kept.npz").write_bytes(b"a checkpoint")
    source = (programs / "train.py").read_text()
    change = f"import os\nif os.environ['KERAS_DISTRIBUTION_PROCESS_ID'] == '1':\n    {CHANGES[fact]}\n"
    (programs / "train.py").write_text(change + source)
    with pytest.raises(ChildProcessError) as raised:
        run_workers(programs / "train.py", 2, TASK, patience=30)
    for worker in range(2):
        assert f"Worker {worker} stops: {fact} is" in str(raised.value)


@pytest.mark.parametrize(("killed", "said"), [(1, "another worker may be gone"), (0, "detected fatal errors")])
def test_worker_says_within_a_minute_that_another_has_died(programs, killed, said):
    source = (programs / "train.py").read_text()
    assert "RANK == WORKERS - 1" in source
    (programs / "train.py").write_text(source.replace("RANK == WORKERS - 1", f"RANK == {killed}"))
    with pytest.raises(ChildProcessError) as raised:
        run_workers(programs / "train.py", 2, TASK, patience=60)
    assert f"worker {killed} was killed by signal 9" in str(raised.value)
    assert said in str(raised.value)
    assert "was ended, since another one failed" not in str(raised.value)  # It stopped by itself.
