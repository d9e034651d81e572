"""What the check of images returns, and what its errors say. Other arguments are tried in test_bad_input.py."""

import numpy as np
import pytest

from helpers.checks import as_images


@pytest.mark.parametrize(
    ("images", "words"),
    [
        (np.array([[[0, 255]]], np.uint8), ["0 to 255", "divide by 255"]),
        ([[[0.0, 1.2]]], ["0.0 to 1.2", "rescale or clip"]),
        ([[[-1.0, 1.0]]], ["-1.0 to 1.0", "rescale or clip"]),
        (np.full((2, 3, 3), np.nan), ["NaN"]),
        (np.zeros((28, 28)), ["(28, 28)", "(n, height, width)"]),
        (np.zeros((0, 28, 28)), ["empty"]),
        ("images.npz", ["numbers were expected"]),
    ],
    ids=["bytes", "too high", "too low", "NaN", "one image", "no images", "text"],
)
def test_error_names_the_argument_and_what_is_wrong(images, words):
    with pytest.raises((TypeError, ValueError), match=r"^decoded images") as caught:
        as_images(images, "decoded images")
    assert [word for word in words if word not in str(caught.value)] == []
