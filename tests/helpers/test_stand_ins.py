"""The stand-ins for MNIST and Fashion-MNIST: their form, how they repeat, and that they can be learned."""

from functools import cache

import numpy as np
import pytest
from sklearn.neighbors import KNeighborsClassifier

from helpers import load_fashion_mnist, load_mnist
from helpers.datasets import make_digits, make_garments

each_loader = pytest.mark.parametrize("load", [load_mnist, load_fashion_mnist])
each_maker = pytest.mark.parametrize("make", [make_digits, make_garments])


@cache
def load_once(load):
    """Return a stand-in, which takes seconds to make."""
    return load("stand-in")


@each_loader
def test_form_is_that_of_the_real_data_with_fewer_images(load):
    data = load_once(load)
    assert len(data.x_train) >= 5_000
    assert len(data.x_test) >= 800
    for images, labels in ((data.x_train, data.y_train), (data.x_test, data.y_test)):
        assert images.shape == (len(labels), 28, 28, 1)
        assert images.dtype == np.float32
        assert images.min() == 0
        assert 0.8 < images.max() <= 1
        assert not images[:, 0, [0, -1]].any(), "the background is exactly 0"
        assert labels.dtype == np.uint8
        assert (np.abs(np.bincount(labels, minlength=10) / len(labels) - 0.1) < 0.02).all()
        assert len(set(labels[:100].tolist())) == 10, "the classes are mixed"
    assert len(data.class_names) == 10


@each_loader
def test_no_test_image_is_a_training_image(load):
    data = load_once(load)
    x_train, x_test = ({image.tobytes() for image in images} for images in (data.x_train, data.x_test))
    assert not x_train & x_test


@pytest.mark.parametrize(("load", "least_accuracy"), [(load_mnist, 0.9), (load_fashion_mnist, 0.85)])
def test_classes_can_be_told_apart(load, least_accuracy):
    data = load_once(load)
    x_train, x_test = (images.reshape(len(images), -1) for images in (data.x_train, data.x_test))
    classifier = KNeighborsClassifier(n_neighbors=3).fit(x_train, data.y_train)
    assert classifier.score(x_test, data.y_test) > least_accuracy


@pytest.mark.slow
@each_maker
def test_seed_determines_the_training_images(make):
    arrays = make(seed=0)
    for array, repeated in zip(arrays, make(seed=0), strict=True):
        np.testing.assert_array_equal(array, repeated)
    assert not np.array_equal(make(seed=1)[0], arrays[0])
