"""The plane of two latents: plots of the codes of images, and of the images decoded from a grid."""

import matplotlib.pyplot as plt
import numpy as np
from scipy.stats import norm

from helpers.figures import tile_images
from helpers.validation import as_count, as_images, as_numbers, as_positive, check_latent_dim

TEN_COLORS = plt.color_sequences["petroff10"]  # distinguishable without color vision
LABEL_BOX = {"facecolor": "white", "alpha": 0.8, "edgecolor": "none", "pad": 1}


def uniform_axis(extent, points):
    """Return `points` evenly spaced coordinates from -extent to extent, (points,); at least two."""
    return np.linspace(-as_positive(extent, "extent"), extent, as_count(points, "points", 2), dtype="float32")


def quantile_axis(points, low=0.05, high=0.95):
    """Return `points` quantiles of N(0, 1), (points,), for evenly spaced probabilities from low to high."""
    if not 0 < as_positive(low, "low") < as_positive(high, "high") < 1:
        raise ValueError(f"low is {low} and high is {high}; expected low < high, both between 0 and 1")
    return norm.ppf(np.linspace(low, high, as_count(points, "points", 2))).astype("float32")


def make_grid(axis, z2_axis=None):
    """Return the points, (n, 2), of a grid of increasing coordinates, row by row from the highest z2 and lowest z1."""
    axes = axis, axis if z2_axis is None else z2_axis
    across, up = (as_numbers(coordinates, "axis coordinates", "points") for coordinates in axes)
    if (np.diff(across) <= 0).any() or (np.diff(up) <= 0).any():
        raise ValueError("axis coordinates don't increase; expected them sorted from lowest to highest")
    return np.stack(np.meshgrid(across, up[::-1]), axis=-1).reshape(-1, 2)


def decode_points(decoder, z):
    """Return the images decoded from z (n, 2) by a Keras model or a function such as vae.decode; check their values."""
    check_latent_dim(decoder, 2)
    if not callable(decoder):
        raise TypeError(f"the decoder is {decoder!r}; expected a Keras model or a function of points (n, 2)")
    z, predict = np.asarray(z, dtype="float32"), getattr(decoder, "predict", None)
    images = as_numbers(predict(z, batch_size=1000, verbose=0) if predict else decoder(z), "decoded images")
    if len(as_images(images, "decoded images")) != len(z):
        raise ValueError(f"the decoder returned {len(images)} images for a batch of {len(z)} points; expected one each")
    return images


def decode_grid(decoder, axis):
    """Return the images, (points, points, height, width[, channels]), that a decoder returns for `make_grid(axis)`."""
    images = decode_points(decoder, make_grid(axis))
    return images.reshape(len(axis), len(axis), *images.shape[1:])


def plot_grid(images, axis, ax=None, ink=True):
    """Draw images from `decode_grid` with coordinates at the edges, `ink` as in `plot_image_rows`; return the axes."""
    axis, points, images = make_grid(axis)[: len(axis), 0], len(axis), as_numbers(images, "decoded images")
    if images.shape[:2] != (points, points):
        raise ValueError(f"decoded images have shape {images.shape}; expected ({points}, {points}, height, width, ...)")
    tiles = as_images(images.reshape(-1, *images.shape[2:]), "decoded images")
    ax = ax or plt.figure(figsize=(6.4, 6.4)).add_subplot()
    ax.imshow(tile_images(tiles, points), "gray_r" if ink else "gray", vmin=0, vmax=1, interpolation="antialiased")
    shown = np.unique([0, points // 4, points // 2, points - 1 - points // 4, points - 1])
    names = [f"{coordinate:.2g}" for coordinate in axis[shown]]
    ax.set_xticks((shown + 0.5) * tiles.shape[2] - 0.5, names)
    ax.set_yticks((points - shown - 0.5) * tiles.shape[1] - 0.5, names)
    ax.set(xlabel="$z_1$", ylabel="$z_2$")
    ax.grid(False)
    return ax


def check_codes(codes, labels, class_names):
    """Return codes (n, 2) and labels (n,), integers; raise ValueError unless each label has one of up to ten names."""
    codes = as_numbers(codes, "codes", "n", 2)
    labels = as_numbers(labels, f"labels for {len(codes)} codes", len(codes))
    if len(class_names) > 10 or not np.isin(labels, np.arange(len(class_names))).all():
        raise ValueError(f"labels are {np.unique(labels)[:12]}; expected 0 to {len(class_names) - 1}, at most 10 names")
    return codes, labels.astype(int)


def plot_codes(codes, labels, class_names, ax=None, limit=None, named=True):
    """Plot codes (n, 2), colored by label (n,), on axes to ±limit if given, with names if `named`; return the axes."""
    codes, labels = check_codes(codes, labels, class_names)
    limits = {} if limit is None else dict.fromkeys(("xlim", "ylim"), (-as_positive(limit, "limit"), limit))
    ax = ax or plt.figure(figsize=(7.4, 5.6)).add_subplot()
    for label in np.unique(labels):
        own, name = codes[labels == label], class_names[label]
        ax.scatter(*own.T, s=5, alpha=0.4, linewidths=0, color=TEN_COLORS[label], label=name)
        ax.text(*np.median(own, axis=0), name if named else "", ha="center", va="center", fontsize=9, bbox=LABEL_BOX)
    legend = ax.legend(loc="center left", bbox_to_anchor=(1.01, 0.5), markerscale=3, handletextpad=0.2)
    plt.setp(legend.legend_handles, alpha=1)
    ax.set(xlabel="$z_1$", ylabel="$z_2$", **limits)
    return ax
