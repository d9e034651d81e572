"""Plots that all notebooks share. Each function returns its axes, and none trains a model or writes a file."""

import matplotlib.pyplot as plt
import numpy as np
from skimage.util import montage

from helpers.validation import as_count, as_images, as_numbers

GAP = 2  # pixels between neighboring images


def plot_image_rows(rows, column_labels=None, ax=None, ink=True):
    """Draw `rows`, a dict from row label to images (n, height, width[, 1 or 3]) in [0, 1]; return the axes.

    Every row has n images of the same size; `column_labels` are n strings. With `ink`, 1 is drawn as black on white;
    with ink=False, and for color images, 1 is light. Raises ValueError or TypeError for anything else.
    """
    if not isinstance(rows, dict) or not rows:
        raise TypeError(f"rows are {rows!r:.60}; expected a dict such as {{'original': images, 'decoded': images}}")
    images = [as_images(row, f"the images of row {label!r}") for label, row in rows.items()]
    if len({row.shape for row in images}) > 1:
        raise ValueError(f"rows have shapes {[row.shape for row in images]}; expected the same shape for all")
    columns, height, width = images[0].shape[:3]
    column_labels = [""] * columns if column_labels is None else column_labels
    if len(column_labels) != columns:
        raise ValueError(f"{len(column_labels)} column labels for {columns} columns; expected one per column")
    ax = plot_image_grid(np.concatenate(images), columns, ax, ink)
    ax.set_yticks(np.arange(len(rows)) * (height + GAP) + height / 2, list(rows))
    ax.set_xticks(np.arange(columns) * (width + GAP) + width / 2, column_labels)
    return ax


def plot_image_grid(images, columns=10, ax=None, ink=True):
    """Draw images (n, height, width[, 1 or 3]) in [0, 1], `columns` per row, as `plot_image_rows`; return the axes."""
    images = as_images(images)
    columns, paper = min(as_count(columns, "columns"), len(images)), 0 if ink and images.ndim == 3 else 1
    mosaic = tile_images(images, columns, paper, GAP)  # One `imshow` is faster than separate axes for each image.
    scale = min(7.6 / mosaic.shape[1], 8 / mosaic.shape[0])
    ax = ax or plt.figure(figsize=(mosaic.shape[1] * scale, mosaic.shape[0] * scale + 0.3)).add_subplot()
    ax.imshow(mosaic, cmap="gray_r" if ink else "gray", vmin=0, vmax=1, interpolation="nearest")
    ax.set(xticks=[], yticks=[], frame_on=False)
    ax.tick_params(length=0, labeltop=True, labelbottom=False, grid_alpha=0)
    return ax


def plot_shaded_text(text, strengths):
    """Draw `text` with each character shaded by its strength, 0 or more, (len(text),); return the axes.

    A line break is shaded after the end of its line. Lines are cut off after 100 characters. Raises ValueError unless
    there's one strength for each character, and none is negative.
    """
    if len(text) != len(strengths):
        raise ValueError(f"{len(strengths)} strengths for {len(text)} characters; expected one per character")
    strengths = as_numbers(strengths, "strengths", len(text))
    if strengths.min() < 0:
        raise ValueError(f"the smallest of the strengths is {strengths.min():g}; expected 0 or more")
    lines, start, columns = text.split("\n"), 0, 100
    shades = np.zeros((len(lines), columns))
    ax = plt.figure(figsize=(7.6, 0.18 * len(lines) + 0.4)).add_subplot()
    for row, line in enumerate(lines):
        shown = strengths[start : start + len(line) + 1][:columns]  # with the line break
        shades[row, : len(shown)] = shown
        start += len(line) + 1
        for column, character in enumerate(line[:columns]):
            ax.text(column, row, character, family="monospace", fontsize=7, ha="center", va="center")
    strongest = max(shades.max(), 1e-9)
    ax.imshow(np.ma.masked_equal(shades, 0), cmap="Oranges", vmin=0, vmax=2 * strongest, aspect="auto")  # 0 stays white
    ax.set(xticks=[], yticks=[], frame_on=False)
    ax.grid(False)
    return ax


def plot_learning_curve(history, metric="loss", label=None, ax=None):
    """Plot `metric`, and its validation value if there is one, by epoch; `history` is `fit`'s, or a dict of lists.

    `label` is the label of the y-axis. Returns the axes. Raises ValueError if the metric isn't there for every epoch.
    """
    values = getattr(history, "history", history)
    names = sorted(values) if isinstance(values, dict) else []
    if metric not in names:
        raise ValueError(f"the history has no {metric!r}, only {names}; expected fit's History, or a dict of lists")
    names = [name for name in (metric, f"val_{metric}") if name in names]
    curves = {name: as_numbers(values[name], f"the values of {name!r}", "epochs") for name in names}
    count, epochs = max(map(np.size, values.values())), np.add(getattr(history, "epoch", []), 1)
    epochs = epochs if len(epochs) == count else np.arange(1, count + 1)
    if any(len(curve) != len(epochs) for curve in curves.values()):
        raise ValueError(f"{metric} wasn't measured in all {len(epochs)} epochs; call fit without validation_freq")
    ax = ax or plt.figure().add_subplot()
    for name, curve in curves.items():
        part = "validation" if name.startswith("val_") else "training"
        ax.plot(epochs, curve, label=part, marker="." if len(curve) < 40 else None)
    ax.xaxis.get_major_locator().set_params(integer=True)
    ax.set(xlabel="epoch", ylabel=label or metric)
    ax.legend()
    return ax


def as_light(images, ink, shades=256):
    """Return images in [0, 1] as uint8 with `shades` levels, high for light; with `ink`, gray images are inverted."""
    images = as_images(images)
    light = 1 - images if ink and images.ndim == 3 else images
    return np.rint(np.rint(light * (shades - 1)) * (255 / (shades - 1))).astype(np.uint8)


def tile_images(images, columns, paper=1, gap=0):
    """Return images (n, height, width[, 3]) as one picture, `columns` per row, with `gap` pixels of `paper` between."""
    fill, channel_axis = ([paper] * 3, 3) if images.ndim == 4 else (paper, None)
    shape = -(-len(images) // columns), columns
    picture = montage(images, fill, grid_shape=shape, padding_width=gap, channel_axis=channel_axis)
    return picture[gap : len(picture) - gap, gap : picture.shape[1] - gap]
