"""One seed decides how a small model trains, and the bar that shows it training leaves nothing behind."""

import random

import keras
import numpy as np
import pytest

from helpers import datasets, set_seed, show_progress


@pytest.fixture(scope="module")
def digits():
    images, *_ = datasets.make_digits()
    return images[:500].reshape(500, 784).astype(np.float32) / 255


def train(digits, seed, **settings):
    """Return the losses of a small dense autoencoder, by epoch."""
    set_seed(seed)
    model = keras.Sequential(
        [keras.layers.Dense(16, "relu"), keras.layers.Dropout(0.1), keras.layers.Dense(784, "sigmoid")]
    )
    model.compile("adam", "binary_crossentropy")
    history = model.fit(digits, digits, epochs=2, batch_size=50, verbose=0, validation_split=0.2, **settings)
    return history.history


@pytest.fixture(scope="module")
def losses(digits):
    return train(digits, 3)


def test_same_seed_gives_the_same_losses_and_another_seed_others(digits, losses):
    assert len(losses["loss"]) == len(losses["val_loss"]) == 2
    assert train(digits, 3) == losses
    assert train(digits, 4)["loss"] != losses["loss"]


def test_one_seed_holds_for_python_numpy_and_keras():
    def draw():
        # The old generator of NumPy is the one that a seed can be set for everywhere.
        return random.random(), np.random.random(), float(keras.random.normal(()))  # noqa: NPY002

    set_seed(5)
    first = draw()
    second = draw()
    set_seed(5)
    assert draw() == first
    assert all(one != other for one, other in zip(first, second, strict=True))


@pytest.mark.parametrize("seed", [0, 2**32 - 1])
def test_ends_of_the_range_are_seeds(seed):
    set_seed(seed)


@pytest.mark.parametrize("seed", [True, False, 1.0, "1", None, np.float64(1), np.int64(1)])
def test_anything_but_an_int_is_refused(seed):
    with pytest.raises(TypeError, match="whole number"):
        set_seed(seed)


@pytest.mark.parametrize("seed", [-1, 2**32, 10**30])
def test_number_outside_the_range_is_refused(seed):
    with pytest.raises(ValueError, match=f"between 0 and {2**32 - 1}, not {seed}"):
        set_seed(seed)


def test_progress_bar_changes_no_loss_and_wipes_itself_out(digits, losses, capsys):
    assert train(digits, 3, callbacks=[show_progress()]) == losses
    printed = capsys.readouterr()
    assert "training" in printed.out
    # After the last return to the beginning of the line, only blanks were written.
    assert printed.out.rstrip("\r").rsplit("\r", 1)[-1].strip() == ""
    assert "\n" not in printed.out
    assert printed.err == ""
