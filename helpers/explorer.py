"""A latent plane to explore: decoded images and test codes in one HTML page that needs no kernel and no network."""

import base64
import io
import json
import re
from pathlib import Path

import keras
import numpy as np
from matplotlib.colors import to_hex
from PIL import Image
from scipy.interpolate import RegularGridInterpolator

from helpers.checks import as_images
from helpers.framed_page import FramedPage
from helpers.latent_plane import TEN_COLORS, check_codes, make_grid

PAGE = Path(__file__).with_name("explorer.html")
TITLE = "Latent plane to explore"
MOST_BYTES = 900_000  # of the HTML that a notebook stores
SHADES = 32  # of gray, or of each primary color
MOST_VALUES = 8_000_000  # of all images together, so that a phone can keep them
# Decoded images along each side of the plane, and test images: the first pair that fits is taken.
SIZES = [(31, 600), (25, 400), (19, 240), (13, 120), (9, 60), (5, 20)]


def latent_explorer(decoder, extent, codes, labels, class_names, images=None):
    """Return the plane of two latents as an object that a notebook shows as a page to explore, and `save` as a file.

    `decoder` is a Keras model, or a function, from points (n, 2) to images (n, height, width[, 1 or 3]) in [0, 1].
    `extent` is (z1 from, z1 to, z2 from, z2 to), or one number for -extent to extent both ways; codes beyond are left
    out. `codes` (n, 2), `labels` (n,) and `class_names` are those of `plot_codes`. `images` (n, height, width[, 1 or
    3]) in [0, 1] are the test images that have these codes; without them the nearest code is shown decoded.

    The page holds up to 31 x 31 decoded images, mixed from the nearest four in between, and up to 600 codes with their
    images, the first of each class in turn; larger images get fewer, so that the HTML stays within 900 kB. Raises
    ValueError or TypeError, naming what to do, for other shapes and values, for logits, and for images too large.
    """
    extent = _check_extent(extent)
    codes, labels = check_codes(codes, labels, class_names)
    order = _take_turns(codes, labels, extent)
    if images is not None:
        images = as_images(images)
        if len(images) != len(codes):
            raise ValueError(f"{len(images)} images for {len(codes)} codes; expected the images that have these codes")
    values = _decode(decoder, codes[:1]).size  # of one image
    for side, count in SIZES:
        shown = order[:count]
        if (side**2 + len(shown)) * values > MOST_VALUES:
            continue
        own_images = None if images is None else images[shown]
        explorer = _build(decoder, extent, side, codes[shown], labels[shown], class_names, own_images)
        if len(explorer._repr_html_().encode()) <= MOST_BYTES:
            return explorer
    raise ValueError(f"{side} x {side} images of this size need more than {MOST_BYTES:,} bytes; make them smaller")


