"""Interrupted training resumes after its last complete epoch and ends with the same losses."""

import re

import keras
import numpy as np
import pytest
from keras.callbacks import LambdaCallback

from helpers import ResumeCheckpoint, fit_compiled_epochs, show_progress
from tests.helpers.small_models import IMAGES, build_autoencoder, train


def build(seed=0):
    return build_autoencoder(seed=seed, run_eagerly=True)  # Compiling would take longer than training.


def interrupt_at(event, number=None):
    """Return a callback that interrupts training at an event, only in epoch `number` if one is given."""

    def interrupt(*args):
        if number in (None, args[0]):
            raise KeyboardInterrupt

    return LambdaCallback(**{event: interrupt})


@pytest.fixture(scope="module")
def uninterrupted():
    return train(build())


def train_until(epoch, path, model=None, epochs=3):
    """Train with checkpoints at `path` and interrupt training in this epoch, counted from 0."""
    with pytest.raises(KeyboardInterrupt):
        train(model or build(), [ResumeCheckpoint(path), interrupt_at("on_epoch_begin", epoch)], epochs)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "build" / "kept.npz"


@pytest.mark.parametrize("epoch", [1, 2])
def test_resumed_training_ends_with_the_same_losses_and_weights(path, capsys, uninterrupted, epoch):
    train_until(epoch, path)
    model = build()
    assert train(model, [show_progress(), ResumeCheckpoint(path)]) == uninterrupted
    assert f"resuming after epoch {epoch} of 3; other callbacks start over" in capsys.readouterr().out
    assert not path.exists()
    assert len(train(model)[0]["loss"]) == 3  # The next fit starts with the first epoch.


def test_compiled_epochs_resume_with_the_same_shuffling(path):
    def train_compiled(*callbacks):
        model = build_autoencoder(jit_compile=False)
        return fit_compiled_epochs(model, IMAGES, IMAGES, 32, 3, callbacks).history, np.random.random()  # noqa: NPY002

    expected = train_compiled()
    with pytest.raises(KeyboardInterrupt):
        train_compiled(ResumeCheckpoint(path), interrupt_at("on_epoch_begin", 2))
    assert train_compiled(ResumeCheckpoint(path)) == expected


def test_resuming_does_not_change_the_next_fit(path, uninterrupted):
    train_until(2, path)
    model = build()
    with pytest.raises(KeyboardInterrupt):  # after all epochs are saved
        train(model, [interrupt_at("on_train_end"), ResumeCheckpoint(path)])
    assert len(train(model)[0]["loss"]) == 3
    model = build()
    assert train(model, [ResumeCheckpoint(path)]) == uninterrupted
    assert len(train(model)[0]["loss"]) == 3


@pytest.mark.parametrize(
    ("seed", "epochs", "message"),
    [
        (None, 3, "^$"),
        (1, 3, r"different weights\. .*rerun the cell that builds the model"),
        (0, 4, r"different epochs\."),
    ],
)
def test_checkpoint_of_a_different_run_is_replaced_with_a_notice(path, capsys, uninterrupted, seed, epochs, message):
    if seed is not None:
        train_until(1, path, build(seed), epochs)
    assert train(build(), [ResumeCheckpoint(path)]) == uninterrupted
    assert re.search(message, capsys.readouterr().out, re.DOTALL)
    assert not path.exists()


def test_training_the_same_model_again_prints_the_advice_to_rebuild_it(path, capsys):
    model = build()
    train_until(1, path, model)
    train(model, [ResumeCheckpoint(path)])
    assert "different weights, optimizer. This run starts" in capsys.readouterr().out


@pytest.mark.parametrize(
    "write",
    [
        lambda path: path.write_bytes(b"PK\x03\x04 half"),
        lambda path: np.savez(path, np.array([None]), allow_pickle=True),
        lambda path: np.savez(path, codes=np.zeros((3, 2))),
    ],
    ids=["half a file", "pickle", "arrays"],
)
def test_file_that_is_not_a_checkpoint_is_rejected_and_kept(tmp_path, write):
    write(tmp_path / "kept.npz")
    content = (tmp_path / "kept.npz").read_bytes()
    with pytest.raises(ValueError, match=r"kept\.npz isn't a checkpoint; choose another name"):
        train(build(), [ResumeCheckpoint(tmp_path / "kept.npz")])
    assert (tmp_path / "kept.npz").read_bytes() == content


def test_other_file_formats_and_unbuilt_models_are_rejected(path):
    with pytest.raises(ValueError, match=r"\.npz"):
        ResumeCheckpoint("kept.h5")
    model = keras.Sequential([keras.layers.Dense(16)])
    model.compile("sgd", "mse")
    with pytest.raises(ValueError, match=r"isn't built; start it with keras\.Input"):
        train(model, [ResumeCheckpoint(path)])
