"""Images for when MNIST and Fashion-MNIST can't be downloaded: handwritten digits and drawn garments."""

import json
from importlib import metadata
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw
from scipy import ndimage

# Filled polygons by class: a shade (1 for cloth, 0 for background), then x and y of each corner in pixels, measured
# from the center line and the top of the image. Shoes are listed in full; the others are symmetric.
POLYGONS = json.loads(Path(__file__).with_name("garments.json").read_text(encoding="utf-8"))
SHOES = "Sandal", "Sneaker", "Ankle boot"


def make_digits(seed=0):
    """Return (x_train, y_train, x_test, y_test) for a seed: images (n, 28, 28) uint8, labels (n,) uint8.

    The 6,000 training images are the first 898 digits of the source and variations of them, in random order; the 899
    test images are the rest, almost all by other writers. Source: E. Alpaydin and C. Kaynak, Optical Recognition of
    Handwritten Digits, 1998, https://doi.org/10.24432/C50P49; scikit-learn includes its test set, 8x8 pixels each.
    """
    file = metadata.distribution("scikit-learn").locate_file("sklearn/datasets/data/digits.csv.gz")
    table = np.loadtxt(file, delimiter=",")  # like load_digits, but importing sklearn takes seconds
    images, labels, half = table[:, :64].reshape(-1, 8, 8), table[:, 64].astype(np.uint8), len(table) // 2
    generator = np.random.default_rng(seed)
    order = generator.permutation(6_000)
    variations = generator.uniform(-1, 1, (6_000, 5)) * (order >= half)[:, None]  # The first use is unchanged.
    x_test = _enlarge(images[half:], np.zeros((len(labels) - half, 5)))
    return _enlarge(images[order % half], variations), labels[order % half], x_test, labels[half:]


def _enlarge(digits, variations):
    """Return digits (n, 8, 8) as uint8 (n, 28, 28); `variations`, (n, 5) in [-1, 1], set angle, slant, size, shift."""
    digits = np.pad(digits / 16, ((0, 0), (3, 3), (3, 3)))
    digits += 3 * (digits - ndimage.gaussian_filter(digits, (0, 1, 1)))  # sharpened because the source is blurred
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
    """Return (x_train, y_train, x_test, y_test) for a seed: images (n, 28, 28) uint8, labels (n,) uint8.

    There are 6,000 training and 1,000 test images of Fashion-MNIST's ten classes, with random proportions and shades.
    """
    generator = np.random.default_rng(seed)
    y_train, y_test = (generator.permutation(np.arange(n) % 10).astype(np.uint8) for n in (6_000, 1_000))
    names = list(POLYGONS)
    x_train, x_test = (np.stack([_draw(names[label], generator) for label in labels]) for labels in (y_train, y_test))
    return x_train, y_train, x_test, y_test


def _draw(name, generator):
    """Return a garment (28, 28) uint8, drawn at four times the size and averaged."""
    image = Image.new("L", (112, 112))
    brush = ImageDraw.Draw(image)
    cloth, size = generator.uniform(110, 255), generator.uniform(3.1, 4, 2)
    for shade, *places in POLYGONS[name]:
        corners = np.array(places).reshape(-1, 2)
        noise = generator.normal(0, 1.6, corners.shape) * (corners[:, :1] != 0)  # none on the axis of symmetry
        corners = (corners - (0, 14)) * size + noise
        for side in (1,) if name in SHOES else (1, -1):
            brush.polygon((corners * (side, 1) + 56).ravel().tolist(), fill=int(min(cloth * shade, 255)))
    return np.asarray(image.reduce(4))
