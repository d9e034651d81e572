"""The models of 01 to 09 train on every backend of Keras that is installed; `make test-backends` installs all.

Of 08 and 09 it is the model with a `compute_loss` that is trained, the one that both lessons end with. What they write
with TensorFlow's gradient tape on the way there is about TensorFlow.
"""

import importlib.util
import json
import os
import subprocess
import sys
from functools import cache

import numpy as np
import pytest

from tools.notebooks import ROOT

SHAPES = {
    "01_dense_autoencoder": (784,),
    "02_sparse_autoencoder": (784,),
    "03_deep_autoencoder": (784,),
    "04_convolutional_autoencoder": (28, 28, 1),
    "05_denoising_autoencoder": (28, 28, 1),
    "06_sequence_autoencoder": (28, 28),
    "07_why_autoencoders_cannot_generate": (28, 28, 1),
    "08_variational_autoencoder": (28, 28, 1),
    "09_convolutional_vae": (28, 28, 1),
}


@cache
def train(backend, *notebooks):
    """Return what a process with this backend tells of one short epoch of each notebook's model."""
    command = [sys.executable, "-m", "tests.train_lesson", *notebooks]
    environment = os.environ | {"KERAS_BACKEND": backend, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    reports = {}
    for line in done.stdout.splitlines():
        if line.startswith('{"'):
            reports |= json.loads(line)
    return reports


def check(report, backend, shape):
    """Fail unless the right backend has lowered the loss of a model that decodes images of `shape` into [0, 1]."""
    assert "failed" not in report, report["failed"]
    before, after = report["losses"]
    assert report["backend"] == backend
    assert np.isfinite(after)
    assert after < before
    assert report["shapes"] == [[8, *shape], [8, *shape]]
    low, high = report["range"]
    assert 0 <= low < high <= 1


@pytest.mark.parametrize("notebook", SHAPES)
@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_model_of_a_notebook_trains_on_another_backend(notebook, backend):
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed here; `make test-backends` has an environment with it")
    check(train(backend, *SHAPES)[notebook], backend, SHAPES[notebook])


def test_the_same_check_passes_on_tensorflow():
    notebook = "07_why_autoencoders_cannot_generate"  # no race runs its tagged cells
    check(train("tensorflow", notebook)[notebook], "tensorflow", SHAPES[notebook])


@pytest.mark.parametrize(
    "fault",
    [
        {"failed": "Traceback"},
        {"backend": "tensorflow"},
        {"losses": [0.7, 0.7]},
        {"losses": [0.7, float("nan")]},
        {"shapes": [[8, 784], [8, 28, 28]]},
        {"range": [0.0, 1.1]},
        {"range": [float("nan"), float("nan")]},
    ],
    ids=str,
)
def test_model_that_did_not_train_is_found(fault):
    good = {"backend": "jax", "losses": [0.7, 0.1], "shapes": [[8, 784], [8, 784]], "range": [0.0, 1.0]}
    check(good, "jax", (784,))
    with pytest.raises(AssertionError):
        check(good | fault, "jax", (784,))
