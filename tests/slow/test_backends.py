"""The lessons' models train on JAX and PyTorch; `make test-backends` installs both.

Every lesson whose cells tagged `race` don't use TensorFlow is tested. Other cells of 08 and 09 use its gradient tape.
"""

import importlib.util
import os
import re
import subprocess
import sys
from functools import cache

import pytest

from tests.slow.train_lessons import train_at_once
from tools.notebooks import ROOT, list_notebooks, name_of, read_notebook

pytestmark = [pytest.mark.slow, pytest.mark.backends]


def trains_on_any_backend(path):
    """Return whether a notebook has cells tagged `race`, and none of them uses TensorFlow."""
    cells = [cell.source for cell in read_notebook(path).cells if "race" in cell.metadata.get("tags", [])]
    return bool(cells) and not re.search(r"\b(tf|tfp|tfd)\.", "\n".join(cells))


LESSONS = [name_of(path) for path in list_notebooks() if trains_on_any_backend(path)]


@cache
def train_all(backend):
    """Train every lesson's model in one process with this backend; return its reports by lesson."""
    (reports,) = train_at_once(1, backend, LESSONS)
    return reports


@pytest.mark.parametrize("notebook", LESSONS)
@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_lesson_trains_on_another_backend(backend, notebook):
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed; `make test-backends` sets up an environment with it")
    report = train_all(backend)[notebook]
    assert "failed" not in report, report["failed"]
    assert report["backend"] == backend
    assert report["errors"][-1] < report["errors"][0]
    low, high = report["range"]
    assert 0 <= low < high <= 1


# For each likelihood, a VAE's loss is the sum of its parts, a film is drawn, and a saved VAE gives the same images.
# Training that was interrupted resumes with the same losses.
PROGRAM = """
import sys, keras, numpy as np
from helpers import LatentGridSnapshots, ResumeCheckpoint, VariationalAutoencoder, build_vae, set_seed
from helpers.vae import LIKELIHOODS

folder = sys.argv[1]
x = np.random.default_rng(0).random((64, 8, 8, 3), "float32")
NAMES = ("loss", "reconstruction_loss", "kl_divergence")

def build(likelihood):
    set_seed(0)
    vae = build_vae((8, 8, 3), 2, likelihood, width=4)
    beta = keras.optimizers.schedules.PolynomialDecay(0.0, 4, 0.5)
    vae = VariationalAutoencoder(vae.encoder, vae.decoder, beta, likelihood=likelihood)
    vae.compile("adam", metrics=["mae"])
    return vae

for likelihood in LIKELIHOODS:
    vae = build(likelihood)
    film = LatentGridSnapshots(folder + "/film.gif", axis=[-1, 0, 1], every=1, ink=False)
    vae.fit(x, epochs=2, verbose=0, callbacks=[film], sample_weight=np.ones(64))
    assert len(film.frames) == 5, len(film.frames)
    logs = vae.evaluate(x, verbose=0, return_dict=True)
    loss, reconstruction, divergence = (logs[name] for name in NAMES)
    assert np.isclose(loss, reconstruction + 0.5 * divergence, rtol=1e-5)
    vae.save(folder + "/vae.keras")
    loaded = keras.saving.load_model(folder + "/vae.keras")
    assert np.allclose(loaded.reconstruct(x), vae.reconstruct(x), atol=1e-5)
    assert vae.sample(3, seed=1).shape == (3, 8, 8, 3)

class Interrupt(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        if epoch == 2:
            raise KeyboardInterrupt

def train(*callbacks):
    return build("bernoulli").fit(x, epochs=4, verbose=0, callbacks=[*callbacks]).history["loss"]

checkpoint = lambda: ResumeCheckpoint(folder + "/resume.npz")
expected = train()
try:
    train(Interrupt(), checkpoint())
except KeyboardInterrupt:
    np.random.random(7)
assert np.allclose(train(checkpoint()), expected, rtol=1e-6), expected
print("as expected on", keras.backend.backend())
"""


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_vae_film_and_checkpoint_work_on_another_backend(backend, tmp_path):
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed; `make test-backends` sets up an environment with it")
    environment = os.environ | {"KERAS_BACKEND": backend}
    command = [sys.executable, "-c", PROGRAM, str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert f"as expected on {backend}" in done.stdout, done.stderr
