"""Errors for what a helper cannot take: what was wrong, what was expected, what to do."""

import numpy as np

IMAGE_SHAPES = "(n, height, width), (n, height, width, 1) or (n, height, width, 3)"


def as_images(images, name="images"):
    """Return `images` as a float array (n, height, width) if gray or (n, height, width, 3) if in color.

    Accepts any array of shape (n, height, width) or (n, height, width, channels) with 1 or 3 channels, n at least 1
    and values in [0, 1]. Raises TypeError if it holds no numbers and ValueError, naming what to do, if the shape is
    another, the array is empty, or a value is NaN, infinite or outside [0, 1].
    """
    images = _as_numeric(images, name, IMAGE_SHAPES)
    if images.ndim not in (3, 4) or (images.ndim == 4 and images.shape[-1] not in (1, 3)):
        raise ValueError(f"{name} have shape {images.shape}; expected {IMAGE_SHAPES}: reshape them first")
    if images.size == 0:
        raise ValueError(f"{name} are empty (shape {images.shape}); expected at least one image of one pixel")
    _check_range(images, name)
    if images.dtype.kind != "f":
        images = images.astype(np.float32)
    return images.reshape(images.shape[:3]) if images.shape[3:] == (1,) else images


def as_numbers(array, name, *sizes):
    """Return `array` as a NumPy array of finite floats, of 32 bits at least, and at least one.

    `sizes` are what its axes are expected to have: a whole number, or a word where any size will do. Without them any
    number of axes will do. Raises TypeError if it holds no numbers and ValueError for all else that is not as expected.
    """
    expected = f"({', '.join(map(str, sizes))}{',' * (len(sizes) == 1)})" if sizes else "an array of numbers"
    array = _as_numeric(array, name, expected)
    fits = len(sizes) == array.ndim and all(
        isinstance(size, str) or size == found for size, found in zip(sizes, array.shape, strict=True)
    )
    if sizes and not fits:
        raise ValueError(f"{name} have shape {array.shape}; expected {expected}")
    if array.size == 0:
        raise ValueError(f"{name} are empty (shape {array.shape}); expected at least one number")
    _check_finite(array, name, "finite numbers")
    return array.astype(np.result_type(array, np.float32), copy=False)


def as_pixels(array, name):
    """Return images that are rows of pixels in [0, 1], (n, pixels). The errors are those of `as_images`."""
    array = as_numbers(array, name, "n", "pixels")
    _check_range(array, name)
    return array


def as_count(value, name, least=1, most=None):
    """Return a whole number from `least` to `most`, of Python or NumPy. Raises TypeError or ValueError."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        raise TypeError(f"{name} is {value!r}; expected a whole number")
    if value < least or (most is not None and value > most):
        raise ValueError(f"{name} is {value}; expected {f'at least {least}' if most is None else f'{least} to {most}'}")
    return int(value)


def as_positive(value, name):
    """Return a finite number above 0. Raises TypeError or ValueError."""
    if isinstance(value, bool) or not isinstance(value, int | float | np.integer | np.floating):
        raise TypeError(f"{name} is {value!r}; expected a number")
    if not 0 < value < float("inf"):
        raise ValueError(f"{name} is {value}; expected a finite number above 0")
    return value


def check_latents(decoder, latent_dim):
    """Raise ValueError if a Keras model says that it decodes another number of latents than `latent_dim`."""
    shape = getattr(decoder, "input_shape", None)  # What is no Keras model, or not built yet, does not say.
    if isinstance(shape, tuple) and len(shape) == 2 and shape[1] != latent_dim:
        raise ValueError(f"the decoder takes {shape[1]} latents; expected one that takes {latent_dim}")


def _as_numeric(array, name, expected):
    try:
        array = np.asarray(array)
    except ValueError as error:  # Parts of different sizes in one list.
        raise ValueError(f"{name} are no array ({error}); expected {expected}") from error
    if array.dtype.kind not in "fiub":
        raise TypeError(f"{name} hold {array.dtype} where numbers were expected")
    return array


def _check_finite(array, name, expected):
    if not np.isfinite(array).all():
        raise ValueError(f"{name} contain NaN or infinite values; expected {expected}")


def _check_range(array, name):
    _check_finite(array, name, "numbers in [0, 1]")
    lowest, highest = array.min(), array.max()
    if lowest < 0 or highest > 1:
        # 8-bit images reach far beyond 1; what stays close to it is a reconstruction that overshoots.
        advice = "divide by 255" if lowest >= 0 and 2 <= highest <= 255 else "rescale or clip them"
        raise ValueError(f"{name} run from {lowest} to {highest}; expected values in [0, 1]: {advice}")
