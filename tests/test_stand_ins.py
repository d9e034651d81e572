"""The stand-ins for MNIST and Fashion-MNIST: their form, how they repeat, and that they can be learned."""

import time
from functools import cache

import numpy as np
import pytest
import sklearn.datasets
from PIL import Image, ImageDraw
from sklearn.neighbors import KNeighborsClassifier

from helpers.digits_stand_in import make_digits
from helpers.garments_stand_in import make_garments

MAKERS = [make_digits, make_garments]
# load_digits has 1,797 digits: 898 for training, 899 for test.
TRAIN_DIGITS, TEST_DIGITS = 898, 899
TOPS_AND_TROUSERS, SHOES = (0, 1, 2, 3, 4, 6), (5, 7, 9)


@cache
def make_once(make):
    """Return what a maker makes of seed 0, made only once for all tests."""
    return make(seed=0)


def time_plain_drawing():
    """Return the seconds that 100,000 short lines take here, a yardstick; half a second on a quiet machine."""
    brush = ImageDraw.Draw(Image.new("L", (112, 112)))
    start = time.process_time()
    for place in range(100_000):
        brush.line([0, place % 112, 20, 30, 111, 60], fill=255, width=2)
    return time.process_time() - start


def as_set(images):
    """Return the images as a set of bytes, so that equal images become one."""
    return {image.tobytes() for image in images}


@pytest.mark.parametrize(
    ("make", "test_images"), [(make_digits, TEST_DIGITS), (make_garments, 1_000)], ids=["digits", "garments"]
)
def test_shapes_and_types_are_those_of_mnist(make, test_images):
    x_train, y_train, x_test, y_test = make_once(make)
    assert x_train.shape == (6_000, 28, 28)
    assert y_train.shape == (6_000,)
    assert x_test.shape == (test_images, 28, 28)
    assert y_test.shape == (test_images,)
    assert {array.dtype for array in (x_train, y_train, x_test, y_test)} == {np.dtype(np.uint8)}


@pytest.mark.parametrize("make", MAKERS)
def test_images_are_bright_on_a_ground_of_exactly_zero(make):
    x_train, _, x_test, _ = make_once(make)
    for images in (x_train, x_test):
        assert images.min() == 0
        assert images.max() > 200
        assert ((images == 0).mean(axis=(1, 2)) > 0.1).all()
        # The upper corners are ground in every image.
        assert not images[:, 0, [0, -1]].any()


@pytest.mark.parametrize("make", MAKERS)
def test_same_seed_gives_same_arrays(make):
    for array, repeated in zip(make_once(make), make(seed=0), strict=True):
        np.testing.assert_array_equal(array, repeated)


def is_made_in_time(make):
    """Return whether images are made in five seconds, or on a slow processor in what takes five seconds elsewhere."""
    before = time_plain_drawing()
    # Time on the processor, which other programs on a busy machine change less than the time on the clock.
    start = time.process_time()
    make(seed=0)
    taken = time.process_time() - start
    return taken < max(5, 10 * max(before, time_plain_drawing()))


@pytest.mark.parametrize("make", MAKERS)
def test_images_are_made_in_time(make):
    # The processor's pace may change between the drawing that it is compared with and this; not three times in a row.
    assert any(is_made_in_time(make) for _ in range(3))


@pytest.mark.parametrize("make", MAKERS)
def test_other_seed_gives_other_training_images(make):
    shared = as_set(make_once(make)[0]) & as_set(make(seed=1)[0])
    # The originals among the digits are the same for every seed; everything else differs.
    assert len(shared) == (TRAIN_DIGITS if make is make_digits else 0)


@pytest.mark.parametrize("make", MAKERS)
def test_negative_seed_is_refused(make):
    with pytest.raises(ValueError, match="non-negative"):
        make(seed=-1)


@pytest.mark.parametrize("make", MAKERS)
def test_no_image_occurs_twice_and_no_test_image_in_training(make):
    x_train, _, x_test, _ = make_once(make)
    assert len(as_set(np.concatenate([x_train, x_test]))) == len(x_train) + len(x_test)


@pytest.mark.parametrize(("make", "least_accuracy"), [(make_digits, 0.9), (make_garments, 0.85)])
def test_classes_can_be_told_apart(make, least_accuracy):
    x_train, y_train, x_test, y_test = make_once(make)
    classifier = KNeighborsClassifier(n_neighbors=3)
    classifier.fit(x_train.reshape(len(x_train), -1) / 255, y_train)
    assert classifier.score(x_test.reshape(len(x_test), -1) / 255, y_test) > least_accuracy


