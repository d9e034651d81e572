"""Train the models of notebooks for one short epoch each; print what came out as JSON. `test_backends` runs it."""

import json
import sys
import traceback

import keras

from benchmarks.lessons import Lesson
from benchmarks.races import RACES, loss_of_copies
from helpers import load_mnist
from tools.fast_budget import read_fast_budget

LOSSES = {race.notebook: race.loss for race in RACES.values()}
LOSSES["07_why_autoencoders_cannot_generate"] = loss_of_copies((28, 28, 1))
CHOSEN = {race.notebook: race.given or {} for race in RACES.values()}
# The short budget leaves out compiling, which is what differs most between backends.
COMPILED = {"RUN_EAGERLY": False, "JIT_COMPILE": True}


class OneEpoch(keras.callbacks.Callback):
    """Measure a model before and after one epoch, and end its training there."""

    def __init__(self, test):
        super().__init__()
        self.test, self.losses = test, []

    def on_train_begin(self, logs=None):
        self.losses.append(self.test(self.model))

    def on_epoch_end(self, epoch, logs=None):
        self.losses.append(self.test(self.model))
        self.model.stop_training = True


def decode(model, images):
    """Return what a model makes of images, as an array; a variational autoencoder returns its codes before them."""
    outputs = model(images)
    return keras.ops.convert_to_numpy(outputs[-1] if isinstance(outputs, tuple | list) else outputs)


def train(notebook):
    """Return what one short epoch of a notebook's model has come to."""
    data = load_mnist()
    data = data._replace(x_test=data.x_test[:500])
    lesson = Lesson(notebook)
    lesson.prepare(**read_fast_budget()[notebook] | CHOSEN.get(notebook, {}) | COMPILED)
    watch = OneEpoch(lambda model: LOSSES[notebook](model, lesson.names, data))
    lesson.train(watch)
    images = lesson.names["x_test"][:8]
    decoded = decode(watch.model, images)
    return {
        "backend": keras.backend.backend(),
        "losses": watch.losses,
        "shapes": [images.shape, decoded.shape],
        "range": [float(decoded.min()), float(decoded.max())],
    }


if __name__ == "__main__":
    for name in sys.argv[1:]:
        try:
            report = train(name)
        except Exception:
            report = {"failed": traceback.format_exc()}
        print(json.dumps({name: report}))
