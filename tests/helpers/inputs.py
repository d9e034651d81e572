"""Hypothesis strategies for valid and invalid input to helpers, and predicates that define validity independently."""

import math
import re

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

REJECTED = object()


def attempt(call):
    """Return what a call returns, or REJECTED if it raises TypeError or ValueError and says what was expected."""
    try:
        return call()
    except (TypeError, ValueError) as error:
        if re.search(r"expect|must be", str(error)):
            return REJECTED
        raise AssertionError(f"this doesn't say what was expected: {error!r}") from error


FLOATS = ("float16", "float32", "float64")
IMAGE_SHAPES = st.tuples(*[st.integers(1, 5)] * 3, st.sampled_from([(), (1,), (3,)])).map(lambda s: s[:3] + s[3])
IMAGES = hnp.arrays(st.sampled_from(FLOATS), IMAGE_SHAPES, elements=st.floats(0, 1, width=16))
BYTE_IMAGES = hnp.arrays("uint8", IMAGE_SHAPES)
ALMOST_IMAGES = hnp.arrays("float32", IMAGE_SHAPES, elements=st.sampled_from([0.5, np.nan, np.inf, -0.5, 1.5]))
ARRAY_SHAPES = hnp.array_shapes(min_dims=0, max_dims=5, min_side=0, max_side=4)
ANY_ARRAYS = st.one_of(
    hnp.arrays(st.sampled_from(FLOATS), ARRAY_SHAPES, elements=st.floats(width=16)),  # NaN and infinite values too
    hnp.arrays(st.sampled_from(["bool", "uint8", "int64", "complex64", "U3", "datetime64[s]"]), ARRAY_SHAPES),
)
NOT_ARRAYS = st.sampled_from([None, "digits.npz", 3, 0.5, {}, [], [[1], [2, 3]], {"images": 1}, np.array([None])])
NUMBERS = st.floats(width=16) | st.sampled_from([3, 0, -1, np.int64(2), np.float32(2), None, True, "3", [2], 1j])
COUNTS = st.integers(-2, 7) | NUMBERS
VIEWS = (
    lambda array: array,
    lambda array: array[::-2] if array.ndim else array,
    lambda array: array.T,
    lambda array: np.broadcast_to(array, (2, *array.shape)),
    lambda array: array.tolist(),
)


def viewed(arrays):
    """Return a strategy for the same arrays as contiguous arrays, as non-contiguous views, and as lists."""
    return st.builds(lambda array, view: view(array), arrays, st.sampled_from(VIEWS))


ANYTHING = st.one_of(*map(viewed, (IMAGES, BYTE_IMAGES, ALMOST_IMAGES, ANY_ARRAYS)), NOT_ARRAYS)
# Integer arrays with one or two axes, many of which are valid coordinates, labels, or codes.
SMALL_ARRAYS = st.sampled_from([(0, 1), (-9, 9)]).flatmap(
    lambda ends: viewed(hnp.arrays("int8", st.sampled_from([3, 4, (4, 2)]), elements=st.integers(*ends)))
) | st.lists(st.integers(-9, 9), min_size=1, max_size=5, unique=True).map(sorted)
ARRAYS = st.one_of(*[SMALL_ARRAYS] * 3, ANYTHING)


def as_array(value):
    """Return a value as an array of numbers, or None if that's impossible."""
    try:
        array = np.array(value)
    except ValueError:
        return None
    return array if array.dtype.kind in "biuf" else None


def is_finite(value, dimensions=None):
    array = as_array(value)
    if array is None or not array.size or dimensions not in (None, array.ndim):
        return False
    return all(map(math.isfinite, array.ravel().tolist()))


def is_codes(value):
    return is_finite(value, 2) and np.shape(value)[1] == 2


def is_pixels(value, dimensions=2):
    return is_finite(value, dimensions) and all(0 <= pixel <= 1 for pixel in np.ravel(value).tolist())


def is_images(value):
    return is_pixels(value, None) and (np.ndim(value), *np.shape(value)[3:]) in [(3,), (4, 1), (4, 3)]


def is_count(value, least=1, most=math.inf):
    return isinstance(value, int | np.integer) and not isinstance(value, bool) and least <= value <= most


def is_positive(value):
    is_number = isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)
    return is_number and 0 < value < math.inf


def is_axis(value, points=None):
    """Return whether these are increasing coordinates, with the given number of points if there is one."""
    values = np.array(value).tolist() if is_finite(value, 1) else []
    return sorted(set(values)) == values and len(values) in ([points] if points else range(1, 1000))
