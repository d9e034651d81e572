"""What every training needs: a seed, a learning-rate schedule, and a progress bar that stops hopeless training."""

import math
import sys

import keras
from tqdm import tqdm

from helpers.startup import return_freed_memory
from helpers.validation import as_count, as_positive

CAUSES = (
    "Likely causes: pixels outside [0, 1] (divide by 255), NaN in the data, or a learning rate that is too high (lower "
    "it, or start slowly with warmup_then_cosine). The weights are unusable now: build the model again."
)


def set_seed(seed):
    """Seed Python, NumPy, Keras and its backend with one whole number from 0 to 2**32 - 1.

    Call it before a model is built: the same seed, machine and versions then give the same losses. Raises ValueError
    for anything else. NumPy sets the range.
    """
    keras.utils.set_random_seed(as_count(seed, "seed", 0, 2**32 - 1))


def warmup_then_cosine(peak, warmup_epochs, epochs, steps_per_epoch):
    """Return a Keras schedule of the learning rate: linear up to `peak`, then down to zero along a cosine.

    In the first `warmup_epochs` of `epochs`, which may be fractions, the rate rises from a tenth of `peak`. Raises
    ValueError unless `peak` and `steps_per_epoch` are above 0 and 0 <= warmup_epochs < epochs.
    """
    as_positive(peak, "peak")
    as_count(steps_per_epoch, "steps_per_epoch")
    if not 0 <= warmup_epochs < as_positive(epochs, "epochs"):
        raise ValueError(f"warmup_epochs is {warmup_epochs}; expected at least 0 and fewer than all {epochs} epochs")
    return keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=peak / 10,
        warmup_target=peak,
        warmup_steps=warmup_epochs * steps_per_epoch,
        decay_steps=(epochs - warmup_epochs) * steps_per_epoch,
    )


def show_progress():
    """Return a Keras callback that shows epochs, losses and the time left, and erases itself when training ends.

    Pass it as `fit(..., callbacks=[show_progress()], verbose=0)`. It stops hopeless training and names epoch and batch:
    FloatingPointError if the loss is NaN or infinite, ValueError if binary cross-entropy is negative.
    """
    return Progress()


class Progress(keras.callbacks.Callback):
    async_safe = True  # Keras need not wait for it after each batch; an error comes a few batches later.

    def on_train_begin(self, logs=None):
        self.epoch = 0
        # Asked once: on JAX a callback that asks for its model between batches forces a copy of all variables.
        self.entropy_name = _name_binary_cross_entropy(self.model)
        # Without standard output, as under pythonw, tqdm would write to standard error.
        options = {"file": sys.stdout, "disable": sys.stdout is None, "leave": False, "mininterval": 0.5, "ncols": 100}
        self.bar = tqdm(total=(self.params or {}).get("epochs"), unit="epoch", desc="training", **options)

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch
        self.bar.n = max(self.bar.n, epoch)  # where training resumes

    def on_train_batch_end(self, batch, logs=None):
        batch = min(batch + 1, (self.params or {}).get("steps") or math.inf)
        self._stop_if_hopeless(logs or {}, f"epoch {self.epoch + 1}, by batch {batch}")

    def on_epoch_end(self, epoch, logs=None):
        self._stop_if_hopeless(logs or {}, f"epoch {epoch + 1}, at its end")
        self.bar.set_postfix(logs or {}, refresh=False)
        self.bar.update()

    def on_train_end(self, logs=None):
        self.bar.close()
        return_freed_memory()

    def _stop_if_hopeless(self, logs, moment):
        invalid = [name for name in ("loss", "val_loss") if not math.isfinite(logs.get(name, 0))]
        entropy = logs.get(self.entropy_name, 0)
        if invalid or entropy < -0.01:  # more than rounding
            self.bar.close()
        if invalid:
            raise FloatingPointError(f"{invalid[0]} is {float(logs[invalid[0]])} in {moment}. {CAUSES}")
        if entropy < -0.01:
            raise ValueError(f"cross-entropy is {entropy:.4g} in {moment}; expected pixels in [0, 1]: divide by 255")


def _name_binary_cross_entropy(model):
    """Return which log holds the binary cross-entropy of a model, or None if there is none."""
    if getattr(model, "likelihood", None) == "bernoulli":
        return "reconstruction_loss"
    loss, entropy = getattr(model, "loss", None), keras.losses.BinaryCrossentropy
    loss = keras.losses.get(loss) if isinstance(loss, str) else loss
    return "loss" if loss is keras.losses.binary_crossentropy or isinstance(loss, entropy) else None
