"""The check of images: what it returns, and what its errors say."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from helpers.checks import as_images

SIDES = st.integers(1, 6)
SHAPES = st.one_of(
    st.tuples(SIDES, SIDES, SIDES),
    st.tuples(SIDES, SIDES, SIDES, st.sampled_from([1, 3])),
)
IMAGES = hnp.arrays(
    st.sampled_from([np.float16, np.float32, np.float64]), SHAPES, elements=st.floats(0, 1, width=16), fill=st.just(0)
)


def is_images(array):
    """Say in other words than the check's own whether an array is images in [0, 1]."""
    return (
        (np.issubdtype(array.dtype, np.number) or array.dtype == bool)
        and (len(array.shape), *array.shape[3:]) in [(3,), (4, 1), (4, 3)]
        and array.size > 0
        and all(0 <= value <= 1 for value in array.ravel().tolist())
    )


@given(images=IMAGES)
def test_images_come_back_with_their_values_and_without_a_gray_axis(images):
    before = images.copy()
    checked = as_images(images)
    assert checked.shape == (images.shape[:3] if images.shape[3:] == (1,) else images.shape)
    assert checked.dtype == images.dtype
    np.testing.assert_array_equal(checked.ravel(), images.ravel())
    np.testing.assert_array_equal(images, before)


@given(images=IMAGES, axes=st.permutations(range(3)), step=st.sampled_from([-2, -1, 2]))
def test_views_that_are_not_contiguous_are_as_good_as_copies(images, axes, step):
    view = images.transpose(*axes, *range(3, images.ndim))[::step, :, ::-1]
    np.testing.assert_array_equal(as_images(view), as_images(view.copy()))


@given(images=IMAGES)
def test_lists_of_numbers_are_as_good_as_arrays(images):
    checked = as_images(images.tolist())
    assert checked.dtype.kind == "f"
    np.testing.assert_array_equal(checked, as_images(images))


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.int64])
def test_black_and_white_images_become_floats(dtype):
    checked = as_images(np.eye(4)[None].astype(dtype))
    assert checked.dtype.kind == "f"
    np.testing.assert_array_equal(checked[0], np.eye(4))


@given(
    array=hnp.arrays(
        hnp.scalar_dtypes() | st.sampled_from([np.dtype(object), np.dtype("i4,f4")]),
        hnp.array_shapes(min_dims=0, max_dims=5, min_side=0, max_side=4),
    )
)
def test_any_array_is_either_returned_as_images_or_refused_with_what_was_expected(array):
    if array.dtype.kind in "fiub" and is_images(array):
        np.testing.assert_array_equal(as_images(array).ravel(), array.ravel())
    else:
        with pytest.raises(ValueError if array.dtype.kind in "fiub" else TypeError, match="expected"):
            as_images(array)


@given(images=IMAGES, value=st.sampled_from([np.nan, np.inf, -np.inf]), data=st.data())
def test_a_single_value_that_is_not_finite_is_refused(images, value, data):
    images.flat[data.draw(st.integers(0, images.size - 1))] = value
    with pytest.raises(ValueError, match="NaN or infinite values; expected"):
        as_images(images)


@given(images=hnp.arrays(np.uint8, st.tuples(SIDES, SIDES, SIDES)))
def test_images_from_0_to_255_are_refused_with_the_advice_to_divide(images):
    assume(images.max() > 1)
    for images_0_to_255 in (images, images.astype(np.float32)):
        with pytest.raises(ValueError, match="divide by 255"):
            as_images(images_0_to_255)


@pytest.mark.parametrize(
    ("lowest", "highest"), [(0.0, 1.0000001), (0.0, 1.2), (-0.1, 1.0), (-1.0, 1.0), (0, 256), (-3, 9)]
)
def test_other_ranges_are_refused_with_their_ends_and_the_advice_to_rescale(lowest, highest):
    images = np.array([[[lowest, highest]]])
    with pytest.raises(ValueError, match="rescale or clip") as caught:
        as_images(images)
    assert f"from {lowest} to {highest}" in str(caught.value)


@pytest.mark.parametrize("shape", [(), (28,), (28, 28), (2, 28, 28, 2), (2, 28, 28, 4), (2, 28, 28, 1, 1)])
def test_other_shapes_are_refused_with_those_that_are_expected(shape):
    with pytest.raises(ValueError, match=r"expected \(n, height, width\)") as caught:
        as_images(np.zeros(shape))
    assert str(shape) in str(caught.value)


@pytest.mark.parametrize("shape", [(0, 28, 28), (3, 0, 28), (3, 28, 0, 1)])
def test_empty_arrays_are_refused(shape):
    with pytest.raises(ValueError, match=r"empty .* expected at least one image"):
        as_images(np.zeros(shape))


@pytest.mark.parametrize(
    ("images", "kind"),
    [
        (None, TypeError),
        ("images.npz", TypeError),
        ({"images": 1}, TypeError),
        ([], ValueError),
        ([np.zeros((2, 2)), np.zeros((3, 3))], ValueError),
    ],
    ids=["nothing", "a name", "a dictionary", "an empty list", "images of two sizes"],
)
def test_what_is_no_array_is_refused(images, kind):
    with pytest.raises(kind, match="expected"):
        as_images(images)


def test_errors_name_the_argument():
    with pytest.raises(ValueError, match=r"^the decoded images have shape"):
        as_images(np.zeros(3), "the decoded images")
