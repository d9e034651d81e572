"""The figures that every notebook draws. A plotter returns its figure or axes, never trains and never writes a file."""

import matplotlib.pyplot as plt
import numpy as np

from helpers.checks import as_count, as_images, as_numbers

GAP = 2  # pixels between neighboring images


def plot_image_rows(rows, column_labels=None, ax=None):
    """Draw `rows`, a dict from row label to images (n, height, width[, 1 or 3]) in [0, 1], one row under the other.

    Use it for originals above their reconstructions. Every row holds the same number of images of one size.
    `column_labels` are n strings above the columns. Returns the axes, of `ax` or of a new figure.
    Raises ValueError if rows differ in shape, labels in number, or images are not in [0, 1], and TypeError for rows
    that are no dict.
    """
    if not isinstance(rows, dict):
        raise TypeError(f"rows are {type(rows).__name__}; expected a dict such as {{'original': images}}")
    if not rows:
        raise ValueError("rows are empty; expected a dict such as {'original': images, 'reconstruction': images}")
    checked = {label: as_images(images, f"the images of row {label!r}") for label, images in rows.items()}
    shapes = {label: images.shape for label, images in checked.items()}
    if len(set(shapes.values())) > 1:
        raise ValueError(f"rows differ in shape: {shapes}; expected the same number of images of one size in each")
    columns = next(iter(shapes.values()))[0]
    if column_labels is not None and len(column_labels) != columns:
        raise ValueError(f"{len(column_labels)} column labels for {columns} columns; expected one for each")
    ax = _draw_mosaic(np.concatenate(list(checked.values())), columns, ax)
    height, width = next(iter(shapes.values()))[1:3]
    ax.set_yticks([row * (height + GAP) + height / 2 for row in range(len(rows))], list(rows))
    if column_labels is not None:
        ax.set_xticks([column * (width + GAP) + width / 2 for column in range(columns)], column_labels)
    return ax


def plot_image_grid(images, columns=10, ax=None):
    """Draw images (n, height, width[, 1 or 3]) in [0, 1] from left to right, `columns` in a row.

    Many decoded images are one batched `predict` and one call of this. Returns the axes, of `ax` or of a new figure.
    Raises ValueError if `columns` is below 1 or images are not in [0, 1], TypeError if they are no numbers.
    """
    columns = as_count(columns, "columns")
    images = as_images(images)
    return _draw_mosaic(images, min(columns, len(images)), ax)


def plot_learning_curve(history, metric="loss", label=None, ax=None):
    """Draw `metric` and, where there is one, its validation value by epoch, from `fit`'s History or a dict of lists.

    `label` names the vertical axis with its unit. Returns the axes, of `ax` or of a new figure.
    Raises ValueError, naming what is there, if the history lacks `metric`, or holds NaN, infinite values or none at
    all, which a curve would hide, and TypeError if it is no history or holds no numbers.
    """
    values = getattr(history, "history", history)
    if not isinstance(values, dict):
        raise TypeError(f"the history is {type(values).__name__}; expected what fit returns, or a dict of lists")
    if metric not in list(values):
        raise ValueError(f"the history has no {metric!r}; expected one of {sorted(values)}")
    names = {metric: "training", f"val_{metric}": "held out"}
    curves = {key: as_numbers(values[key], f"the values of {key!r}", "epochs") for key in names if key in values}
    ax = ax or plt.figure().add_subplot()
    for key, curve in curves.items():
        epochs = np.arange(1, len(curve) + 1)
        ax.plot(epochs, curve, label=names[key], marker="." if len(epochs) < 40 else None)
    ax.xaxis.get_major_locator().set_params(integer=True)
    ax.set(xlabel="epoch", ylabel=label or metric)
    ax.legend()
    return ax


def _draw_mosaic(images, columns, ax):
    """Draw checked images as one picture: a single `imshow` is many times faster than one axes for each image."""
    height, width = images.shape[1:3]
    rows = -(-len(images) // columns)
    mosaic = np.ones((rows * (height + GAP) - GAP, columns * (width + GAP) - GAP, *images.shape[3:]))
    if images.ndim == 3:
        mosaic[:] = 0  # Gray images are drawn ink dark on light, so the gap's 0 is paper.
    for index, image in enumerate(images):
        row, column = divmod(index, columns)
        top, left = row * (height + GAP), column * (width + GAP)
        mosaic[top : top + height, left : left + width] = image
    if ax is None:
        scale = min(7.6 / mosaic.shape[1], 8 / mosaic.shape[0])
        ax = plt.figure(figsize=(mosaic.shape[1] * scale, mosaic.shape[0] * scale + 0.3)).add_subplot()
    ax.imshow(mosaic, cmap="gray_r", vmin=0, vmax=1, interpolation="nearest")
    ax.set(xticks=[], yticks=[])
    ax.xaxis.tick_top()
    ax.tick_params(length=0)
    ax.grid(False)
    ax.spines[:].set_visible(False)
    return ax
