"""Keep the last whole epoch of a training on disk, and resume an interrupted training from it."""

import gc
import hashlib
import io
import json
import re
from pathlib import Path

import keras
import numpy as np
from keras.callbacks import CSVLogger, EarlyStopping, History, LearningRateScheduler, ModelCheckpoint, ReduceLROnPlateau
from keras.src.random.seed_generator import global_seed_generator

from helpers.training import Progress
from helpers.validation import replace_file

# Callbacks that can be restored, and what they and History carry from one epoch to the next.
RESTORED = EarlyStopping, ReduceLROnPlateau, ModelCheckpoint
CARRIED = "wait best best_epoch best_weights stopped_epoch cooldown_counter history epoch _last_batch_seen".split()
CARRIED += ["_batches_seen_since_last_saving"]
STATELESS = CSVLogger, LearningRateScheduler, keras.callbacks.ProgbarLogger, keras.callbacks.TerminateOnNaN, Progress


class ResumeCheckpoint(History):
    """A Keras callback that stores every epoch in `path`, an .npz file, and removes it when training ends.

    Pass it last: `fit(..., callbacks=[show_progress(), ResumeCheckpoint(path)])`; `fit` returns it as its History. If
    `path` holds an epoch of the same training (with the same weights and optimizer at the start, and as many epochs and
    steps), `fit` resumes after it and ends with the losses of an uninterrupted one. EarlyStopping, ReduceLROnPlateau,
    and ModelCheckpoint are restored; what isn't is printed. An epoch of another training is replaced, and a line says
    so. Raises ValueError for a file that is no checkpoint, callbacks that can't be restored, and an unbuilt model.
    """

    def __init__(self, path):
        super().__init__()
        self.path = Path(path)
        if self.path.suffix != ".npz":
            raise ValueError(f"{self.path.name!r} does not end in .npz; a checkpoint is stored in NumPy's format")

    def on_train_begin(self, logs=None):
        super().on_train_begin(logs)
        self.history, self.model._initial_epoch, unrestored = {}, None, self._find_callbacks()
        if not all(layer.built for layer in self.model.layers):
            raise ValueError("the model is not built; begin it with keras.Input, or call it on a batch first")
        if not self.model.optimizer.built:
            self.model.optimizer.build(self.model.trainable_variables)
        self.start = self._describe_start()
        state = self._read() if self.path.exists() else None
        if state is None:
            return
        for variable, value in zip(self._list_variables(), state["variables"], strict=True):
            variable.assign(value)
        for callback, carried in zip(self.carriers, state["carried"], strict=True):
            vars(callback).update(carried)
        for (_, restore), generator in zip(_list_generators(), state["generators"], strict=True):
            restore(generator)
        epoch, epochs = len(self.epoch), self.start["epochs"]
        self.model._initial_epoch = epochs if state["stopped"] else epoch
        print(f"{self.path.name}: resuming after epoch {epoch} of {epochs}; not restored: {', '.join(unrestored)}")

    def on_epoch_begin(self, epoch, logs=None):
        self.model._initial_epoch = None  # or the next call of `fit` would begin there, too

    def on_epoch_end(self, epoch, logs=None):
        super().on_epoch_end(epoch, logs)
        carried = [{k: v for k, v in vars(callback).items() if k in CARRIED} for callback in self.carriers]
        state = {"start": self.start, "stopped": self.model.stop_training, "carried": carried}
        state |= {"variables": self._list_variables(), "generators": [read() for read, _ in _list_generators()]}
        self.path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(self.path, _pack(state))

    def on_train_end(self, logs=None):
        self.model._initial_epoch = None
        self.path.unlink(missing_ok=True)

    def _find_callbacks(self):
        """Note which callbacks can be restored, with this one; return in words what can't be restored."""
        # Keras doesn't show a callback the others, but they are in the list that holds this one.
        lists = [holder for holder in gc.get_referrers(self) if isinstance(holder, list)]
        lists = [[one for one in holder if getattr(one, "params", None) is self.params] for holder in lists]
        together = max(lists, key=len, default=[self])
        if any(isinstance(one, CSVLogger) and not one.append for one in together):
            raise ValueError("CSVLogger would empty its file when training resumes; pass append=True to it")
        self.carriers = [one for one in together if isinstance(one, RESTORED) or one is self]
        if self.carriers[-1] is not self:
            raise ValueError(f"{type(self.carriers[-1]).__name__} must come before ResumeCheckpoint in the callbacks")
        names = {type(one).__name__ for one in together if one not in self.carriers and type(one) not in STATELESS}
        return [*sorted(names), "the order of a Dataset or generator (if fit was given one)"]

    def _list_variables(self):
        """Return all variables that make the next epoch what it is; metrics start anew in each."""
        metrics = {id(variable) for variable in self.model.metrics_variables}
        own = [variable for variable in self.model.variables if id(variable) not in metrics]
        return [*own, *self.model.optimizer.variables, global_seed_generator().state]

    def _describe_start(self):
        """Return what a training must have in common with this one to be the same."""
        # Keras numbers its optimizers, so names differ between equal trainings.
        config = re.sub(r'"name": "[^"]*"', "", json.dumps(self.model.optimizer.get_config(), default=str))
        parts = {"weights": self.model.weights, "optimizer": [config, *self.model.optimizer.variables]}
        start = {name: hashlib.sha256(_pack(part)).hexdigest() for name, part in parts.items()}
        start["callbacks"] = [type(callback).__name__ for callback in self.carriers]
        return start | {name: (self.params or {}).get(name) for name in ("epochs", "steps")}

    def _read(self):
        """Return what the file holds of this training; if it holds another one, say so and return None."""
        try:
            with self.path.open("rb") as stream, np.load(stream, allow_pickle=False) as stored:
                text, *arrays = [stored[name] for name in stored.files]
            state = json.loads(text.tobytes(), object_hook=lambda part: arrays[part["npz"]] if "npz" in part else part)
            different = [name for name in self.start if state["start"][name] != self.start[name]]
        except Exception as error:
            raise ValueError(f"{self.path} is no checkpoint; choose another name, or delete it first") from error
        if not different:
            return state
        print(f"{self.path.name} is of a training that started with different {', '.join(different)}; this one starts")
        print("at epoch 1 and replaces it. To resume that one, stop, and run the cell that builds the model again.")


def _pack(state):
    """Return a nested state as the bytes of an .npz file: JSON, and the arrays and variables in it."""
    arrays = []

    def put_aside(value):
        if "bfloat16" in str(value.dtype):  # which NumPy's format does not have
            value = keras.ops.cast(value, "float32")
        arrays.append(keras.ops.convert_to_numpy(value))
        return {"npz": len(arrays) - 1}

    text, content = json.dumps(state, default=put_aside), io.BytesIO()
    np.savez(content, np.frombuffer(text.encode(), np.uint8), *arrays)
    return content.getvalue()


def _list_generators():
    """Return how to read and to restore each global random generator: NumPy's, and the backend's."""
    pairs = [(np.random.get_state, np.random.set_state)]
    if keras.backend.backend() == "tensorflow":  # for eager operations; `fit` has a seed of its own for its order
        from tensorflow.python.eager.context import context

        own = context()._rng
        pairs.append((own.getstate, lambda state: own.setstate((state[0], tuple(state[1]), state[2]))))
    elif keras.backend.backend() == "torch":
        import torch

        pairs.append((torch.get_rng_state, lambda state: torch.set_rng_state(torch.from_numpy(state))))
    return pairs
