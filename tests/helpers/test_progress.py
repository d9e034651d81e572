"""What is reported when training goes wrong, and when."""

import keras
import numpy as np
import pytest
from keras import ops

from helpers import show_progress
from helpers.variational import VariationalAutoencoder
from tests.helpers.small_models import IMAGES, build_autoencoder, build_vae

ALL_CAUSES = r".*divide by 255.*NaN in the data.*learning rate"


@pytest.fixture(autouse=True)
def _without_garbage_collection(monkeypatch):
    monkeypatch.setattr("helpers.progress.return_freed_memory", lambda: None)  # It takes longer than these trainings.


def train(model, images, callbacks=(), batch_size=65, epochs=3, **options):
    callbacks = [*callbacks, show_progress()]
    return model.fit(images, images, batch_size, epochs, shuffle=False, verbose=0, callbacks=callbacks, **options)


@pytest.mark.parametrize(("steps", "batch"), [(1, 2), (4, 4)])
def test_nan_stops_training_with_the_epoch_the_batch_and_likely_causes(capsys, steps, batch):
    images = IMAGES.copy()
    images[31] = np.nan  # in the second batch
    with pytest.raises(FloatingPointError, match=rf"loss is nan in epoch 1, by batch {batch}\. " + ALL_CAUSES):
        train(build_autoencoder(steps_per_execution=steps), images, batch_size=30)
    printed = capsys.readouterr()
    assert printed.out.rstrip("\r").rsplit("\r", 1)[-1].strip() == "", "the progress bar is still there"
    assert printed.err == ""


def test_epoch_is_the_one_in_which_it_happened():
    def spoil(epoch, logs):
        if epoch == 1:
            model.layers[-1].bias.assign(np.full(16, np.nan))

    model = build_autoencoder("mse", run_eagerly=True)
    with pytest.raises(FloatingPointError, match=r"loss is nan in epoch 2, by batch 1\."):
        train(model, IMAGES, [keras.callbacks.LambdaCallback(on_epoch_begin=spoil)])


def test_infinite_loss_and_nan_on_validation_images_stop_training():
    model = build_autoencoder(lambda y, p: ops.mean(ops.exp(1e4 * p), axis=-1), run_eagerly=True)
    with pytest.raises(FloatingPointError, match="loss is inf in epoch 1, by batch 1" + ALL_CAUSES):
        train(model, IMAGES)
    with pytest.raises(FloatingPointError, match="val_loss is nan in epoch 1"):
        train(build_autoencoder(run_eagerly=True), IMAGES, validation_data=(IMAGES * np.nan, IMAGES))


def test_custom_training_loop_is_checked_after_each_epoch():
    callbacks = keras.callbacks.CallbackList([show_progress()], epochs=2)
    callbacks.on_train_begin()
    callbacks.on_epoch_begin(0)
    callbacks.on_train_batch_end(0)
    callbacks.on_epoch_end(0, {"loss": 1.0})
    with pytest.raises(FloatingPointError, match="loss is nan in epoch 2"):
        callbacks.on_epoch_end(1, {"loss": np.float32("nan")})


@pytest.mark.parametrize(
    "build",
    [build_autoencoder, lambda **options: build_autoencoder(keras.losses.BinaryCrossentropy(), **options), build_vae],
    ids=["loss by name", "loss object", "VAE"],
)
def test_pixels_from_0_to_255_stop_training(build):
    with pytest.raises((ValueError, FloatingPointError), match="divide by 255"):
        train(build(run_eagerly=True), 255 * IMAGES, epochs=300)


class OtherVae(VariationalAutoencoder):
    """Has another reconstruction loss, which may be negative, as in notebook 13."""

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        self.reconstruction_tracker.update_state(-5.0)
        return ops.mean(y_pred[2]) - 5.0


@pytest.mark.parametrize(
    "build",
    [
        build_autoencoder,
        build_vae,
        lambda **options: build_autoencoder(lambda y, p: ops.mean(p, axis=-1) - 7, **options),
        lambda **options: build_vae(OtherVae, **options),
    ],
    ids=["autoencoder", "VAE", "negative loss", "VAE with a negative loss"],
)
def test_sound_training_is_not_stopped(build):
    assert len(train(build(run_eagerly=True), np.round(IMAGES)).epoch) == 3
