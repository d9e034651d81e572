"""A small training for test_checkpoints to interrupt; a process of its own loads only what it needs of the package."""

import os
import signal
import sys
import time
import types
from pathlib import Path

import keras
import numpy as np

if "helpers" not in sys.modules:
    # The whole package takes seconds to import, and would have to be imported after each of many kills.
    package = sys.modules["helpers"] = types.ModuleType("helpers")
    package.__path__ = [str(Path(__file__).parents[1] / "helpers")]

from helpers.checkpoints import keep_epochs
from helpers.schedules import warmup_then_cosine

EPOCHS = 6
IMAGES = np.random.default_rng(0).random((32, 12), dtype="float32")


def train(callbacks, seed=0, epochs=EPOCHS, eagerly=False):
    """Train a small network with noise, a schedule and momentum; return its history and its weights.

    `eagerly` leaves out the compiling, which takes longer than this training itself.
    """
    keras.utils.set_random_seed(seed)
    rate = warmup_then_cosine(1e-1, 1, epochs, 4)
    layers = [keras.layers.Dense(2), keras.layers.GaussianNoise(0.1, seed=seed), keras.layers.Dense(12, "sigmoid")]
    model = keras.Sequential([keras.Input((12,)), *layers])
    model.compile(keras.optimizers.SGD(rate, momentum=0.9), "mse", metrics=["mae"], run_eagerly=eagerly)
    held_out = IMAGES[:8], IMAGES[:8]
    history = model.fit(IMAGES, IMAGES, 8, epochs, verbose=0, callbacks=callbacks, validation_data=held_out)
    return history.history, [keras.ops.convert_to_numpy(weight) for weight in model.weights]


class Pause(keras.callbacks.Callback):
    """Make an epoch take a while, so that there is time to be killed in it."""

    def on_epoch_end(self, epoch, logs=None):
        time.sleep(0.05)


def train_in_a_process(path, report, dies_in_writing=None):
    """Train to the end and report the result; where a number is given, die in the writing of that checkpoint."""
    if dies_in_writing is not None:
        rename, numbers = os.replace, iter(range(EPOCHS))

        def rename_or_die(*names):
            if next(numbers) == dies_in_writing:
                os.kill(os.getpid(), signal.SIGKILL)
            rename(*names)

        os.replace = rename_or_die
    report.put("started")
    report.put(train([keep_epochs(path), Pause()], eagerly=True))
