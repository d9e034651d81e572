"""What a training that goes wrong says, and when."""

import keras
import numpy as np
import pytest
from keras import layers, ops

from helpers import set_seed, show_progress
from helpers.variational import Sampling, VariationalAutoencoder

IMAGES = np.random.default_rng(0).random((64, 4, 4, 1), dtype="float32")
ALL_CAUSES = r"divide by 255.*NaN in the data.*learning rate"


def build(loss="binary_crossentropy", **options):
    set_seed(0)
    parts = [layers.Flatten(), layers.Dense(3), layers.Dense(16, "sigmoid"), layers.Reshape((4, 4, 1))]
    model = keras.Sequential([keras.Input((4, 4, 1)), *parts])
    model.compile("adam", loss, **options)
    return model


def build_vae(make=VariationalAutoencoder):
    set_seed(0)
    images, z = keras.Input((4, 4, 1)), keras.Input((2,))
    x = layers.Flatten()(images)
    z_mean, z_log_var = layers.Dense(2)(x), layers.Dense(2)(x)
    encoder = keras.Model(images, [z_mean, z_log_var, Sampling(seed=1)([z_mean, z_log_var])])
    vae = make(encoder, keras.Model(z, layers.Reshape((4, 4, 1))(layers.Dense(16, "sigmoid")(z))))
    vae.compile("adam")
    return vae


def train(model, images, callbacks=(), **options):
    options = {"batch_size": 8, "epochs": 3, "shuffle": False, "verbose": 0} | options
    return model.fit(images, images, callbacks=[*callbacks, show_progress()], **options)


class Spoil(keras.callbacks.Callback):
    """Makes weights NaN before an epoch."""

    def __init__(self, epoch):
        super().__init__()
        self.epoch = epoch

    def on_epoch_begin(self, epoch, logs=None):
        if epoch == self.epoch:
            self.model.layers[-2].bias.assign(np.full(16, np.nan))


@pytest.mark.parametrize("steps", [1, 4])
def test_nan_stops_training_with_the_epoch_the_batch_and_likely_causes(steps):
    images = IMAGES.copy()
    images[17] = np.nan  # in the third batch of eight
    where = rf"loss is nan in epoch 1, by batch {max(3, steps)}\. "
    with pytest.raises(FloatingPointError, match=where + f".*{ALL_CAUSES}"):
        train(build(steps_per_execution=steps), images)


@pytest.mark.parametrize("epoch", [0, 2])
def test_epoch_is_the_one_in_which_it_happened(epoch):
    with pytest.raises(FloatingPointError, match=rf"loss is nan in epoch {epoch + 1}, by batch 1\."):
        train(build("mse"), IMAGES, callbacks=[Spoil(epoch)])


def test_infinite_loss_stops_training_too():
    with pytest.raises(FloatingPointError, match=rf"loss is inf in epoch 1, by batch 1\. .*{ALL_CAUSES}"):
        train(build(lambda y, p: ops.mean(ops.exp(1e4 * p), axis=-1)), IMAGES)


def test_nan_on_held_out_images_stops_training_at_the_end_of_the_epoch():
    spoiled = np.full_like(IMAGES, np.nan)
    with pytest.raises(FloatingPointError, match="val_loss is nan in epoch 1, at its end"):
        train(build(), IMAGES, validation_data=(spoiled, spoiled))


def test_loop_of_ones_own_is_watched_by_its_epochs():
    calls = keras.callbacks.CallbackList([show_progress()], epochs=3)
    calls.on_train_begin()
    for epoch in range(2):
        calls.on_epoch_begin(epoch)
        calls.on_train_batch_end(0)
        calls.on_epoch_end(epoch, {"loss": 1.0})
    with pytest.raises(FloatingPointError, match="loss is nan in epoch 3, at its end"):
        calls.on_epoch_end(2, {"loss": np.float32("nan")})


@pytest.mark.parametrize("loss", ["binary_crossentropy", keras.losses.BinaryCrossentropy()], ids=["name", "object"])
def test_pixels_from_0_to_255_stop_a_plain_autoencoder(loss):
    with pytest.raises(ValueError, match=r"binary cross-entropy is -.* in epoch \d+.*\[0, 1\]: divide by 255"):
        train(build(loss), 255 * IMAGES, epochs=100)


def test_pixels_from_0_to_255_stop_a_variational_autoencoder():
    with pytest.raises((ValueError, FloatingPointError), match="divide by 255"):
        train(build_vae(), 255 * IMAGES, epochs=300)


class OtherVae(VariationalAutoencoder):
    """Has another reconstruction loss, which may be below 0, as in notebook 13."""

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        self.reconstruction_tracker.update_state(-5.0)
        return ops.mean(y_pred[2]) - 5.0


def test_other_losses_may_be_below_0():
    for model in (build(lambda y, p: ops.mean(p, axis=-1) - 7), build_vae(OtherVae)):
        losses = train(model, IMAGES).history["loss"]
        assert len(losses) == 3
        assert max(losses) < 0


@pytest.mark.parametrize("images", [IMAGES, np.round(IMAGES)], ids=["gray", "black and white"])
def test_sound_training_is_left_alone(images):
    for model in (build(), build_vae()):
        assert len(train(model, images, epochs=5).history["loss"]) == 5


def test_bar_is_wiped_out_when_training_is_stopped(capsys):
    with pytest.raises(FloatingPointError):
        train(build(), np.full_like(IMAGES, np.nan))
    printed = capsys.readouterr()
    assert printed.out.rstrip("\r").rsplit("\r", 1)[-1].strip() == ""
    assert printed.err == ""


def test_bar_counts_the_epochs_before_a_training_that_resumes():
    bar = show_progress()
    build().fit(IMAGES, IMAGES, epochs=3, initial_epoch=2, verbose=0, callbacks=[bar])
    assert bar.bar.n == 3


def test_model_is_not_asked_for_between_batches():
    # On JAX that takes the state of the training away from it (Callback.model of Keras says so).
    bar = show_progress()
    bar.set_model(build())
    bar.on_train_begin()
    bar.set_model(None)
    bar.on_epoch_begin(0)
    bar.on_train_batch_end(0, {"loss": 1.0})
    with pytest.raises(ValueError, match="divide by 255"):
        bar.on_train_batch_end(1, {"loss": -1.0})
