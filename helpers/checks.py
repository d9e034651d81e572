"""Errors for arrays that are not images in [0, 1]: what was wrong, what was expected, what to do."""

import numpy as np

IMAGE_SHAPES = "(n, height, width), (n, height, width, 1) or (n, height, width, 3)"


def as_images(images, name="images"):
    """Return `images` as a float array (n, height, width) if gray or (n, height, width, 3) if in color.

    Accepts any array of shape (n, height, width) or (n, height, width, channels) with 1 or 3 channels, n at least 1
    and values in [0, 1]. Raises TypeError if it holds no numbers and ValueError, naming what to do, if the shape is
    another, the array is empty, or a value is NaN, infinite or outside [0, 1].
    """
    try:
        images = np.asarray(images)
    except ValueError as error:  # Images of different sizes in one list.
        raise ValueError(f"{name} are no array ({error}); expected {IMAGE_SHAPES}") from error
    if images.dtype.kind not in "fiub":
        raise TypeError(f"{name} hold {images.dtype} where numbers were expected")
    if images.ndim not in (3, 4) or (images.ndim == 4 and images.shape[-1] not in (1, 3)):
        raise ValueError(f"{name} have shape {images.shape}; expected {IMAGE_SHAPES}: reshape them first")
    if images.size == 0:
        raise ValueError(f"{name} are empty (shape {images.shape}); expected at least one image of one pixel")
    if not np.isfinite(images).all():
        raise ValueError(f"{name} contain NaN or infinite values; expected numbers in [0, 1]")
    lowest, highest = images.min(), images.max()
    if lowest < 0 or highest > 1:
        # 8-bit images reach far beyond 1; what stays close to it is a reconstruction that overshoots.
        advice = "divide by 255" if lowest >= 0 and 2 <= highest <= 255 else "rescale or clip them"
        raise ValueError(f"{name} run from {lowest} to {highest}; expected values in [0, 1]: {advice}")
    if images.dtype.kind != "f":
        images = images.astype(np.float32)
    return images.reshape(images.shape[:3]) if images.shape[3:] == (1,) else images
