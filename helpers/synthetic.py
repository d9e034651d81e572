"""Images for when MNIST and Fashion-MNIST can't be reached: handwritten digits and drawn garments, without download."""

from importlib import metadata

import numpy as np
from PIL import Image, ImageDraw
from scipy import ndimage

# The filled polygons of each class of Fashion-MNIST: a shade (1 for the cloth, 0 for the background), then x and y of
# each corner in pixels, from the middle of the image and from its top. Shoes, which point to the left, are listed in
# full; the other garments are symmetric, and only their right half is listed.
SHOES = (5, 7, 9)
NECK = (0, 0, 1, 4, 1, 3, 4, 0, 5)
BODY = (1, 0, 3, 4, 2.5, 8, 4, 7.5, 12, 7.5, 26, 0, 26)
SLEEVE = (0.9, 7, 3.5, 9, 5, 13.5, 23, 10.5, 24, 7, 12)
# fmt: off
POLYGONS = (
    (BODY, (0.9, 7, 3.5, 9, 4.5, 13.5, 11, 10, 13.5, 7, 10), NECK),
    ((1, 0, 2, 5, 2, 7.5, 27, 3, 27, 0.7, 10, 0, 10), (0.5, 0, 3.5, 5.2, 3.5, 5.2, 4.5, 0, 4.5)),
    (SLEEVE, BODY, NECK, (0.6, 0, 23.5, 7.6, 23.5, 7.6, 26, 0, 26), (0.6, 12.8, 20, 13.6, 23, 10.5, 24, 9.6, 21)),
    ((1, 0, 5, 2, 1, 3.5, 1, 4, 6, 3, 12, 9, 27, 0, 27), (0, 0, 0, 2, 0, 1.5, 4, 0, 5),
     (0.5, 0, 11, 3.2, 11, 3.2, 13, 0, 13)),
    (SLEEVE, (1, 0, 2, 4, 2, 8, 4, 7.5, 13, 9, 27.5, 0, 27.5), (0.3, 0, 1, 3.5, 1, 0, 10), (0.7, 3, 2, 5, 5, 0.3, 12),
     (0.2, 0, 10, 0.5, 10, 0.5, 28, 0, 28), (0.5, 3, 18, 7, 17, 7, 18.2, 3, 19.2)),
    ((1, -13, 21, -3, 23, 6, 21, 12, 16, 13.5, 17, 13.5, 25, 11, 25, 10, 21, 5, 24, -5, 25.5, -13, 24),
     (0.9, -10, 22, -6, 14, -3.5, 14.5, -7, 22.5), (0.9, -4, 23, -1, 12, 1.5, 12.5, -1, 23),
     (0.9, 3, 10, 12, 8, 13, 18, 11, 18, 10.5, 10, 4, 12)),
    (SLEEVE, (1, 0, 3, 4, 2.5, 8, 4, 7.5, 12, 7.5, 24, 4, 27, 0, 26), NECK, (1.2, 0.2, 5, 3.5, 1, 5, 4, 2.5, 7.5),
     (0.4, 0, 6, 0.7, 6, 0.7, 27, 0, 27), (0.6, 2.5, 10, 5.5, 10, 5.5, 14, 2.5, 14)),
    ((1, -13, 20, -12, 17, -6, 15, 1, 9, 4, 8, 6, 11, 12, 9, 13, 20), (1.3, -13.5, 20, 13.5, 20, 13.5, 23, -13, 23),
     (0.4, -5, 14, -4, 13, -1, 16, -2, 17), (0.4, -2, 12, -1, 11, 2, 14, 1, 15), (0.6, 9, 11, 13, 11, 13, 15, 8, 15)),
    ((1, 0, 10, 11, 10, 12, 26, 0, 26), (0.8, 0, 2, 5, 2, 7.5, 5, 7.5, 10, 6, 10, 6, 5.5, 4.5, 3.5, 0, 3.5),
     (0.7, 0, 10, 11, 10, 9, 17, 0, 19), (0.3, 0, 17, 1.5, 17, 1.5, 20, 0, 20)),
    ((1, -13, 22, -12, 18, -5, 15, -1.5, 11, -1.5, 2, 11, 2, 12, 22), (0.5, 3, 2, 7, 2, 6, 9, 4, 9),
     (0.5, -13.5, 22, 12, 22, 12, 27, 6, 27, 5, 23.5, -13, 24)),
)
# fmt: on


