"""Interrupted training: started again, it resumes after its last whole epoch and ends with the same losses."""

import re

import keras
import numpy as np
import pytest
from keras.callbacks import LambdaCallback

from helpers import ResumeCheckpoint, fit_compiled_epochs, show_progress
from tests.helpers.small_models import IMAGES, build_autoencoder, train


def build(seed=0):
    return build_autoencoder(seed=seed, run_eagerly=True)  # Compiling takes longer than this training.


def interrupt_at(event, number=None):
    """Return a callback that interrupts training at an event, in the epoch of this number if one is given."""

    def interrupt(*told):
        if number in (None, told[0]):
            raise KeyboardInterrupt

    return LambdaCallback(**{event: interrupt})


@pytest.fixture(scope="module")
def uninterrupted():
    return train(build())


def train_until(epoch, path, model=None, epochs=3):
    """Train with checkpoints at `path` and interrupt the training in this epoch, counted from 0."""
    with pytest.raises(KeyboardInterrupt):
        train(model or build(), [ResumeCheckpoint(path), interrupt_at("on_epoch_begin", epoch)], epochs)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "build" / "kept.npz"


@pytest.mark.parametrize("epoch", [1, 2])
def test_resumed_training_ends_with_the_losses_and_weights_of_an_uninterrupted_one(path, capsys, uninterrupted, epoch):
    train_until(epoch, path)
    model = build()
    assert train(model, [show_progress(), ResumeCheckpoint(path)]) == uninterrupted
    assert f"resuming after epoch {epoch} of 3; other callbacks start over" in capsys.readouterr().out
    assert not path.exists()
    assert len(train(model)[0]["loss"]) == 3  # The next fit starts with the first epoch.


def test_compiled_epochs_resume_with_the_orders_that_were_to_come(path):
    def train_compiled(*callbacks):
        model = build_autoencoder(jit_compile=False)
        return fit_compiled_epochs(model, IMAGES, IMAGES, 32, 3, callbacks).history, np.random.random()  # noqa: NPY002

    expected = train_compiled()
    with pytest.raises(KeyboardInterrupt):
        train_compiled(ResumeCheckpoint(path), interrupt_at("on_epoch_begin", 2))
    assert train_compiled(ResumeCheckpoint(path)) == expected


def test_nothing_is_left_that_changes_the_next_fit(path, uninterrupted):
    train_until(2, path)
    model = build()
    with pytest.raises(KeyboardInterrupt):  # when all epochs are stored
        train(model, [interrupt_at("on_train_end"), ResumeCheckpoint(path)])
    assert len(train(model)[0]["loss"]) == 3
    model = build()
    assert train(model, [ResumeCheckpoint(path)]) == uninterrupted
    assert len(train(model)[0]["loss"]) == 3


@pytest.mark.parametrize(
    ("seed", "epochs", "message"),
    [
        (None, 3, "^$"),
        (1, 3, "different weights; .*run the cell that builds the model again"),
        (0, 4, "different epochs;"),
    ],
)
def test_checkpoint_of_another_training_is_replaced_with_a_notice(path, capsys, uninterrupted, seed, epochs, message):
    if seed is not None:
        train_until(1, path, build(seed), epochs)
    assert train(build(), [ResumeCheckpoint(path)]) == uninterrupted
    assert re.search(message, capsys.readouterr().out, re.DOTALL)
    assert not path.exists()


def test_same_model_trained_again_is_told_to_be_built_again(path, capsys):
    model = build()
    train_until(1, path, model)
    train(model, [ResumeCheckpoint(path)])
    assert "different weights, optimizer; this one starts" in capsys.readouterr().out


@pytest.mark.parametrize(
    "write",
    [
        lambda path: path.write_bytes(b"PK\x03\x04 half"),
        lambda path: np.savez(path, np.array([None]), allow_pickle=True),
        lambda path: np.savez(path, codes=np.zeros((3, 2))),
    ],
    ids=["half a file", "pickle", "arrays"],
)
def test_file_that_is_no_checkpoint_is_refused_and_kept(tmp_path, write):
    write(tmp_path / "kept.npz")
    content = (tmp_path / "kept.npz").read_bytes()
    with pytest.raises(ValueError, match=r"kept\.npz is no checkpoint; choose another name"):
        train(build(), [ResumeCheckpoint(tmp_path / "kept.npz")])
    assert (tmp_path / "kept.npz").read_bytes() == content


def test_what_cannot_be_resumed_is_refused(path):
    with pytest.raises(ValueError, match=r"\.npz"):
        ResumeCheckpoint("kept.h5")
    model = keras.Sequential([keras.layers.Dense(16)])
    model.compile("sgd", "mse")
    with pytest.raises(ValueError, match=r"not built; begin it with keras\.Input"):
        train(model, [ResumeCheckpoint(path)])
