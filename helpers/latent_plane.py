"""The plane of two latents: where the codes of images lie, and what the decoder draws all over it."""

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
from scipy.stats import norm

from helpers.checks import as_count, as_images, as_numbers, as_positive, check_latents

TEN_COLORS = matplotlib.color_sequences["petroff10"]  # made to be told apart without color vision
LABEL_BOX = {"facecolor": "white", "alpha": 0.8, "edgecolor": "none", "pad": 1}


def uniform_axis(extent, points):
    """Return `points` coordinates at equal distances from -extent to extent, (points,).

    Raises ValueError or TypeError unless `extent` is a number above 0 and `points` a whole number above 1.
    """
    extent, points = as_positive(extent, "extent"), as_count(points, "points", 2)
    return np.linspace(-extent, extent, points, dtype="float32")


def quantile_axis(points, low=0.05, high=0.95):
    """Return the quantiles of N(0, 1) at `points` equal steps of probability from low to high, (points,).

    Between neighbors lies the same share of the prior, so the picture shows the plane as often as it is drawn from.
    Raises ValueError or TypeError unless low and high are probabilities, low below high, and `points` is above 1.
    """
    points, low, high = as_count(points, "points", 2), as_positive(low, "low"), as_positive(high, "high")
    if not low < high < 1:
        raise ValueError(f"low is {low} and high {high}; expected low < high, both between 0 and 1")
    return norm.ppf(np.linspace(low, high, points)).astype("float32")


def make_grid(axis, z2_axis=None):
    """Return the points of a grid row by row, (points * points, 2): first the highest z2, from the lowest z1.

    `axis` are the coordinates of both latents, rising, or with `z2_axis` those of the first alone. Raises ValueError or
    TypeError if they are not.
    """
    axis = _as_axis(axis)
    across, down = np.meshgrid(axis, (axis if z2_axis is None else _as_axis(z2_axis))[::-1])
    return np.stack([across, down], axis=-1).reshape(-1, 2)


def decode_grid(decoder, axis):
    """Decode a square grid of two latents in one call: images (points, points, height, width[, channels]).

    Row 0 is the highest z2, column 0 the lowest z1, as on a map. `axis` are the coordinates of both latents, rising.
    Raises ValueError or TypeError if they are not, or the decoder takes another number of latents.
    """
    check_latents(decoder, 2)
    axis = _as_axis(axis).astype("float32")
    images = decoder.predict(make_grid(axis), batch_size=1000, verbose=0)
    return images.reshape(len(axis), len(axis), *images.shape[1:])


def plot_grid(images, axis, ax=None):
    """Draw what `decode_grid` returned as one picture, with the coordinates of its outer and middle points.

    Returns the axes, of `ax` or of a new figure. Raises ValueError if images are not in [0, 1] or not a square grid,
    or `axis` does not rise.
    """
    axis = _as_axis(axis)
    points = len(axis)
    images = as_numbers(images, "images")
    if np.ndim(images) < 4 or np.shape(images)[:2] != (points, points):
        raise ValueError(f"images have shape {np.shape(images)}; expected ({points}, {points}, height, width, ...)")
    tiles = as_images(images.reshape(-1, *images.shape[2:]))  # (points * points, height, width[, 3])
    height, width = tiles.shape[1:3]
    rows = tiles.reshape(points, points, *tiles.shape[1:]).swapaxes(1, 2)
    picture = rows.reshape(points * height, points * width, *tiles.shape[3:])
    ax = ax or plt.figure(figsize=(6.4, 6.4)).add_subplot()
    ax.imshow(picture, cmap="gray_r", vmin=0, vmax=1, interpolation="antialiased")
    shown = sorted({0, points // 4, points // 2, points - 1 - points // 4, points - 1})
    ax.set_xticks([(place + 0.5) * width - 0.5 for place in shown], [f"{axis[place]:.2g}" for place in shown])
    ax.set_yticks(
        [(points - 1 - place + 0.5) * height - 0.5 for place in shown], [f"{axis[place]:.2g}" for place in shown]
    )
    ax.set(xlabel="$z_1$", ylabel="$z_2$")
    ax.grid(False)
    return ax


def check_codes(codes, labels, class_names):
    """Return codes (n, 2) and whole labels (n,) as arrays; ValueError for other shapes, values or more than ten names.

    Raises TypeError for what holds no numbers.
    """
    codes = as_numbers(codes, "codes", "n", 2)
    labels = as_numbers(labels, f"labels for {len(codes)} codes", len(codes))
    if (labels % 1 != 0).any():
        raise ValueError("labels lie between whole numbers; expected 0, 1, ... for a point to have a class and a color")
    labels = labels.astype(int)
    if len(class_names) > len(TEN_COLORS):
        raise ValueError(f"{len(class_names)} class names; expected at most {len(TEN_COLORS)}")
    if not 0 <= labels.min() <= labels.max() < len(class_names):
        raise ValueError(f"labels run from {labels.min()} to {labels.max()}; expected 0 to {len(class_names) - 1}")
    return codes, labels


def plot_codes(codes, labels, class_names, ax=None, limit=None):
    """Draw codes (n, 2) in the color of their class, each class named at its median and in a legend beside the axes.

    `labels` are n whole numbers from 0, `class_names` the names they stand for, at most ten; with `limit` both axes
    run from -limit to limit. Returns the axes, of `ax` or of a new figure. Raises ValueError for other shapes, codes
    that are not finite, labels without a name and a limit that is not above 0; TypeError for what holds no numbers.
    """
    codes, labels = check_codes(codes, labels, class_names)
    if limit is not None:
        as_positive(limit, "limit")
    ax = ax or plt.figure(figsize=(7.4, 5.6)).add_subplot()
    for label, name in enumerate(class_names):
        own = codes[labels == label]
        if len(own):
            ax.scatter(*own.T, s=5, alpha=0.4, linewidths=0, color=TEN_COLORS[label], label=name)
            ax.text(*np.median(own, axis=0), name, ha="center", va="center", fontsize=9, bbox=LABEL_BOX)
    legend = ax.legend(loc="center left", bbox_to_anchor=(1.01, 0.5), markerscale=3, handletextpad=0.2)
    for handle in legend.legend_handles:
        handle.set_alpha(1)
    ax.set(xlabel="$z_1$", ylabel="$z_2$")
    if limit is not None:
        ax.set(xlim=(-limit, limit), ylim=(-limit, limit))
    return ax


def _as_axis(axis):
    """Return the coordinates of an axis, (points,), or raise ValueError or TypeError if they do not rise."""
    axis = as_numbers(axis, "coordinates of the axis", "points")
    if (axis[1:] <= axis[:-1]).any():
        raise ValueError("coordinates of the axis do not rise; expected them from the lowest to the highest")
    return axis
