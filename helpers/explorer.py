"""A latent plane to explore: decoded images and test codes in one HTML page that needs no kernel and no network."""

import base64
import html
import json
import re
from dataclasses import dataclass
from pathlib import Path

import imageio.v3 as iio
import numpy as np
from matplotlib.colors import to_hex

from helpers.figures import as_light, tile_images
from helpers.latent_space import TEN_COLORS, check_codes, decode_points, make_grid
from helpers.validation import as_images, as_numbers, replace_file

TEMPLATES = Path(__file__).with_name("explorer.html").read_text(encoding="utf-8")
PAGE, _, FRAME = re.split("(<!-- In a notebook[^>]*>\n)", TEMPLATES)
MOST_BYTES = 900_000  # of the HTML that a notebook stores
MOST_VALUES = 8_000_000  # of all images together, so that a phone has enough memory
SHADES = 32  # of gray, or of each primary color
SIZES = [(31, 600), (19, 240), (11, 80), (5, 20)]  # images along each side of the plane, and codes: the first that fits


@dataclass(frozen=True)
class LatentExplorer:
    """A page to explore, and a still picture with alt text for readers whose notebook viewer removes the page."""

    page: str
    still: str
    alt: str

    def __repr__(self):
        return f"Latent plane to explore: {self.alt}"

    def _repr_html_(self):
        return _fill(FRAME, page=html.escape(self.page), still=self.still, alt=html.escape(self.alt))

    def save(self, path):
        """Write the page to `path`, such as "plane.html", in place of an old file as a whole; return the path."""
        replace_file(path, self.page.encode())
        return Path(path)


def latent_explorer(decoder, extent, codes, labels, class_names, images=None, ink=True):
    """Return the plane of two latents to explore: a notebook shows it as a page, and `save` writes it to a file.

    `decoder` is a Keras model, or a function such as vae.decode, from points (n, 2) to images (n, height, width[, 1 or
    3]) in [0, 1]. `extent` is (z1 from, z1 to, z2 from, z2 to), or one number for -extent to extent on both axes.
    `codes` (n, 2), `labels` (n,), and `class_names` are those of `plot_codes`, `ink` is that of `plot_image_rows`. The
    page shows the nearest of `images`, the test images of these codes; without them, the nearest code is decoded. The
    HTML stays within 900 kB: it has up to 600 codes, fewer with large images. Raises ValueError or TypeError.
    """
    bounds = as_numbers(extent, "extent")
    bounds = bounds * [-1.0, 1.0, -1.0, 1.0] if bounds.size == 1 else bounds
    if bounds.shape != (4,) or not (bounds[::2] < bounds[1::2]).all():
        raise ValueError(f"extent is {extent!r}; expected a positive number, or z1 from, z1 to, z2 from, z2 to")
    codes, labels = check_codes(codes, labels, class_names)
    images = None if images is None else as_images(images)
    if images is not None and len(images) != len(codes):
        raise ValueError(f"{len(images)} images for {len(codes)} codes; expected the images that have these codes")
    inside = np.flatnonzero(((codes >= bounds[::2]) & (codes <= bounds[1::2])).all(axis=1))
    if not len(inside):
        raise ValueError(f"none of {len(codes)} codes is within the extent {extent}; expected one with codes in it")
    values = decode_points(decoder, codes[:1]).size  # of one image
    for side, count in SIZES:
        shown = inside[:count]
        if (side**2 + len(shown)) * values <= MOST_VALUES:
            seen = None if images is None else images[shown]
            explorer = _build(decoder, bounds.tolist(), side, codes[shown], labels[shown], class_names, seen, ink)
            if len(explorer._repr_html_().encode()) <= MOST_BYTES:
                return explorer
    raise ValueError(f"{side} x {side} images need over {MOST_BYTES:,} bytes; expected less: make them smaller")


def _build(decoder, extent, side, codes, labels, class_names, images, ink):
    """Return the page with side x side decoded images, these codes, and their images if there are any."""
    z1_axis, z2_axis = np.linspace(*extent[:2], side), np.linspace(*extent[2:], side)
    drawn = as_light(decode_points(decoder, make_grid(z1_axis, z2_axis)), ink, SHADES)
    grid = drawn.reshape(side, side, *drawn.shape[1:])  # as on a map: row 0 is the highest z2
    seen = as_light(decode_points(decoder, codes) if images is None else images, ink, SHADES)
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
        "note": f"The decoder drew {side} × {side} points; in between, the picture is a mix of the nearest four.",
    }
    alt = f"what a decoder draws from z1 {extent[0]:g} to {extent[1]:g} across and z2 {extent[2]:g} to {extent[3]:g} up"
    json_data = json.dumps(data, allow_nan=False).replace("<", "\\u003c")  # No name can close it.
    page = _fill(PAGE, alt=alt, atlas=_as_address(drawn, side), seen=_as_address(seen, columns), data=json_data)
    few = grid[:: side // 10 or 1, :: side // 10 or 1]
    return LatentExplorer(page, _as_address(few.reshape(-1, *drawn.shape[1:]), len(few)), alt)


def _fill(template, **parts):
    return re.sub(r"\{\{(\w+)\}\}", lambda mark: parts[mark[1]], template)


def _as_address(tiles, columns):
    """Return images of bytes as a data URL: one PNG with `columns` images in each row."""
    png = iio.imwrite("<bytes>", tile_images(tiles, columns, paper=255), extension=".png", optimize=True)
    return f"data:image/png;base64,{base64.b64encode(png).decode()}"
