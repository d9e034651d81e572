"""Training with compiled epochs changes a model as Keras's `fit` does, and reports the same to callbacks."""

import gc

import keras
import numpy as np
import pytest
import tensorflow as tf

from helpers.compiled_epochs import fit_compiled_epochs
from tests.helpers.small_models import IMAGES, build_autoencoder, build_vae

TARGETS = np.random.default_rng(1).random((130, 16))  # float64, which `fit` converts
EVENTS = "on_train_begin", "on_epoch_begin", "on_train_batch_end", "on_epoch_end", "on_train_end", "on_test_end"


class Diary(keras.callbacks.Callback):
    """Records the calls it gets, with the names of the losses, but of batches only the last in each epoch."""

    def __init__(self):
        super().__init__()
        self.entries = []
        for event in EVENTS:
            setattr(self, event, lambda *args, event=event, logs=None: self.record(event, *args, logs))

    def record(self, event, *args):
        if event == "on_train_batch_end" and args[0] + 1 < self.params["steps"]:
            return
        self.entries.append((event, *(sorted(arg) if isinstance(arg, dict) else arg for arg in args)))


def build_averaged(**options):
    """Return an autoencoder whose weights are replaced by their moving averages after training."""
    model = build_autoencoder()
    model.compile(keras.optimizers.SGD(0.1, use_ema=True, ema_momentum=0.5), "mse", **options)
    return model


@pytest.mark.parametrize(
    ("build", "y", "jit_compile"),
    [
        (build_autoencoder, TARGETS, False),
        (build_averaged, TARGETS, False),
        (build_vae, None, False),
        pytest.param(build_autoencoder, IMAGES, True, marks=pytest.mark.slow),  # XLA takes seconds to compile.
        pytest.param(build_vae, None, True, marks=pytest.mark.slow),
    ],
    ids=["autoencoder", "moving averages", "VAE", "autoencoder, XLA", "VAE, XLA"],
)
def test_losses_weights_and_callbacks_match_those_of_fit(monkeypatch, build, y, jit_compile):
    monkeypatch.setattr(tf.random, "shuffle", lambda order: order)  # Neither shuffles.
    # XLA draws different random numbers. Without XLA, running eagerly is faster than compiling twice.
    ours, plain = build(jit_compile=jit_compile), build(jit_compile=jit_compile, run_eagerly=not jit_compile)
    validation = (IMAGES,) if y is None else (IMAGES, TARGETS)
    diary, plain_diary = Diary(), Diary()
    found = fit_compiled_epochs(ours, IMAGES, y, 32, 2, [diary], IMAGES if y is None else validation)
    whole = [None if array is None else array[:128] for array in (IMAGES, y)]  # The last two don't fill a batch.
    options = {"shuffle": False, "verbose": 0, "validation_data": validation}
    expected = plain.fit(*whole, 32, 2, callbacks=[plain_diary], **options)
    assert diary.entries == plain_diary.entries
    assert len(diary.entries) == 10
    assert diary.params == {"verbose": 0, "epochs": 2, "steps": 4}
    assert found.epoch == expected.epoch
    assert set(found.history) == set(expected.history)
    for name, values in expected.history.items():
        np.testing.assert_allclose(found.history[name], values, rtol=1e-4)
    for weight, other in zip(ours.get_weights(), plain.get_weights(), strict=True):
        np.testing.assert_allclose(weight, other, atol=2e-4)


def test_callbacks_can_stop_training_and_choose_the_first_epoch(tmp_path):
    model = build_autoencoder(jit_compile=False)
    end = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, _: setattr(model, "stop_training", epoch == 1))
    backup = keras.callbacks.BackupAndRestore(tmp_path / "backup", delete_checkpoint=False)
    assert fit_compiled_epochs(model, IMAGES, IMAGES, 32, 5, [end, backup]).epoch == [0, 1]
    together = keras.callbacks.CallbackList([backup], add_history=True, model=model)
    assert fit_compiled_epochs(model, IMAGES, IMAGES, 32, 3, together).epoch == [2]
    assert fit_compiled_epochs(model, IMAGES, IMAGES, 32, 2, initial_epoch=1).epoch == [1]


def test_each_epoch_is_reshuffled_and_a_seed_repeats_the_orders(monkeypatch):
    orders, shuffle = [], tf.random.shuffle
    monkeypatch.setattr(tf.random, "shuffle", lambda order: orders.append(shuffle(order).numpy()) or orders[-1])
    models = (build_autoencoder(jit_compile=False) for _ in range(2))
    losses = [fit_compiled_epochs(model, IMAGES, IMAGES, 32, 2).history["loss"] for model in models]
    assert losses[0] == losses[1]
    assert all(sorted(order) == list(range(130)) for order in orders)
    assert not np.array_equal(orders[0], orders[1])
    assert np.array_equal(orders[0], orders[2])


def test_unbuilt_model_trains_and_no_copy_of_the_images_stays_in_memory():
    images = np.random.default_rng(2).random((137, 16), dtype="float32")
    model = keras.Sequential([keras.layers.Dense(16)])
    model.compile("sgd", "mse", jit_compile=False)
    losses = fit_compiled_epochs(model, images, images, 32, 2).history["loss"]
    assert losses[1] < losses[0]
    gc.collect()
    tensors = [item for item in gc.get_objects() if issubclass(type(item), tf.Tensor)]
    assert not [tensor for tensor in tensors if tensor.shape == images.shape and hasattr(tensor, "numpy")]


@pytest.mark.parametrize(
    ("change", "error", "fault"),
    [
        ({"x": IMAGES[:0], "y": IMAGES[:0]}, ValueError, "x has 0 samples"),
        ({"batch_size": 131}, ValueError, "batch_size is 131"),
        ({"epochs": 0}, ValueError, "epochs is 0"),
        ({"initial_epoch": -1}, ValueError, "initial_epoch is -1"),
        ({"y": IMAGES[1:]}, ValueError, "129 targets for 130 samples"),
        ({"validation_data": (IMAGES, IMAGES[1:])}, ValueError, "129 targets for 130 samples"),
        ({"x": tf.data.Dataset.from_tensors(IMAGES)}, TypeError, "x is .*Dataset; expected an array .*model.fit"),
        ({"x": np.array(["a"] * 130)}, TypeError, "x is <U1; expected an array of numbers"),
        ({"model": keras.Sequential([keras.Input((16,))])}, ValueError, r"call model\.compile"),
    ],
)
def test_invalid_arguments_are_rejected(change, error, fault):
    with pytest.raises(error, match=fault):
        fit_compiled_epochs(**{"model": build_autoencoder(), "x": IMAGES, "y": IMAGES, "batch_size": 32} | change)
