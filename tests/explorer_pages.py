"""Shared by both tests of the latent explorer: images with known properties, and functions that read a page."""

import base64
import io
import json
import re

import numpy as np
from PIL import Image

CHANNELS = {"gray": (), "color": (3,)}
STEEPEST = 0.25  # bound on the second derivative of a pixel of `draw_waves` along one latent


def draw_waves(points, channels=()):
    """Draw images (n, 28, 28, *channels) of waves that shift with both latents; STEEPEST bounds their curvature."""
    place = np.arange(28 * 28 * 3).reshape(28, 28, 3)[..., : channels[0] if channels else 1] / 50.0
    z1, z2 = np.asarray(points, dtype=float).T.reshape(2, -1, 1, 1, 1)
    images = 0.5 + 0.25 * np.sin(z1 + place) + 0.25 * np.cos(z2 + 2 * place)
    return images if channels else images[..., 0]


def spread_codes(count=2000, classes=10):
    """Return codes (n, 2) from N(0, 1), labels, and images (n, 28, 28), each of a different shade of gray."""
    rng = np.random.default_rng(0)
    images = np.linspace(0, 1, count)[:, None, None] * np.ones((1, 28, 28))
    return rng.standard_normal((count, 2)), rng.integers(0, classes, count), images


def read_data(page):
    """Return the JSON in a page as Python objects."""
    return json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)[1])


def read_tiles(page, name, columns):
    """Return the tiles of a page's PNG, "atlas" or "seen", in order: bytes (n, height, width[, 3])."""
    address = re.search(rf'<img id="{name}" src="data:image/png;base64,([^"]+)"', page)[1]
    with Image.open(io.BytesIO(base64.b64decode(address))) as picture:
        sheet = np.asarray(picture)
    wide, high = read_data(page)["tile" if name == "atlas" else "seenTile"]
    tiles = sheet.reshape(-1, high, columns, wide, *sheet.shape[2:]).swapaxes(1, 2)
    return tiles.reshape(-1, high, wide, *sheet.shape[2:])
