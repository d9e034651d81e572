"""Tools for training: a seed, a learning-rate schedule, and a progress bar that stops training when it fails."""

import math
import sys

import keras
from tqdm import tqdm

from helpers.startup import return_freed_memory
from helpers.validation import as_count, as_positive

CAUSES = "Likely causes: unscaled pixels (divide by 255), NaN in the data, or a high learning rate. Rebuild the model."


def set_seed(seed):
    """Seed Python, NumPy, Keras, and its backend with one whole number from 0 to 2**32 - 1; else raise ValueError.

    Call it before you build a model. The same seed, machine, and versions then give the same losses.
    """
    keras.utils.set_random_seed(as_count(seed, "seed", 0, 2**32 - 1))


def warmup_then_cosine(peak, warmup_epochs, epochs, steps_per_epoch):
    """Return a Keras learning-rate schedule: linear from a tenth of `peak` to `peak`, then a cosine decay to 0.

    Epochs may be fractions. Raises ValueError unless `peak` > 0, `steps_per_epoch` > 0, 0 <= warmup_epochs < epochs.
    """
    as_positive(peak, "peak")
    as_count(steps_per_epoch, "steps_per_epoch")
    if not 0 <= warmup_epochs < as_positive(epochs, "epochs"):
        raise ValueError(f"warmup_epochs is {warmup_epochs}; expected at least 0 and less than all {epochs} epochs")
    return keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=peak / 10,
        warmup_target=peak,
        warmup_steps=warmup_epochs * steps_per_epoch,
        decay_steps=(epochs - warmup_epochs) * steps_per_epoch,
    )


def show_progress():
    """Return a Keras callback that shows epochs, losses, and the time left, and disappears when training ends.

    Pass it as `fit(..., callbacks=[show_progress()], verbose=0)`. It raises FloatingPointError if the loss is NaN or
    infinite, and ValueError if binary cross-entropy is negative. The message names the epoch and the batch.
    """
    return Progress()


class Progress(keras.callbacks.Callback):
    async_safe = True  # Keras doesn't wait for it after each batch, so an error comes a few batches late.

    def on_train_begin(self, logs=None):
        self.epoch = 0
        # Read once: on JAX, a callback that reads its model between batches forces a copy of all variables.
        self.entropy_name = _name_binary_cross_entropy(self.model)
        # Without standard output, as under pythonw, tqdm would write to standard error.
        options = {"file": sys.stdout, "disable": sys.stdout is None, "leave": False, "mininterval": 0.5, "ncols": 100}
        self.bar = tqdm(total=(self.params or {}).get("epochs"), unit="epoch", desc="training", **options)

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch
        self.bar.n = max(self.bar.n, epoch)  # where training resumes

    def on_train_batch_end(self, batch, logs=None):
        batch = min(batch + 1, (self.params or {}).get("steps") or math.inf)
        self._stop_if_failed(logs or {}, f"epoch {self.epoch + 1}, by batch {batch}")

    def on_epoch_end(self, epoch, logs=None):
        self._stop_if_failed(logs or {}, f"epoch {epoch + 1}, after its last batch")
        self.bar.set_postfix(logs or {}, refresh=False)
        self.bar.update()

    def on_train_end(self, logs=None):
        self.bar.close()
        return_freed_memory()

    def _stop_if_failed(self, logs, moment):
        for name in ("loss", "val_loss"):
            if not math.isfinite(logs.get(name, 0)):
                self.bar.close()
                raise FloatingPointError(f"{name} is {float(logs[name])} in {moment}. {CAUSES}")
        if logs.get(self.entropy_name, 0) < -0.01:  # more than rounding
            self.bar.close()
            raise ValueError(f"cross-entropy is negative in {moment}; expected pixels in [0, 1]: divide by 255")


def _name_binary_cross_entropy(model):
    """Return the name of the log that has the model's binary cross-entropy, or None."""
    if getattr(model, "likelihood", None) == "bernoulli":
        return "reconstruction_loss"
    loss = getattr(model, "loss", None)
    name = "bce" if isinstance(loss, keras.losses.BinaryCrossentropy) else getattr(loss, "__name__", loss)
    return "loss" if name in ("binary_crossentropy", "bce") else None
