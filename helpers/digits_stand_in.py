"""Handwritten digits that need no download, for when MNIST cannot be reached.

scikit-learn ships 1,797 handwritten digits of 8x8 pixels. This module enlarges them to the size and look of
MNIST, and extends the training half with slightly moved, turned and slanted copies.
"""

import numpy as np
from scipy import ndimage

IMAGE_SIDE = 28
TRAIN_IMAGES = 6_000
# The eight rows of a source digit become about 20 rows, the height of the digits in MNIST.
ENLARGEMENT = 2.5
# Enough empty rows and columns around a source digit that its spline has faded out before the edge.
MARGIN = 3


def make_digits(seed=0):
    """Take a seed and return (x_train, y_train, x_test, y_test): images (n, 28, 28) uint8, labels (n,) uint8.

    x_train has 6,000 images made from the first 898 source digits, x_test has the other 899. The source keeps
    the digits of one writer together, so almost all test digits come from other hands. Bright ink lies on a
    black ground, 0 to 255. The seed decides how the training copies differ and in which order all training
    images come; the test images are the same for every seed.

    Raises ImportError if scikit-learn is not installed, ValueError if the seed is negative.

    Source: E. Alpaydin and C. Kaynak (1998), "Optical Recognition of Handwritten Digits", UCI Machine
    Learning Repository, https://doi.org/10.24432/C50P49; scikit-learn ships its test part.
    """
    from sklearn.datasets import load_digits  # Slow to import, so only those who need the digits pay for it.

    source = load_digits()
    digits = _prepare(source.images / 16.0)
    labels = source.target.astype(np.uint8)
    train_sources = len(digits) // 2

    # Every training digit is used equally often, and its first use is the original.
    source_of_image = np.arange(TRAIN_IMAGES) % train_sources
    generator = np.random.default_rng(seed)
    originals = [_draw(digit) for digit in digits]
    copies = [_draw_varied(digits[which], generator) for which in source_of_image[train_sources:]]
    x_train = np.stack(originals[:train_sources] + copies)
    x_test = np.stack(originals[train_sources:])

    # Shuffled, so that any slice of the training images mixes originals and copies.
    order = generator.permutation(TRAIN_IMAGES)
    return x_train[order], labels[source_of_image][order], x_test, labels[train_sources:]


def _prepare(digits):
    """Take digits (n, 8, 8) float in 0..1 and return the splines (n, 14, 14) float through sharper ones.

    A source pixel is the mean of a 4x4 block of the scan, which blurs strokes together and fills small loops.
    Adding the difference from a still blurrier digit undoes much of that.
    """
    padded = np.pad(digits, ((0, 0), (MARGIN, MARGIN), (MARGIN, MARGIN)))
    blurred = ndimage.gaussian_filter(padded, sigma=(0, 1, 1))
    sharpened = padded + 3.0 * (padded - blurred)
    return np.stack([ndimage.spline_filter(digit, order=3) for digit in sharpened])


def _draw(spline, turn=0.0, slant=0.0, growth=(1.0, 1.0), shift=(0.0, 0.0), pen=0.0):
    """Take the spline (14, 14) of a digit and return the digit drawn (28, 28) uint8, its ink in the center.

    `turn` is in radians, `slant` in columns per row, `growth` a factor for height and for width, `shift` in
    pixels down and right, and a positive `pen` thickens the strokes.
    """
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    slanting = np.array([[1.0, 0.0], [slant, 1.0]])
    enlarging = ENLARGEMENT * rotation @ slanting @ np.diag(growth)
    # The spline is asked the other way round: which place of the source does each drawn pixel show?
    shrinking = np.linalg.inv(enlarging)
    image_center = (IMAGE_SIDE - 1) / 2 + np.array(shift)
    offset = _find_center_of_ink(spline) - shrinking @ image_center
    enlarged = ndimage.affine_transform(
        spline, shrinking, offset, output_shape=(IMAGE_SIDE, IMAGE_SIDE), order=3, prefilter=False
    )

    # A smooth step from bare ground to full ink gives solid strokes with soft edges.
    ink = np.clip((enlarged + pen - 0.4) / 0.8, 0.0, 1.0)
    return np.rint(255 * ink**2 * (3 - 2 * ink)).astype(np.uint8)


def _draw_varied(spline, generator):
    """Take the spline (14, 14) of a digit and return it drawn (28, 28) uint8 as another hand might have."""
    return _draw(
        spline,
        turn=np.deg2rad(generator.uniform(-12, 12)),
        slant=generator.uniform(-0.15, 0.15),
        growth=generator.uniform(0.9, 1.1, size=2),
        shift=generator.uniform(-1.5, 1.5, size=2),
        pen=generator.uniform(-0.1, 0.15),
    )


def _find_center_of_ink(digit):
    """Take a digit (rows, columns) and return the row and column, (2,) float, where its ink balances."""
    ink = np.clip(digit, 0.0, None)
    places = np.arange(len(ink))
    return np.array([places @ ink.sum(axis=1), places @ ink.sum(axis=0)]) / ink.sum()
