"""Train the lessons' models in the short budget, in a separate process, and report the results as JSON."""

import hashlib
import json
import os
import subprocess
import sys
import traceback

import keras
import numpy as np

from benchmarks.lessons import Lesson
from helpers.vae import mean_image, returns_logits
from tools.fast_budget import read_fast_budget
from tools.notebooks import ROOT

# The short budget turns compilation off, and backends differ most in compilation.
COMPILED = {} if keras.backend.backend() == "tensorflow" else {"RUN_EAGERLY": False, "JIT_COMPILE": True}


class Watch(keras.callbacks.Callback):
    """Record the error on 100 test images before training and after every epoch, and the losses of every epoch."""

    def __init__(self, names):
        super().__init__()
        self.names, self.losses, self.errors = names, [], []

    def on_train_begin(self, logs=None):
        self.errors.append(float(np.mean(np.square(self.decode() - self.names["x_test"][:100]))))

    def on_epoch_end(self, epoch, logs=None):
        self.on_train_begin()
        self.losses.append({name: float(value) for name, value in (logs or {}).items()})

    def decode(self):
        """Return the model's reconstructions of 100 test images."""
        images = self.names["x_test"][:100]
        # Lesson 10 trains two networks in a custom loop.
        outputs = self.model(images) if self.model else self.names["decoder"](self.names["encoder"](images)[0])
        if isinstance(outputs, tuple | list):  # A VAE returns its codes first, then images or logits.
            outputs = mean_image(outputs[-1], from_logits=returns_logits(self.model.decoder))
        return keras.ops.convert_to_numpy(outputs)


def train(notebook):
    """Train a lesson's model; return the results, or the traceback if training failed."""
    try:
        lesson = Lesson(notebook)
        lesson.prepare(**read_fast_budget()[notebook] | COMPILED)
        watch = Watch(lesson.names)
        lesson.train(watch)
        decoded = watch.decode()
    except Exception:
        return {"failed": traceback.format_exc()}
    return {
        "backend": keras.backend.backend(),
        "losses": watch.losses,
        "errors": watch.errors,
        "range": [float(decoded.min()), float(decoded.max())],
        "digest": hashlib.sha256(decoded.tobytes()).hexdigest(),
    }


def train_at_once(processes, backend, notebooks):
    """Train the notebooks' models in several processes at the same time; return each process's report."""
    command = [sys.executable, "-m", "tests.slow.train_lessons", *notebooks]
    options = {"cwd": ROOT, "env": os.environ | {"KERAS_BACKEND": backend, "PYTHONPATH": str(ROOT)}, "text": True}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    reports = []
    for process in [subprocess.Popen(command, **options, **pipes) for _ in range(processes)]:
        output, errors = process.communicate(timeout=1200)
        assert process.returncode == 0, errors
        reports.append(json.loads(output.splitlines()[-1]))
    return reports


if __name__ == "__main__":
    print(json.dumps({notebook: train(notebook) for notebook in sys.argv[1:]}))