def _build(decoder, extent, side, codes, labels, class_names, images):
    """Return the page with side x side decoded images that shows these codes, and their images if there are any."""
    z1_axis, z2_axis = np.linspace(*extent[:2], side), np.linspace(*extent[2:], side)
    drawn = _as_light(_decode(decoder, make_grid(z1_axis, z2_axis)))
    grid = drawn.reshape(side, side, *drawn.shape[1:])  # as on a map: row 0 is the highest z2
    at_codes = _decode(decoder, codes)
    mix = RegularGridInterpolator((z2_axis, z1_axis), grid[::-1].astype("float32"))(codes[:, ::-1])
    difference = np.mean(np.abs(mix - _as_light(at_codes, shades=256))) / 255
    seen = _as_light(at_codes if images is None else images)
    columns = int(np.ceil(len(seen) ** 0.5))
    data = {
        "extent": extent,
        "side": side,
        "tile": drawn.shape[2:0:-1],
        "codes": [[*np.round(code, 4).tolist(), int(label)] for code, label in zip(codes, labels, strict=True)],
        "names": [str(name) for name in class_names],
        "colors": [to_hex(color) for color in TEN_COLORS],
        "seenTile": seen.shape[2:0:-1],
        "seenColumns": columns,
        "source": "nearest test code, decoded" if images is None else "nearest test image",
        "note": f"The decoder drew {side} × {side} points; in between, the picture is a mix of the nearest four. "
        f"At the {len(codes)} codes shown, a pixel of that mix differs from what the decoder draws there by "
        f"{difference:.1%} of the range from black to white, on average.",
    }
    alt = f"what a decoder draws from z1 {extent[0]:g} to {extent[1]:g} across and z2 {extent[2]:g} to {extent[3]:g} up"
    parts = {
        "title": TITLE,
        "alt": alt,
        "atlas": _as_address(drawn, side),
        "seen": _as_address(seen, columns),
        "data": json.dumps(data, allow_nan=False).replace("<", "\\u003c"),  # No name can end the script.
    }
    page = re.sub(r"\{\{(\w+)\}\}", lambda mark: parts[mark[1]], PAGE.read_text(encoding="utf-8"))
    few = grid[:: side // 10 or 1, :: side // 10 or 1]
    return FramedPage(page, TITLE, _as_address(few.reshape(-1, *drawn.shape[1:]), len(few)), alt)


def _check_extent(extent):
    """Return z1 from, z1 to, z2 from, z2 to as a list of floats."""
    bounds = np.ravel(extent)
    if bounds.dtype.kind not in "fiu" or bounds.size not in (1, 4):
        raise ValueError(f"extent is {extent!r}; expected one number, or z1 from, z1 to, z2 from, z2 to")
    if bounds.size == 1:
        bounds = bounds[0] * np.array([-1.0, 1.0, -1.0, 1.0])
    if not (np.isfinite(bounds).all() and bounds[0] < bounds[1] and bounds[2] < bounds[3]):
        raise ValueError(f"extent is {extent!r}; expected finite numbers, each `from` below its `to`")
    return bounds.astype(float).tolist()


def _take_turns(codes, labels, extent):
    """Return the places of the codes within the extent: the first of each class, then the second of each, and so on."""
    inside = np.flatnonzero(np.all((codes >= extent[::2]) & (codes <= extent[1::2]), axis=1))
    if not len(inside):
        raise ValueError(f"none of {len(codes)} codes lies within the extent {extent}; expected one that holds codes")
    own = labels[inside].astype(int)
    counts = np.cumsum(own == np.arange(len(TEN_COLORS))[:, None], axis=1)  # (10, n): how many of each class so far
    return inside[np.lexsort((own, counts[own, np.arange(len(own))]))]


def _decode(decoder, points):
    """Return what a decoder draws at points (n, 2): a float array (n, height, width) or (n, height, width, 3)."""
    if not callable(decoder):
        raise TypeError(f"the decoder is a {type(decoder).__name__}; expected a Keras model or a function of points")
    points = np.asarray(points, dtype="float32")
    predict = getattr(decoder, "predict", None)
    images = predict(points, batch_size=1000, verbose=0) if predict else keras.ops.convert_to_numpy(decoder(points))
    if np.shape(images)[:1] != (len(points),):
        raise ValueError(f"the decoder made {np.shape(images)} of {len(points)} points; expected one image for each")
    lowest, highest = np.min(images), np.max(images)
    if lowest < 0 or highest > 1:
        raise ValueError(
            f"decoded images run from {lowest:.3g} to {highest:.3g}; expected values in [0, 1]: after a decoder that "
            "ends in logits, add a sigmoid, as keras.Sequential([decoder, layers.Activation('sigmoid')])"
        )
    return as_images(images, "decoded images")


def _as_light(images, shades=SHADES):
    """Return checked images as bytes in so many shades, high where it is light: gray ones are ink, so 1 is dark."""
    light = 1 - images if images.ndim == 3 else images
    return np.rint(np.rint(light * (shades - 1)) * (255 / (shades - 1))).astype(np.uint8)


def _as_address(tiles, columns):
    """Return images of bytes as one PNG, so many in a row, and that as an address that holds the data itself."""
    rows = -(-len(tiles) // columns)
    height, width = tiles.shape[1:3]
    sheet = np.full((rows * columns, *tiles.shape[1:]), 255, np.uint8)
    sheet[: len(tiles)] = tiles
    sheet = sheet.reshape(rows, columns, *tiles.shape[1:]).swapaxes(1, 2)
    stream = io.BytesIO()
    picture = Image.fromarray(sheet.reshape(rows * height, columns * width, *tiles.shape[3:]))
    picture.save(stream, format="PNG", optimize=True)
    return f"data:image/png;base64,{base64.b64encode(stream.getvalue()).decode()}"
