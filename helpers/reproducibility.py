"""One seed for everything that draws at random."""

import keras


def set_seed(seed):
    """Seed Python, NumPy, Keras and its backend with one whole number from 0 to 2**32 - 1.

    Call it before a model is built: the same seed, machine and versions then give the same losses.
    Raises TypeError for anything but an int and ValueError outside that range, which NumPy sets.
    """
    if not isinstance(seed, int) or isinstance(seed, bool):
        raise TypeError(f"expected a whole number such as 0 for a seed, not {seed!r}")
    if not 0 <= seed < 2**32:
        raise ValueError(f"expected a seed between 0 and {2**32 - 1}, not {seed}")
    keras.utils.set_random_seed(seed)