def test_digits_are_nearly_balanced_and_shuffled():
    _, y_train, _, y_test = make_once(make_digits)
    assert (np.abs(np.bincount(y_train) / len(y_train) - 0.1) < 0.01).all()
    assert (np.abs(np.bincount(y_test) / len(y_test) - 0.1) < 0.01).all()
    # The source counts from 0 to 9 over and over; shuffled labels hardly ever continue by one.
    assert np.mean(np.diff(y_train.astype(int)) % 10 == 1) < 0.2


def change_source(monkeypatch, order):
    """Let load_digits return its digits in another order."""
    source = sklearn.datasets.load_digits()
    source.images, source.target = source.images[order], source.target[order]
    monkeypatch.setattr(sklearn.datasets, "load_digits", lambda: source)


def test_training_digits_depend_on_the_training_half_alone(monkeypatch):
    x_train, y_train, x_test, y_test = make_once(make_digits)
    test_half_reversed = np.r_[:TRAIN_DIGITS, TRAIN_DIGITS + TEST_DIGITS - 1 : TRAIN_DIGITS - 1 : -1]
    change_source(monkeypatch, test_half_reversed)
    changed = make_digits(seed=0)
    np.testing.assert_array_equal(changed[0], x_train)
    np.testing.assert_array_equal(changed[1], y_train)
    np.testing.assert_array_equal(changed[2], x_test[::-1])
    np.testing.assert_array_equal(changed[3], y_test[::-1])


def test_unaltered_training_digits_are_among_the_training_images(monkeypatch):
    x_train, y_train, _, _ = make_once(make_digits)
    # Test digits are drawn unaltered, so training digits in their place show how they look unaltered.
    change_source(monkeypatch, np.roll(np.arange(TRAIN_DIGITS + TEST_DIGITS), TEST_DIGITS))
    _, _, unaltered, labels = make_digits(seed=0)
    label_of_image = {image.tobytes(): label for image, label in zip(x_train, y_train, strict=True)}
    found = [label_of_image.get(image.tobytes()) for image in unaltered[1:]]
    assert len(found) == TRAIN_DIGITS
    assert found == labels[1:].tolist()


def test_training_digits_move_about_the_center():
    x_train, _, x_test, _ = make_once(make_digits)
    places = np.arange(28)

    def centers(images):
        ink = images.sum(axis=(1, 2))
        rows, columns = images.sum(axis=2) @ places, images.sum(axis=1) @ places
        return np.stack([rows / ink, columns / ink], axis=1)

    assert np.abs(centers(x_test) - 13.5).max() < 2
    assert np.abs(centers(x_train) - 13.5).max() < 4
    assert centers(x_train).std() > 2 * centers(x_test).std()


def test_garments_are_exactly_balanced_and_shuffled():
    _, y_train, _, y_test = make_once(make_garments)
    assert np.bincount(y_train).tolist() == [600] * 10
    assert np.bincount(y_test).tolist() == [100] * 10
    assert not np.array_equal(y_train[:100], np.sort(y_train[:100]))
    assert len(set(y_train[:100].tolist())) == 10


def test_garments_of_each_class_vary():
    x_train, y_train, _, _ = make_once(make_garments)
    for label in range(10):
        images = x_train[y_train == label].astype(float)
        assert images.std(axis=0).mean() > 12, label
        # Light and dark ones, large and small ones.
        ink = images > 0
        assert (images.sum(axis=(1, 2)) / ink.sum(axis=(1, 2))).std() > 20, label
        assert ink.sum(axis=(1, 2)).std() > 15, label


def test_garments_fill_the_frame_as_in_fashion_mnist():
    x_train, y_train, _, _ = make_once(make_garments)
    heights = (x_train > 0).any(axis=2).sum(axis=1)
    widths = (x_train > 0).any(axis=1).sum(axis=1)
    assert heights[np.isin(y_train, TOPS_AND_TROUSERS)].min() >= 23
    assert widths[np.isin(y_train, SHOES)].min() >= 24


def test_shoes_point_left():
    x_train, y_train, _, _ = make_once(make_garments)
    shoes = x_train[np.isin(y_train, SHOES)] > 0
    top_of_column = np.where(shoes.any(axis=1), shoes.argmax(axis=1), 28)
    # The toe is lower than the heel.
    assert (top_of_column[:, :6].min(axis=1) >= top_of_column[:, -6:].min(axis=1)).mean() > 0.8
