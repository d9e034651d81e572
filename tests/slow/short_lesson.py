"""A short program that does what a lesson does: find the helpers, load digits, train, save, draw, and animate."""

import json
import os
import shutil
import subprocess
import sys

from tools.notebooks import FOLDER, ROOT, read_code, read_notebook

REST = """
import json
import pathlib

import keras
import matplotlib.pyplot as plt

from helpers import load_mnist, set_seed, show_progress
from helpers.checkpoints import ResumeCheckpoint
from helpers.figures import plot_image_grid
from helpers.animation import write_gif

plt.style.use("helpers.figures")
data = load_mnist()
x = data.x_train[:500].reshape(-1, 784)
set_seed(0)
model = keras.Sequential([keras.Input((784,)), keras.layers.Dense(8, "relu"), keras.layers.Dense(784, "sigmoid")])
model.compile("adam", "binary_crossentropy")
callbacks = [show_progress(), ResumeCheckpoint("../build/short.npz")]
history = model.fit(x, x, batch_size=50, epochs=3, verbose=0, callbacks=callbacks)
plot_image_grid(data.x_test[:6], columns=3)
pathlib.Path("../build").mkdir(exist_ok=True)
plt.savefig("../build/short.png")
write_gif(pathlib.Path("../build/short.gif"), (255 * data.x_test[:3, :, :, 0]).astype("uint8"), milliseconds=100)
print("losses " + json.dumps(history.history["loss"]))
"""


def make_project(folder):
    """Copy the parts of this project that a lesson needs into `folder`; return its empty folder for notebooks."""
    shutil.copytree(ROOT / "helpers", folder / "helpers", ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "notebooks").mkdir()
    return folder / "notebooks"


def read_first_cell(read=read_code):
    """Return the setup cell that every notebook begins with, as plain Python or read in another way."""
    notebook = read_notebook(FOLDER / "01_dense_autoencoder.ipynb")
    return next(read(cell) for cell in notebook.cells if cell.cell_type == "code")


def start(folder, **environment):
    """Start the short lesson in `folder` and return the process; an environment variable set to None is removed."""
    environment = os.environ | {"PYTHONPATH": None} | environment
    return subprocess.Popen(
        [sys.executable, "-c", read_first_cell() + REST],
        cwd=folder,
        env={name: value for name, value in environment.items() if value is not None},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )


def finish(process):
    """Wait for the short lesson; return the losses that it printed, and its whole output."""
    output, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors
    return json.loads(output.rpartition("losses ")[2]), output + errors
