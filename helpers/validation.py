"""Checks of input, with errors that say what was wrong, what was expected, and what to do; atomic file replacement."""

import os
from pathlib import Path

import numpy as np


def as_images(images, name="images"):
    """Return images in [0, 1] as floats, (n, height, width[, 3]); drop an axis of 1. Raises errors as `as_pixels`."""
    images = as_numbers(images, name)
    if images.ndim < 3 or images.shape[3:] not in [(), (1,), (3,)]:
        advice = "drop the alpha channel, [..., :3]" if images.shape[3:] == (4,) else "reshape them, channels last"
        raise ValueError(f"{name} have shape {images.shape}; expected (n, height, width[, 1 or 3]): {advice}")
    as_pixels(images, name, *images.shape)
    return images.reshape(images.shape[:3]) if images.shape[3:] == (1,) else images


def as_pixels(array, name, *sizes):
    """Return numbers in [0, 1] of shape (n, pixels) or `sizes`. Raises errors as `as_numbers` does, with advice."""
    array = as_numbers(array, name, *(sizes or ("n", "pixels")))
    low, high = array.min(), array.max()
    if 0 <= low and high <= 1:
        return array
    advice = "rescale them"
    if -0.25 <= low and 0.5 <= high <= 1.25:
        advice = "clip them with np.clip(images, 0, 1)"
    elif -1 <= low <= -0.5 and high <= 1:
        advice = "if they come from tanh, rescale them with (images + 1) / 2"
    elif 0 <= low and 16 < high <= 255:
        advice = "divide by 255"
    elif "decoded" in name:
        advice = "if these are logits, pass vae.decode instead of vae.decoder, or add a sigmoid to the decoder"
    raise ValueError(f"{name} range from {low} to {high}; expected values in [0, 1]: {advice}")


def as_numbers(array, name, *sizes):
    """Return an array, or a tensor of any backend, as a NumPy array of finite floats with at least 32 bits.

    `sizes` are the expected lengths of its axes; a string, such as "n", allows any. Raises TypeError if it doesn't have
    numbers, and ValueError for another shape, NaN, infinite values, or an empty array.
    """
    if hasattr(array, "detach"):  # NumPy can't read a PyTorch tensor that has a gradient or is on a GPU or bfloat16.
        array = array.detach().cpu().float()
    try:
        array = np.asarray(array)
    except ValueError as error:  # a ragged list or a symbolic tensor
        raise ValueError(f"{name} aren't an array ({error}); expected an array of numbers") from error
    if array.dtype.kind not in "fiub" and array.dtype.type.__module__ != "ml_dtypes":
        raise TypeError(f"{name} have type {array.dtype}; expected numbers")
    known = [found if isinstance(size, str) else size for size, found in zip(sizes, array.shape, strict=False)]
    if sizes and (len(sizes), *known) != (array.ndim, *array.shape):
        raise ValueError(f"{name} have shape {array.shape}; expected ({', '.join(map(str, sizes))})")
    array = array.astype(np.result_type(array, np.float32), copy=False)
    if array.size == 0 or not np.isfinite(array).all():
        fault = "contain NaN or infinite values" if array.size else f"are empty (shape {array.shape})"
        raise ValueError(f"{name} {fault}; expected finite numbers, at least one")
    return array


def as_count(value, name, least=1, most=np.inf):
    """Return a Python or NumPy integer from `least` to `most` as an int. Raises ValueError for anything else."""
    if type(value) is bool or not isinstance(value, int | np.integer) or not least <= value <= most:
        limits = f"of at least {least}" if most == np.inf else f"from {least} to {most}"
        raise ValueError(f"{name} is {value!r}; expected a whole number {limits}")
    return int(value)


def as_positive(value, name):
    """Return a finite number above 0 as a float. Raises ValueError for anything else."""
    if type(value) is bool or not isinstance(value, int | float | np.integer | np.floating) or not 0 < value < np.inf:
        raise ValueError(f"{name} is {value!r}; expected a finite number above 0")
    return float(value)


def check_latent_dim(decoder, latent_dim):
    """Raise ValueError if a decoder, or the decoder of the model that it's a method of, takes other latents."""
    model = getattr(getattr(decoder, "__self__", None), "decoder", decoder)
    shape = getattr(model, "input_shape", None)  # Functions and unbuilt models don't have one.
    if isinstance(shape, tuple) and len(shape) == 2 and shape[1] not in (None, latent_dim):
        raise ValueError(f"the decoder takes {shape[1]} latents; expected one that takes {latent_dim}")


def replace_file(path, content):
    """Write all bytes to `path`, or raise OSError and change nothing. Links are followed, and permissions kept."""
    target = Path(os.path.realpath(path))
    temporary = target.with_name(f".{target.name[:40]}.{os.urandom(4).hex()}")
    try:
        with temporary.open("xb") as stream:
            if target.exists():  # Set permissions first: the content may be private.
                temporary.chmod(target.stat().st_mode & 0o777)
            stream.write(content)
        os.replace(temporary, target)
    except OSError as error:
        hint = "" if target.parent.is_dir() else f"; the folder {target.parent} doesn't exist: create it first"
        raise OSError(error.errno, f"{error.strerror}; nothing was changed{hint}", str(path)) from None
    finally:
        if temporary.exists():
            temporary.unlink()
