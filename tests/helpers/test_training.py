"""Seeds, the learning-rate schedule, and the errors that stop training when it goes wrong."""

import random
import sys

import keras
import numpy as np
import pytest
from keras import ops

from helpers import set_seed, show_progress, warmup_then_cosine
from tests.helpers.small_models import IMAGES, build_autoencoder, build_vae

ALL_CAUSES = r".*divide by 255.*NaN in the data.*learning rate"


@pytest.fixture(autouse=True)
def _without_garbage_collection(monkeypatch):
    monkeypatch.setattr("helpers.training.return_freed_memory", lambda: None)  # It takes longer than training here.


def train(model, images, callbacks=(), batch_size=65, epochs=3, **options):
    callbacks = [*callbacks, show_progress()]
    return model.fit(images, images, batch_size, epochs, shuffle=False, verbose=0, callbacks=callbacks, **options)


@pytest.mark.parametrize(("steps", "batch"), [(1, 2), (4, 4), (7, 5)])
def test_nan_stops_training_and_the_error_names_epoch_batch_and_likely_causes(capsys, steps, batch):
    images = IMAGES.copy()
    images[31] = np.nan  # in the second batch of five
    with pytest.raises(FloatingPointError, match=rf"loss is nan in epoch 1, by batch {batch}\. " + ALL_CAUSES):
        train(build_autoencoder(steps_per_execution=steps, run_eagerly=True), images, batch_size=30)
    printed = capsys.readouterr()
    assert printed.out.rstrip("\r").rsplit("\r", 1)[-1].strip() == "", "the progress bar is still there"
    assert printed.err == ""


def test_infinite_loss_and_nan_validation_loss_stop_training():
    model = build_autoencoder(lambda y, p: ops.mean(ops.exp(1e4 * p), axis=-1), run_eagerly=True)
    with pytest.raises(FloatingPointError, match="loss is inf in epoch 1, by batch 1" + ALL_CAUSES):
        train(model, IMAGES)
    with pytest.raises(FloatingPointError, match="val_loss is nan in epoch 1"):
        train(build_autoencoder(run_eagerly=True), IMAGES, validation_data=(IMAGES * np.nan, IMAGES))


def test_custom_training_loop_without_model_epochs_or_standard_output_is_checked(monkeypatch):
    monkeypatch.setattr(sys, "stdout", None)
    callbacks = keras.callbacks.CallbackList([show_progress()])
    callbacks.on_train_begin()
    callbacks.on_epoch_begin(0)
    callbacks.on_train_batch_end(0)
    callbacks.on_epoch_end(0, {"loss": 1.0})
    with pytest.raises(FloatingPointError, match="loss is nan in epoch 2"):
        callbacks.on_epoch_end(1, {"loss": np.float32("nan")})


@pytest.mark.filterwarnings("ignore:Your input ran out of data")
def test_unknown_number_of_batches_is_supported():
    batches, options = ((IMAGES, IMAGES) for _ in range(2)), {"verbose": 0, "shuffle": False}
    assert build_autoencoder(run_eagerly=True).fit(batches, callbacks=[show_progress()], **options).epoch == [0]


def build_stub(likelihood, **options):
    """Return a model that reports a negative reconstruction loss."""
    loss = keras.metrics.MeanMetricWrapper(lambda y, p: 0 * p - 5.0, name="reconstruction_loss")
    model = build_autoencoder("mse", metrics=[loss], **options)
    model.likelihood = likelihood
    return model


@pytest.mark.parametrize(
    "build",
    [
        build_autoencoder,
        lambda **options: build_autoencoder("bce", **options),
        lambda **options: build_autoencoder(keras.losses.BinaryCrossentropy(name="other"), **options),
        lambda **options: build_stub("bernoulli", **options),
    ],
    ids=["name", "abbreviation", "object", "VAE"],
)
def test_pixels_from_0_to_255_stop_training_with_advice(build):
    with pytest.raises((ValueError, FloatingPointError), match="divide by 255"):
        train(build(run_eagerly=True), 255 * IMAGES, epochs=300)


@pytest.mark.parametrize(
    "build",
    [
        build_autoencoder,
        build_vae,
        lambda **options: build_autoencoder(lambda y, p: ops.mean(p, axis=-1) - 7, **options),
        lambda **options: build_stub("gaussian", **options),
    ],
    ids=["autoencoder", "VAE", "negative loss", "VAE with a negative loss"],
)
def test_successful_training_is_not_stopped(build):
    assert len(train(build(run_eagerly=True), np.round(IMAGES)).epoch) == 3


def test_same_seed_gives_the_same_losses_with_or_without_a_progress_bar(capsys):
    losses = train(build_autoencoder(run_eagerly=True), IMAGES).history
    assert "training" in capsys.readouterr().out
    model = build_autoencoder(run_eagerly=True)
    assert losses == model.fit(IMAGES, IMAGES, 65, 3, shuffle=False, verbose=0).history


def test_one_seed_sets_python_numpy_and_keras():
    def draw():
        # Only NumPy's legacy generator can be seeded globally.
        return random.random(), np.random.random(), float(keras.random.normal(()))  # noqa: NPY002

    set_seed(5)
    first = draw()
    assert not set(first) & set(draw())
    set_seed(np.int64(5))
    assert draw() == first


@pytest.mark.parametrize("seed", [True, 1.0, "1", None, [1], np.float64(1), -1, 2**32, 10**30])
def test_invalid_seed_is_rejected(seed):
    with pytest.raises(ValueError, match=r"seed is .*expected"):
        set_seed(seed)
    set_seed(2**32 - 1)


def test_warmup_is_linear_and_ends_at_the_peak():
    rate = warmup_then_cosine(0.1, 0.5, 2, 10)
    np.testing.assert_allclose([rate(step) for step in (0, 5, 20)], [0.01, 0.1, 0], atol=1e-7)
