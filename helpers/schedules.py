"""A learning rate that starts gently, runs fast and settles."""

import keras


def warmup_then_cosine(peak, warmup_epochs, epochs, steps_per_epoch):
    """Return a Keras schedule: up to `peak` in a line, then down to zero along a cosine.

    Of `epochs` in all, each of `steps_per_epoch` updates, the rate rises for `warmup_epochs`, from a tenth of `peak`.
    Notebook 01 writes this out and shows which units die without the rise. Raises ValueError, from Keras, if no
    epoch is left for the way down.
    """
    return keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=peak / 10,
        warmup_target=peak,
        warmup_steps=warmup_epochs * steps_per_epoch,
        decay_steps=(epochs - warmup_epochs) * steps_per_epoch,
    )
