"""The plots, as read back from their axes, and the input that they reject."""

import keras
import matplotlib.pyplot as plt
import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from matplotlib.colors import to_rgb

from helpers.figures import GAP, plot_image_grid, plot_image_rows, plot_learning_curve
from helpers.latent_space import TEN_COLORS, decode_grid, make_grid, plot_codes, plot_grid, uniform_axis

SIDES = st.integers(1, 5)
SHAPES = st.tuples(SIDES, SIDES, SIDES) | st.tuples(SIDES, SIDES, SIDES, st.sampled_from([1, 3]))
IMAGES = hnp.arrays(np.float32, SHAPES, elements=st.floats(0, 1, width=16), fill=st.just(0.25))
FOUR = np.random.default_rng(0).random((4, 28, 28, 1), np.float32)
HISTORY = {"loss": [3.0, 2.0, 1.0], "val_loss": [3.5, 2.5, 2.0], "accuracy": [0.1, 0.2, 0.3]}
LINE, X = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)]), np.ones((2, 1))
LINE.compile("sgd", "mse", run_eagerly=True)
PLOTTERS = [
    lambda ax=None: plot_image_rows({"original": FOUR, "copy": FOUR / 10}, ax=ax),
    lambda ax=None: plot_image_grid(FOUR / 10, ax=ax),
    lambda ax=None: plot_learning_curve(HISTORY, ax=ax),
]


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


def assert_mosaic(ax, images, columns, ink=True):
    """Assert that an axes shows one picture with each image in its place and white everywhere else."""
    if images.shape[3:] == (1,):
        images = images[..., 0]
    (picture,) = ax.images
    assert picture.get_clim() == (0, 1)
    assert picture.get_cmap()([0.0, 1.0])[:, 0].tolist() == ([1, 0] if ink else [0, 1])  # 1 is white, 0 is black.
    mosaic = np.array(picture.get_array())
    height, width = images.shape[1:3]
    paper = 0 if ink and images.ndim == 3 else 1
    assert mosaic.shape[2:] == images.shape[3:]
    for index, image in enumerate(images):
        top, left = index // columns * (height + GAP), index % columns * (width + GAP)
        place = mosaic[top : top + height, left : left + width]
        np.testing.assert_array_equal(place, image)
        place[:] = paper
    assert (mosaic == paper).all()
    assert mosaic.shape[:2] == (top + height, columns * (width + GAP) - GAP)


@pytest.mark.parametrize("plot", PLOTTERS)
def test_plots_use_the_given_axes_or_a_new_figure_of_at_most_800_pixels(plot):
    plt.close("all")
    figure, (left, right) = plt.subplots(1, 2)
    assert plot(right) is right
    assert not left.has_data()
    with plt.style.context(["default", "helpers.figures"]):
        new = plot().figure
        new.canvas.draw()
    assert plt.get_fignums() == [figure.number, new.number]
    assert new.get_size_inches()[0] * new.dpi <= 800


@given(images=IMAGES, columns=st.integers(1, 9), ink=st.booleans())
def test_grid_places_each_image(images, columns, ink):
    _, ax = plt.subplots(num=1, clear=True)
    assert_mosaic(plot_image_grid(images, columns, ax, ink=ink), images, min(columns, len(images)), ink)


def test_photographs_are_not_inverted_and_bfloat16_is_drawn():
    images = np.full((4, 8, 8), 0.875, ml_dtypes.bfloat16)
    for ink, shade in [(True, 0.125), (False, 0.875)]:
        rows, grid = {"photographs": images}, images.reshape(2, 2, 8, 8)
        for ax in (plot_image_rows(rows, ink=ink), plot_grid(grid, [0, 1], ink=ink)):
            np.testing.assert_allclose(ax.images[0].to_rgba(ax.images[0].get_array())[0, 0, :3], shade, atol=0.01)


