"""Train a lesson's model with its notebook's cells, so that the code that is timed is the code that readers run."""

import contextlib
import io
import os

import keras

from tools.notebooks import FOLDER, read_notebook

# On PyTorch, Keras allows one update per call, and compiling needs a C++ compiler and takes longer than it saves.
ON_TORCH = {"STEPS_PER_EXECUTION": 1, "JIT_COMPILE": False}


class Lesson:
    """The notebook cells with a given tag: the last cell trains, and the others define what it needs."""

    def __init__(self, notebook, tag="race"):
        cells = read_notebook(FOLDER / f"{notebook}.ipynb").cells
        sources = [cell.source for cell in cells if tag in cell.metadata.get("tags", [])]
        if len(sources) < 2:
            raise ValueError(f"{len(sources)} cells of {notebook} have the tag `{tag}`; expected two or more")
        *self.definitions, self.training = sources
        self.names = {}

    def prepare(self, **given):
        """Run all tagged cells except the last; `given` overrides parameters and adds variables of other cells."""
        if keras.backend.backend() == "torch":
            given |= ON_TORCH
        self.names |= given
        for source in self.definitions:
            self._run(source)
            self.names |= given

    def train(self, callback):
        """Run the last tagged cell with a Keras callback in place of its progress bar, without resuming from a file."""
        self.names["show_progress"] = lambda: callback
        self.names["ResumeCheckpoint"] = lambda path: keras.callbacks.Callback()
        self._run(self.training)

    def _run(self, source):
        here = os.getcwd()
        os.chdir(FOLDER)
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                exec(compile(source, "<notebook>", "exec"), self.names)
        finally:
            os.chdir(here)
