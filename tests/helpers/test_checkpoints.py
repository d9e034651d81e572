"""Interrupted training: started again, it resumes after its last whole epoch and ends with the same losses."""

from unittest.mock import Mock

import keras
import numpy as np
import pytest

from helpers.checkpoints import keep_epochs
from tests.helpers.small_models import build_autoencoder, train


def build(seed=0):
    return build_autoencoder(seed=seed, run_eagerly=True)  # Compiling takes longer than this training.


@pytest.fixture(scope="module")
def uninterrupted():
    return train(build())


def train_until(interrupted_epoch, path, seed=0, epochs=3):
    """Train with checkpoints at `path` and interrupt the training in this epoch, counted from 0."""
    interrupts = [None, None] * interrupted_epoch + [None, KeyboardInterrupt]  # at the second of two batches
    stop = keras.callbacks.LambdaCallback(on_train_batch_end=Mock(side_effect=interrupts))
    with pytest.raises(KeyboardInterrupt):
        train(build(seed), [keep_epochs(path), stop], epochs)


@pytest.mark.parametrize("epoch", [1, 2])
def test_resumed_training_ends_with_the_losses_and_weights_of_an_uninterrupted_one(
    tmp_path, capsys, uninterrupted, epoch
):
    path = tmp_path / "build" / "kept.npz"
    train_until(epoch, path)
    model = build()
    assert train(model, [keep_epochs(path)]) == uninterrupted
    assert f"after epoch {epoch} of 3" in capsys.readouterr().out
    assert not path.exists()
    assert len(train(model)[0]["loss"]) == 3  # The next fit starts with the first epoch.


class Exploit:
    def __reduce__(self):
        return pytest.fail, ("a pickled object was loaded",)


def write_pickle(path):
    np.savez(path, np.array([Exploit()], dtype=object), allow_pickle=True)


@pytest.mark.parametrize(
    ("write", "message"),
    [
        (lambda path: None, ""),
        (lambda path: train_until(1, path, seed=1), ""),
        (lambda path: train_until(1, path, epochs=4), ""),
        (lambda path: path.write_bytes(b"PK\x03\x04 half"), "kept.npz is no checkpoint"),
        (write_pickle, "kept.npz is no checkpoint"),
    ],
    ids=["no file", "another seed", "more epochs", "half a file", "pickle"],
)
def test_training_without_its_own_checkpoint_starts_with_the_first_epoch(
    tmp_path, capsys, uninterrupted, write, message
):
    path = tmp_path / "kept.npz"
    write(path)
    assert train(build(), [keep_epochs(path)]) == uninterrupted
    printed = capsys.readouterr().out
    assert message in printed
    assert "goes on" not in printed
    assert not path.exists()


def test_other_file_types_are_refused():
    with pytest.raises(ValueError, match=r"\.npz"):
        keep_epochs("kept.h5")
