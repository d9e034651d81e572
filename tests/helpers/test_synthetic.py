"""The synthetic data: its format, its dependence on the seed, and how well its classes can be separated."""

from functools import cache

import numpy as np
import pytest
from sklearn.linear_model import RidgeClassifier

from helpers.synthetic import make_digits, make_garments

each_maker = pytest.mark.parametrize("make", [make_digits, make_garments])
make_once = cache(lambda make: make())  # It takes a second or two.


@each_maker
def test_format_is_that_of_the_real_data_with_fewer_images(make):
    x_train, y_train, x_test, y_test = make_once(make)
    assert (len(x_train), len(x_test)) == (6_000, 899 if make is make_digits else 1_000)
    assert not {image.tobytes() for image in x_train} & {image.tobytes() for image in x_test}
    for images, labels in ((x_train, y_train), (x_test, y_test)):
        assert images.shape == (len(labels), 28, 28)
        assert images.dtype == labels.dtype == np.uint8
        assert images.max() > 250
        assert not images[:, 0, [0, -1]].any(), "the background is exactly 0"
        assert (np.abs(np.bincount(labels, minlength=10) / len(labels) - 0.1) < 0.02).all()
        assert len(set(labels[:100].tolist())) == 10, "the classes are mixed"


@pytest.mark.parametrize(("make", "least_accuracy"), [(make_digits, 0.88), (make_garments, 0.95)])
def test_linear_classifier_learns_the_classes(make, least_accuracy):
    x_train, y_train, x_test, y_test = make_once(make)
    x_train, x_test = (images[:, ::2, ::2].reshape(len(images), -1) / 255 for images in (x_train, x_test))
    assert RidgeClassifier(alpha=10).fit(x_train, y_train).score(x_test, y_test) > least_accuracy


@pytest.mark.slow
@each_maker
def test_seed_determines_the_training_images(make):
    for array, repeated in zip(make_once(make), make(seed=0), strict=True):
        np.testing.assert_array_equal(array, repeated)
    assert not np.array_equal(make(seed=1)[0], make_once(make)[0])