def test_labels_are_next_to_their_rows_and_columns():
    labels = ["zero", "one", "two", "three"]
    ax = plot_image_rows({"original": FOUR, "8 numbers": FOUR[..., 0]}, labels)
    assert_mosaic(ax, np.concatenate([FOUR, FOUR]), 4)
    assert [text.get_text() for text in ax.get_yticklabels()] == ["original", "8 numbers"]
    assert [text.get_text() for text in ax.get_xticklabels()] == labels
    for ticks in (ax.get_yticks(), ax.get_xticks()):
        np.testing.assert_allclose(ticks, np.arange(len(ticks)) * (28 + GAP) + 14, atol=1)
    with pytest.raises(ValueError, match="3 column labels for 4 columns"):
        plot_image_rows({"original": FOUR}, list("abc"))
    for other, fault in [(FOUR[:3], "shapes"), (FOUR.repeat(3, axis=3), "shapes"), (FOUR * 255, "'other'")]:
        with pytest.raises(ValueError, match=fault):
            plot_image_rows({"original": FOUR, "other": other})


def test_learning_curve_has_training_and_validation_values_by_epoch():
    ax = plot_learning_curve(HISTORY, label="nats per pixel")
    for line, values in zip(ax.lines, [HISTORY["loss"], HISTORY["val_loss"]], strict=True):
        assert line.get_xdata().tolist() == [1, 2, 3]
        assert list(line.get_ydata()) == values
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("epoch", "nats per pixel")

    with pytest.raises(ValueError, match=r"\['accuracy', 'loss', 'val_loss'\]"):
        plot_learning_curve(HISTORY, "acc")


def test_metric_missing_in_some_epochs_is_rejected():
    history = LINE.fit(X, X, epochs=4, validation_data=(X, X), validation_freq=2, verbose=0)
    with pytest.raises(ValueError, match="call fit without validation_freq"):
        plot_learning_curve(history)


def test_learning_curve_of_resumed_training_starts_at_the_epoch_of_resumption():
    history = LINE.fit(X, X, initial_epoch=4, epochs=6, validation_data=(X, X), verbose=0)
    training, validation = plot_learning_curve(history).lines
    assert list(training.get_xdata()) == list(validation.get_xdata()) == [5, 6]


def draw_halves(z):
    """Draw z1 in the left half and z2 in the right half of images (n, 2, 4, 1)."""
    return (np.repeat(z, 2, axis=1)[:, None, :, None] * np.ones((1, 2, 1, 1)) + 4) / 8


def test_grid_is_decoded_and_drawn_with_z1_to_the_right_and_z2_up():
    axis = uniform_axis(np.uint8(4), 5)
    assert axis.tolist() == [-4, -2, 0, 2, 4]
    images = decode_grid(draw_halves, axis)
    assert images.shape == (5, 5, 2, 4, 1)
    np.testing.assert_allclose(images[0, 0, 0, :, 0] * 8 - 4, [-4, -4, 4, 4])  # lowest z1, highest z2
    np.testing.assert_allclose(images[4, 3, 0, :, 0] * 8 - 4, [2, 2, -4, -4])
    np.testing.assert_allclose(make_grid(axis)[:2], [[-4, 4], [-2, 4]])
    for tiles in (images, images * [0.2, 0.5, 1]):
        ax = plot_grid(tiles, axis)
        drawn = ax.images[0].get_array().reshape(5, 2, 5, 4, -1).swapaxes(1, 2)
        np.testing.assert_allclose(drawn, tiles)
        assert [text.get_text() for text in ax.get_yticklabels()] == ["-4", "-2", "0", "2", "4"]
        assert ax.get_yticks()[0] > ax.get_yticks()[1]


def test_codes_have_the_color_and_the_name_of_their_class():
    labels = np.array([0, 0, 2, 2])
    codes = np.array([[0, 0], [1, 1], [5, 5], [7, 7]], dtype=float)
    ax = plot_codes(codes, labels, ["cat", "dog", "bird"], limit=9)
    assert [tuple(points.get_offsets()[0]) for points in ax.collections] == [(0, 0), (5, 5)]
    assert tuple(ax.collections[1].get_facecolor()[0][:3]) == pytest.approx(to_rgb(TEN_COLORS[2]))
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["cat", "bird"]
    assert {text.get_text(): text.get_position() for text in ax.texts} == {"cat": (0.5, 0.5), "bird": (6, 6)}
    assert ax.get_xlim() == (-9, 9)
