"""Keep the last whole epoch of a training on disk, and go on from it when an interrupted training is started again."""

import hashlib
import io
import json
import zipfile
from pathlib import Path

import keras
import numpy as np

from helpers.files import replace_file


def keep_epochs(path):
    """Return a Keras callback that stores every epoch in `path`, an .npz file, and removes it when training ends.

    Pass it as `fit(..., callbacks=[keep_epochs("../build/09.npz")])`. Where `path` holds an epoch of the same training,
    `fit` goes on after it: same weights, optimizer, noise of the layers and history, so it ends with the losses of a
    training that nothing interrupted. The same training is one that starts with the same weights, from the same
    optimizer, for as many epochs of as many steps; what another training left is replaced after the first epoch.

    An epoch has to be a whole pass over the images: with `steps_per_epoch` Keras goes on from one epoch to the next in
    the middle of them, and that place is not kept. Its folder is made if it is missing. Raises ValueError for a name
    that does not end in .npz.
    """
    # Keras's BackupAndRestore writes weights and epoch into two files, one after the other, and forgets the history.
    path = Path(path)
    if path.suffix != ".npz":
        raise ValueError(f"{path.name!r} does not end in .npz; a checkpoint is kept in NumPy's format")
    return _KeepEpochs(path)


class _KeepEpochs(keras.callbacks.Callback):
    """Write everything that an epoch leaves behind into one file, which is replaced as a whole."""

    def __init__(self, path):
        super().__init__()
        self.path = path

    def on_train_begin(self, logs=None):
        self.model.optimizer.build(self.model.trainable_variables)
        self.training = self._identify()
        kept = self._read()
        if kept is None:
            return
        for variable, value in zip(self._variables(), kept["values"], strict=True):
            variable.assign(value)
        self.model.history.history = kept["history"]
        self.model.history.epoch = list(range(kept["epoch"]))
        self.model._initial_epoch = kept["epoch"]
        print(f"{self.path.name}: goes on after epoch {kept['epoch']} of {self.params['epochs']}")

    def on_epoch_begin(self, epoch, logs=None):
        # Keras would begin there in the next call of `fit`, too.
        self.model._initial_epoch = None

    def on_epoch_end(self, epoch, logs=None):
        history = {name: list(values) for name, values in self.model.history.history.items()}
        for name, value in (logs or {}).items():
            # Keras's own note of this epoch is taken after this callback.
            history[name] = [*history.get(name, [])[:epoch], float(value)]
        about = {"training": self.training, "epoch": epoch + 1, "history": history}
        values = [keras.ops.convert_to_numpy(variable) for variable in self._variables()]
        content = io.BytesIO()
        np.savez(content, np.frombuffer(json.dumps(about).encode(), np.uint8), *values)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(self.path, content.getvalue())

    def on_train_end(self, logs=None):
        self.path.unlink(missing_ok=True)

    def _variables(self):
        """Return all variables that make the next epoch what it is; metrics start anew in each."""
        metrics = {id(variable) for variable in self.model.metrics_variables}
        own = [variable for variable in self.model.variables if id(variable) not in metrics]
        return own + list(self.model.optimizer.variables)

    def _identify(self):
        """Return a digest of how this training starts."""
        start = hashlib.sha256(json.dumps([self.params["epochs"], self.params["steps"]]).encode())
        # Keras numbers its optimizers, so names differ between equal trainings.
        optimizer = self.model.optimizer.get_config() | {"name": ""}
        start.update(json.dumps(optimizer, sort_keys=True, default=str).encode())
        for variable in self._variables():
            start.update(np.ascontiguousarray(keras.ops.convert_to_numpy(variable)).tobytes())
        return start.hexdigest()

    def _read(self):
        """Return what the file holds of this training, or None if there is none."""
        try:
            with self.path.open("rb") as stream, np.load(stream, allow_pickle=False) as stored:
                about, *values = [stored[name] for name in stored.files]
            about = json.loads(about.tobytes())
            same = about["training"] == self.training
        except FileNotFoundError:
            return None
        except (OSError, EOFError, ValueError, KeyError, TypeError, zipfile.BadZipFile):
            print(f"{self.path.name} is no checkpoint; training starts with the first epoch")
            return None
        return about | {"values": values} if same else None
