"""Train the main model of every lesson in the short budget; print losses and decoded images as JSON.

`test_determinism` runs it twice at once and compares what comes out.
"""

import hashlib
import json

import keras

from benchmarks.lessons import Lesson
from helpers import set_seed
from tests.train_lesson import CHOSEN, decode
from tools.fast_budget import read_fast_budget

NOTEBOOKS = sorted(CHOSEN | {"07_why_autoencoders_cannot_generate": {}})


class Notes(keras.callbacks.Callback):
    """Keep the losses of every epoch."""

    def __init__(self):
        super().__init__()
        self.losses = []

    def on_epoch_end(self, epoch, logs=None):
        self.losses.append({name: float(value) for name, value in (logs or {}).items()})


def train(notebook):
    """Return the losses by epoch, and decoded images with the digest of their bytes."""
    set_seed(0)
    lesson, notes = Lesson(notebook), Notes()
    lesson.prepare(**read_fast_budget()[notebook] | CHOSEN.get(notebook, {}))
    lesson.train(notes)
    images = lesson.names["x_test"][:20]
    names = lesson.names
    # Notebook 10 has a loop of its own, and two networks.
    model = notes.model or (lambda images: names["decoder"](names["encoder"](images)[0]))
    decoded = decode(model, images)
    return {
        "losses": notes.losses,
        "digest": hashlib.sha256(decoded.tobytes()).hexdigest(),
        "image": decoded[0].ravel().tolist(),
    }


if __name__ == "__main__":
    print(json.dumps({notebook: train(notebook) for notebook in NOTEBOOKS}))
