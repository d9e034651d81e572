"""A progress bar for training, which stops where going on would only hide that something is wrong."""

import math
import sys

import keras
from tqdm import tqdm

from helpers.memory import return_freed_memory
from helpers.variational import VariationalAutoencoder

CAUSES = (
    "Likely causes: pixels beyond [0, 1] (divide by 255), NaN in the data, or a learning rate that is too high (lower "
    "it, or start gently with warmup_then_cosine). The weights are spoiled: build the model again."
)


def show_progress():
    """Return a Keras callback that shows epochs, losses and the time left, and wipes itself out when training ends.

    Pass it as `fit(..., callbacks=[show_progress()], verbose=0)`. What training did is then drawn as a learning
    curve, not kept as a log. It stops a training that cannot come to anything, and names epoch and batch: with
    FloatingPointError where the loss is NaN or infinite, and with ValueError where binary cross-entropy is below 0,
    which no pixels in [0, 1] can give. At the end it gives the memory that training has freed back to the system.
    """
    return Progress()


class Progress(keras.callbacks.Callback):
    """What `show_progress` returns."""

    async_safe = True  # Keras need not wait for it after each batch; an error comes a few batches later.

    def on_train_begin(self, logs=None):
        self.epoch = 0
        # Asked once: on JAX a callback that asks for its model between batches takes the training's state away from it.
        self.entropy_name = self._name_binary_cross_entropy()
        options = {"file": sys.stdout, "leave": False, "mininterval": 0.5, "ncols": 100, "desc": "training"}
        self.bar = tqdm(total=(self.params or {}).get("epochs"), unit="epoch", **options)

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch
        self.bar.n = max(self.bar.n, epoch)  # where training resumes

    def on_train_batch_end(self, batch, logs=None):
        # With steps_per_execution it may have been any of the batches since the last call.
        self._stop_if_hopeless(logs or {}, f"epoch {self.epoch + 1}, by batch {batch + 1}")

    def on_epoch_end(self, epoch, logs=None):
        self._stop_if_hopeless(logs or {}, f"epoch {epoch + 1}, at its end")
        self.bar.set_postfix(logs or {}, refresh=False)
        self.bar.update()

    def on_train_end(self, logs=None):
        self.bar.close()
        return_freed_memory()

    def _stop_if_hopeless(self, logs, moment):
        for name in ("loss", "val_loss"):
            if not math.isfinite(logs.get(name, 0)):
                self.bar.close()
                raise FloatingPointError(f"{name} is {float(logs[name])} in {moment}. {CAUSES}")
        entropy = logs.get(self.entropy_name, 0)
        if entropy < -0.01:  # more than rounding
            self.bar.close()
            raise ValueError(
                f"binary cross-entropy is {entropy:.4g} in {moment}, and cannot be below 0 for pixels in [0, 1]: "
                "divide by 255"
            )

    def _name_binary_cross_entropy(self):
        """Return under which name the logs have the binary cross-entropy of images, or None if they have none."""
        if type(self.model) is VariationalAutoencoder:
            return "reconstruction_loss"
        loss = getattr(self.model, "loss", None)
        name = getattr(loss, "__name__", getattr(loss, "name", loss))
        return "loss" if name == "binary_crossentropy" else None