def make_digits(seed=0):
    """Take a seed and return (x_train, y_train, x_test, y_test): images (n, 28, 28) uint8, labels (n,) uint8.

    The 6,000 training images are the first 898 digits of the source and variations of them, in random order; the 899
    test images are the others, almost all by other writers. Raises ValueError if the seed is negative.
    Source: E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits, 1998, https://doi.org/10.24432/C50P49,
    8x8 pixels each; scikit-learn ships its test part.
    """
    file = metadata.distribution("scikit-learn").locate_file("sklearn/datasets/data/digits.csv.gz")
    table = np.loadtxt(file, delimiter=",")  # as load_digits does, without the seconds that importing sklearn takes
    images, labels, half = table[:, :64].reshape(-1, 8, 8), table[:, 64].astype(np.uint8), len(table) // 2
    generator = np.random.default_rng(seed)
    order = generator.permutation(6_000)
    variations = generator.uniform(-1, 1, (6_000, 5)) * (order >= half)[:, None]  # The first use is the original.
    x_test = _enlarge(images[half:], np.zeros((len(labels) - half, 5)))
    return _enlarge(images[order % half], variations), labels[order % half], x_test, labels[half:]


def _enlarge(digits, variations):
    """Take digits (n, 8, 8) and numbers from -1 to 1, (n, 5), for angle, slant, size and place; return uint8 images."""
    digits = np.pad(digits / 16, ((0, 0), (3, 3), (3, 3)))
    digits += 3 * (digits - ndimage.gaussian_filter(digits, (0, 1, 1)))  # sharpened, since the source is blurred
    ink = digits.clip(0)
    centers = np.einsum("nij,kij->nk", ink, np.indices((14, 14))) / ink.sum((1, 2))[:, None]
    images = np.empty((len(digits), 28, 28), np.float32)
    for digit, center, variation, image in zip(digits, centers, variations, images, strict=True):
        angle, slant, size, *shift = variation * (0.2, 0.15, 0.1, 1.5, 1.5)
        matrix = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle) + slant, np.cos(angle)]]) / 2.5 / (1 + size)
        ndimage.affine_transform(digit, matrix, center - matrix @ (13.5 + np.array(shift)), output=image)
    images = np.clip((images - 0.4) / 0.8, 0, 1)
    return np.rint(255 * images**2 * (3 - 2 * images)).astype(np.uint8)  # A smooth step gives soft edges.


def make_garments(seed=0):
    """Take a seed and return (x_train, y_train, x_test, y_test): images (n, 28, 28) uint8, labels (n,) uint8.

    6,000 training and 1,000 test images of the ten classes of Fashion-MNIST, bright on black, drawn from `POLYGONS`
    with random proportions and shades. Raises ValueError if the seed is negative.
    """
    generator = np.random.default_rng(seed)
    y_train, y_test = (generator.permutation(np.arange(n) % 10).astype(np.uint8) for n in (6_000, 1_000))
    x_train, x_test = (np.stack([_draw(label, generator) for label in labels]) for labels in (y_train, y_test))
    return x_train, y_train, x_test, y_test


def _draw(label, generator):
    """Return a garment (28, 28) uint8, drawn four times as large and averaged."""
    image = Image.new("L", (112, 112))
    brush = ImageDraw.Draw(image)
    cloth, size = generator.uniform(110, 255), generator.uniform(3.1, 4, 2)
    for shade, *places in POLYGONS[label]:
        corners = np.array(places).reshape(-1, 2)
        noise = generator.normal(0, 1.6, corners.shape) * (corners[:, :1] != 0)  # none on the axis of symmetry
        corners = (corners - (0, 14)) * size + noise
        for side in (1,) if label in SHOES else (1, -1):
            brush.polygon((corners * (side, 1) + 56).ravel().tolist(), fill=int(min(cloth * shade, 255)))
    return np.asarray(image.reduce(4))
