"""One seed determines how a model trains, and the progress bar doesn't change that."""

import random

import keras
import numpy as np
import pytest

from helpers import set_seed, show_progress

IMAGES = np.random.default_rng(0).random((32, 16), np.float32)


def train(seed, **options):
    """Return the losses of a tiny autoencoder, by epoch."""
    set_seed(seed)
    model = keras.Sequential([keras.layers.Dropout(0.1), keras.layers.Dense(16, "sigmoid")])
    # Compiling with XLA would take another second.
    model.compile("sgd", "binary_crossentropy", jit_compile=False)
    return model.fit(IMAGES, IMAGES, epochs=2, batch_size=8, verbose=0, **options).history["loss"]


def test_same_seed_gives_the_same_losses_with_or_without_a_progress_bar(capsys):
    assert train(3) == train(3, callbacks=[show_progress()])
    printed = capsys.readouterr()
    assert "training" in printed.out
    # The bar erases itself: after the last return to the beginning of the line, only blanks were written.
    assert printed.out.rstrip("\r").rsplit("\r", 1)[-1].strip() == ""
    assert "\n" not in printed.out
    assert printed.err == ""


def test_one_seed_holds_for_python_numpy_and_keras():
    def draw():
        # NumPy's old generator is the only one that a single call can seed everywhere.
        return random.random(), np.random.random(), float(keras.random.normal(()))  # noqa: NPY002

    set_seed(5)
    first, second = draw(), draw()
    set_seed(5)
    assert draw() == first
    set_seed(6)
    for others in (second, draw()):
        assert all(one != other for one, other in zip(first, others, strict=True))


@pytest.mark.parametrize(
    ("seed", "error"),
    [
        *((seed, TypeError) for seed in (True, 1.0, "1", None, [1], np.float64(1))),
        *((seed, ValueError) for seed in (-1, 2**32, 10**30)),
    ],
)
def test_what_is_not_a_seed_is_refused(seed, error):
    with pytest.raises(error, match="expected"):
        set_seed(seed)
    set_seed(2**32 - 1)
