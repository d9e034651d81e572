"""With the same seed, machine, and versions, training gives the same losses and a model that draws the same images."""

import numpy as np
import pytest

from tests.slow.train_lessons import train_at_once

pytestmark = pytest.mark.slow
# One lesson of each kind: dense layers, a recurrent network, convolutions with `compute_loss`, a custom training loop.
LESSONS = ["01_dense_autoencoder", "06_sequence_autoencoder", "09_convolutional_vae", "10_fashion_vae"]


@pytest.fixture(scope="module")
def reports():
    return train_at_once(2, "tensorflow", LESSONS)


@pytest.mark.parametrize("notebook", LESSONS)
def test_same_seed_gives_equal_losses_and_images(reports, notebook):
    first, second = (report[notebook] for report in reports)
    assert "failed" not in first, first["failed"]
    assert np.isfinite(first["errors"]).all()
    assert first == second  # The digest covers every bit of the decoded images.
