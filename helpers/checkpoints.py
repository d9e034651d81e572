"""Save each completed epoch of training to disk, and resume interrupted training after the last saved epoch."""

import hashlib
import io
import json
import re
from pathlib import Path

import keras
import numpy as np
from keras.callbacks import History
from keras.src.random.seed_generator import global_seed_generator

from helpers.validation import replace_file


class ResumeCheckpoint(History):
    """A Keras callback that saves every epoch to `path`, an .npz file, and deletes the file when training ends.

    Pass it as `fit(..., callbacks=[show_progress(), ResumeCheckpoint(path)])`, which returns it as the History. If
    `path` has a checkpoint of the same run (same initial weights and optimizer, same number of epochs and steps), `fit`
    resumes after that epoch and ends with the losses of an uninterrupted run. Other callbacks start over, and so does
    the order of a Dataset or generator. A checkpoint of a different run is replaced, with a printed notice. Raises
    ValueError for a file that isn't a checkpoint and for a model that isn't built.
    """

    def __init__(self, path):
        super().__init__()
        self.path = Path(path)
        if self.path.suffix != ".npz":
            raise ValueError(f"{self.path.name!r} doesn't end in .npz; checkpoints are stored in NumPy's .npz format")

    def on_train_begin(self, logs=None):
        super().on_train_begin(logs)
        self.history, self.model._initial_epoch = {}, None
        if not all(layer.built for layer in self.model.layers):
            raise ValueError("the model isn't built; start it with keras.Input, or call it on a batch first")
        if not self.model.optimizer.built:
            self.model.optimizer.build(self.model.trainable_variables)
        self.start = self._describe_start()
        state = self._read() if self.path.exists() else None
        if state is None:
            return
        for variable, value in zip(self._list_variables(), state["variables"], strict=True):
            variable.assign(value)
        self.history, self.epoch = state["history"], state["epoch"]
        for (_, restore), generator in zip(_list_generators(), state["generators"], strict=True):
            restore(generator)
        epoch, epochs = len(self.epoch), self.start["epochs"]
        self.model._initial_epoch = epochs if state["stopped"] else epoch
        print(f"{self.path.name}: resuming after epoch {epoch} of {epochs}; other callbacks start over")

    def on_epoch_begin(self, epoch, logs=None):
        self.model._initial_epoch = None  # Otherwise, the next call of `fit` would start there, too.

    def on_epoch_end(self, epoch, logs=None):
        super().on_epoch_end(epoch, logs)
        state = {"start": self.start, "stopped": self.model.stop_training, "history": self.history, "epoch": self.epoch}
        state |= {"variables": self._list_variables(), "generators": [read() for read, _ in _list_generators()]}
        self.path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(self.path, _pack(state))

    def on_train_end(self, logs=None):
        self.model._initial_epoch = None
        self.path.unlink(missing_ok=True)

    def _list_variables(self):
        """Return all variables that affect the next epoch. Metrics don't, because every epoch resets them."""
        metrics = {id(variable) for variable in self.model.metrics_variables}
        own = [variable for variable in self.model.variables if id(variable) not in metrics]
        return [*own, *self.model.optimizer.variables, global_seed_generator().state]

    def _describe_start(self):
        """Return a description of the run's start. Runs with the same description are the same."""
        # Keras numbers its optimizers, so names differ between identical runs.
        config = re.sub(r'"name": "[^"]*"', "", json.dumps(self.model.optimizer.get_config(), default=str))
        parts = {"weights": self.model.weights, "optimizer": [config, *self.model.optimizer.variables]}
        start = {name: hashlib.sha256(_pack(part)).hexdigest() for name, part in parts.items()}
        return start | {name: (self.params or {}).get(name) for name in ("epochs", "steps")}

    def _read(self):
        """Return the state in the file, or print a notice and return None if it belongs to a different run."""
        try:
            with self.path.open("rb") as stream, np.load(stream, allow_pickle=False) as stored:
                text, *arrays = [stored[name] for name in stored.files]
            state = json.loads(text.tobytes(), object_hook=lambda part: arrays[part["npz"]] if "npz" in part else part)
            different = [name for name in self.start if state["start"][name] != self.start[name]]
        except Exception as error:
            raise ValueError(f"{self.path} isn't a checkpoint; choose another name, or delete it first") from error
        if not different:
            return state
        print(f"{self.path.name} is from a run that started with different {', '.join(different)}. This run starts at")
        print("epoch 1 and replaces it. To resume the earlier run, stop and rerun the cell that builds the model.")


def _pack(state):
    """Return a nested state as the bytes of an .npz file: its structure as JSON, then its arrays and variables."""
    arrays = []

    def collect(value):
        if "bfloat16" in str(value.dtype):  # NumPy's format doesn't have it.
            value = keras.ops.cast(value, "float32")
        arrays.append(keras.ops.convert_to_numpy(value))
        return {"npz": len(arrays) - 1}

    text, content = json.dumps(state, default=collect), io.BytesIO()
    np.savez(content, np.frombuffer(text.encode(), np.uint8), *arrays)
    return content.getvalue()


def _list_generators():
    """Return functions that read and restore each global random generator: NumPy's and the backend's."""
    pairs = [(np.random.get_state, np.random.set_state)]
    if keras.backend.backend() == "tensorflow":  # for eager operations; `fit` shuffles with a separate seed
        from tensorflow.python.eager.context import context

        own = context()._rng
        pairs.append((own.getstate, lambda state: own.setstate((state[0], tuple(state[1]), state[2]))))
    elif keras.backend.backend() == "torch":
        import torch

        pairs.append((torch.get_rng_state, lambda state: torch.set_rng_state(torch.from_numpy(state))))
    return pairs
