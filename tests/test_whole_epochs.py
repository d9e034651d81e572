"""Training by whole epochs: it does to a model what Keras's fit does, and tells callbacks the same."""

import keras
import numpy as np
import psutil
import pytest
from keras import layers

from helpers import set_seed, show_progress
from helpers.variational import Sampling, VariationalAutoencoder
from helpers.whole_epochs import fit_whole_epochs

IMAGES = np.random.default_rng(0).random((130, 16), dtype="float32")
TARGETS = np.random.default_rng(1).random((130, 16), dtype="float32")


def build(**options):
    """Return a small network with a penalty, dropout and a rate that falls; `options` are for compile."""
    set_seed(0)
    parts = [layers.Dense(6, "relu", activity_regularizer=keras.regularizers.L1(1e-3)), layers.Dropout(0.2, seed=1)]
    model = keras.Sequential([keras.Input((16,)), *parts, layers.Dense(16, "sigmoid")])
    schedule = keras.optimizers.schedules.CosineDecay(1e-2, 20)
    model.compile(keras.optimizers.Adam(schedule), "binary_crossentropy", metrics=["mse"], **options)
    return model


def build_vae(**options):
    set_seed(0)
    images, z = keras.Input((16,)), keras.Input((2,))
    z_mean, z_log_var = layers.Dense(2)(images), layers.Dense(2)(images)
    encoder = keras.Model(images, [z_mean, z_log_var, Sampling(seed=1)([z_mean, z_log_var])])
    vae = VariationalAutoencoder(encoder, keras.Model(z, layers.Dense(16, "sigmoid")(z)))
    vae.compile("adam", **options)
    return vae


@pytest.fixture
def in_order(monkeypatch):
    """Take images in their own order, so that two ways to train can be compared."""
    import tensorflow as tf

    monkeypatch.setattr(tf.random, "shuffle", lambda order: order)


class Diary(keras.callbacks.Callback):
    """Notes what it is told."""

    def __init__(self):
        super().__init__()
        self.told = []

    def on_train_begin(self, logs=None):
        self.told.append(("train", self.params["epochs"], self.params["steps"]))

    def on_epoch_begin(self, epoch, logs=None):
        self.told.append(("epoch", epoch))

    def on_train_batch_end(self, batch, logs=None):
        self.told.append(("batch", batch, sorted(logs)))

    def on_epoch_end(self, epoch, logs=None):
        self.told.append(("end of epoch", epoch, sorted(logs)))

    def on_train_end(self, logs=None):
        self.told.append(("end", sorted(logs)))


@pytest.mark.parametrize("jit_compile", [False, True])
@pytest.mark.parametrize(("make", "y"), [(build, IMAGES), (build, TARGETS), (build_vae, None)])
def test_losses_and_weights_are_those_of_fit(make, y, jit_compile, in_order):
    ours, plain = make(jit_compile=jit_compile), make(jit_compile=jit_compile)
    found = fit_whole_epochs(ours, IMAGES, y, 32, 3, validation_data=TARGETS if y is None else (TARGETS, TARGETS))
    whole, y_whole = IMAGES[:128], None if y is None else y[:128]  # What is over fills no batch.
    held_out = (TARGETS,) if y is None else (TARGETS, TARGETS)
    options = {"shuffle": False, "verbose": 0, "validation_data": held_out, "validation_batch_size": 1000}
    expected = plain.fit(whole, y_whole, 32, 3, **options)
    assert found.epoch == expected.epoch
    assert set(found.history) == set(expected.history)
    for name, values in expected.history.items():
        np.testing.assert_allclose(found.history[name], values, rtol=1e-4)
    for one, other in zip(ours.get_weights(), plain.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, atol=2e-4)


def test_callbacks_are_told_as_fit_tells_them():
    ours, plain = Diary(), Diary()
    fit_whole_epochs(build(), IMAGES, IMAGES, 65, 2, [ours], (TARGETS, TARGETS))
    model = build(steps_per_execution=2)
    model.fit(IMAGES, IMAGES, 65, 2, verbose=0, callbacks=[plain], validation_data=(TARGETS, TARGETS))
    assert ours.told == plain.told
    assert len(ours.told) == 8


def test_a_callback_ends_training():
    model = build()
    end = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, _: setattr(model, "stop_training", epoch == 1))
    assert fit_whole_epochs(model, IMAGES, IMAGES, 32, 5, [end]).epoch == [0, 1]
    assert fit_whole_epochs(model, IMAGES, IMAGES, 32, 1).epoch == [0]


def test_order_is_new_in_each_epoch_and_comes_back_with_the_seed(monkeypatch):
    import tensorflow as tf

    orders, shuffle = [], tf.random.shuffle
    monkeypatch.setattr(tf.random, "shuffle", lambda order: orders.append(shuffle(order).numpy()) or orders[-1])
    losses = [fit_whole_epochs(build(), IMAGES, IMAGES, 32, 2).history["loss"] for _ in range(2)]
    assert losses[0] == losses[1]
    assert all(sorted(order) == list(range(130)) for order in orders)
    assert not np.array_equal(orders[0], orders[1])
    assert np.array_equal(orders[0], orders[2])


def test_images_are_let_go_after_training():
    images, process, memory = np.full((2_000_000, 16), 0.5, "float32"), psutil.Process(), []
    for _ in range(4):
        fit_whole_epochs(build(), images, images, 100_000, 1)
        memory.append(process.memory_info().rss)
    assert memory[-1] - memory[0] < images.nbytes


def test_training_many_models_warns_of_nothing(caplog):
    for _ in range(6):
        fit_whole_epochs(build(), IMAGES, IMAGES, 65, 2)
    assert not caplog.records


def test_nan_stops_training():
    images = IMAGES.copy()
    images[3] = np.nan
    with pytest.raises(FloatingPointError, match="loss is nan in epoch 1"):
        fit_whole_epochs(build(), images, images, 32, 3, [show_progress()])


def test_a_model_that_runs_eagerly_is_trained_by_fit():
    history = fit_whole_epochs(build(run_eagerly=True), IMAGES, IMAGES, 32, 1, validation_data=(TARGETS, TARGETS))
    assert set(history.history) == {"loss", "mse", "val_loss", "val_mse"}


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"x": IMAGES[:0], "y": IMAGES[:0]}, "0 images and a batch holds 32; expected a whole batch at least"),
        ({"batch_size": 131}, "130 images and a batch holds 131"),
        ({"batch_size": 0}, "batch_size is 0; expected at least 1"),
        ({"epochs": 0}, "epochs is 0; expected at least 1"),
        ({"y": IMAGES[1:]}, "129 targets for 130 images; expected one for each"),
        ({"model": keras.Sequential([keras.Input((16,)), layers.Dense(16)])}, r"call model\.compile"),
    ],
)
def test_what_cannot_be_trained_is_refused(change, fault):
    given = {"model": build(), "x": IMAGES, "y": IMAGES, "batch_size": 32} | change
    with pytest.raises(ValueError, match=fault):
        fit_whole_epochs(**given)
