"""The figures: what is drawn where, read back from the axes, and what is refused."""

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from helpers.figures import GAP, plot_image_grid, plot_image_rows, plot_learning_curve

IMAGES = hnp.arrays(
    np.float32,
    st.tuples(st.integers(1, 7), st.integers(1, 5), st.integers(1, 5))
    | st.tuples(st.integers(1, 7), st.integers(1, 5), st.integers(1, 5), st.sampled_from([1, 3])),
    elements=st.floats(0, 1, width=16),
    fill=st.just(0.25),
)
HISTORY = {"loss": [3.0, 2.0, 1.0], "val_loss": [3.5, 2.5, 2.0], "accuracy": [0.1, 0.2, 0.3]}
PLOTTERS = {
    "rows": lambda images, ax=None: plot_image_rows({"original": images, "copy": images}, ax=ax),
    "grid": lambda images, ax=None: plot_image_grid(images, ax=ax),
    "curve": lambda _, ax=None: plot_learning_curve(HISTORY, ax=ax),
}
each_plotter = pytest.mark.parametrize("plot", PLOTTERS.values(), ids=PLOTTERS)
each_image_plotter = pytest.mark.parametrize("plot", [PLOTTERS["rows"], PLOTTERS["grid"]], ids=["rows", "grid"])


@pytest.fixture(autouse=True)
def _without_windows():
    matplotlib.use("Agg")
    plt.close("all")
    yield
    plt.close("all")


@pytest.fixture
def images():
    return np.random.default_rng(0).random((4, 28, 28, 1), np.float32)


def read_mosaic(ax):
    """Return the one picture that an axes shows."""
    (picture,) = ax.images
    return np.asarray(picture.get_array())


def assert_mosaic(ax, images, columns):
    """Assert that each image is at its place and that all else is paper."""
    if images.shape[3:] == (1,):
        images = images[..., 0]
    height, width = images.shape[1:3]
    paper = 1 if images.ndim == 4 else 0
    mosaic = read_mosaic(ax).copy()
    assert mosaic.shape[2:] == images.shape[3:]
    for index, image in enumerate(images):
        top, left = index // columns * (height + GAP), index % columns * (width + GAP)
        place = mosaic[top : top + height, left : left + width]
        np.testing.assert_array_equal(place, image)
        place[:] = paper
    assert (mosaic == paper).all()
    assert mosaic.shape[:2] == (top + height, columns * (width + GAP) - GAP)


@each_plotter
def test_plotters_draw_on_the_axes_they_are_given(images, plot):
    figure, (left, right) = plt.subplots(1, 2)
    assert plot(images, ax=right) is right
    assert not left.has_data()
    assert plt.get_fignums() == [figure.number]


@each_plotter
def test_plotters_make_a_figure_if_they_are_given_none_and_close_none(images, plot):
    before = plt.figure()
    ax = plot(images)
    assert ax.figure is not before
    assert plt.get_fignums() == [before.number, ax.figure.number]
    assert max(ax.figure.get_size_inches()) <= 8.3


@each_plotter
def test_plotters_change_no_data_and_write_no_file(images, plot, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    before = images.copy()
    plot(images).figure.canvas.draw()
    np.testing.assert_array_equal(images, before)
    assert HISTORY["loss"] == [3.0, 2.0, 1.0]
    assert not list(tmp_path.iterdir())


@each_image_plotter
@pytest.mark.parametrize(
    "change", [lambda images: images * 255, lambda images: images - 1, lambda images: images * np.nan]
)
def test_images_outside_0_to_1_are_refused(images, plot, change):
    with pytest.raises(ValueError, match="expected"):
        plot(change(images))
    assert not plt.get_fignums()


@given(images=IMAGES, columns=st.integers(1, 9))
def test_grid_has_each_image_at_its_place_on_paper(images, columns):
    _, ax = plt.subplots(num=1, clear=True)
    assert_mosaic(plot_image_grid(images, columns, ax), images, min(columns, len(images)))


@given(images=IMAGES, count=st.integers(1, 3))
def test_rows_have_each_image_at_its_place_on_paper(images, count):
    _, ax = plt.subplots(num=1, clear=True)
    rows = {f"row {index}": images * np.float32(1 - index / 4) for index in range(count)}
    plot_image_rows(rows, ax=ax)
    assert_mosaic(ax, np.concatenate(list(rows.values())), len(images))


@each_image_plotter
def test_one_color_scale_holds_for_all_gray_images(images, plot):
    (picture,) = plot(images * np.float32(0.1)).images
    assert picture.get_clim() == (0, 1)
    assert picture.get_cmap()(0.0) == (1, 1, 1, 1)
    assert picture.get_cmap()(1.0) == (0, 0, 0, 1)


def test_900_images_are_one_picture_on_one_axes():
    images = np.random.default_rng(0).random((900, 28, 28, 1), np.float32)
    ax = plot_image_grid(images, columns=30)
    assert ax.figure.axes == [ax]
    assert_mosaic(ax, images, 30)


@pytest.mark.parametrize("columns", [0, -1])
def test_grid_without_columns_is_refused(images, columns):
    with pytest.raises(ValueError, match="at least 1"):
        plot_image_grid(images, columns)


def test_labels_stand_at_their_rows_and_columns(images):
    labels = ["zero", "one", "two", "three"]
    ax = plot_image_rows({"original": images, "8 numbers": images}, labels)
    assert [text.get_text() for text in ax.get_yticklabels()] == ["original", "8 numbers"]
    assert [text.get_text() for text in ax.get_xticklabels()] == labels
    for index, place in enumerate(ax.get_yticks()):
        assert place == pytest.approx(index * (28 + GAP) + 14, abs=1)
    for index, place in enumerate(ax.get_xticks()):
        assert place == pytest.approx(index * (28 + GAP) + 14, abs=1)


def test_rows_without_column_labels_have_no_ticks_above(images):
    assert not len(plot_image_rows({"original": images}).get_xticks())


def test_rows_mix_both_forms_of_gray_images(images):
    ax = plot_image_rows({"four axes": images, "three axes": images[..., 0]})
    assert_mosaic(ax, np.concatenate([images, images]), 4)


@pytest.mark.parametrize("labels", [[], ["one"], list("12345")])
def test_column_labels_of_another_number_are_refused(images, labels):
    with pytest.raises(ValueError, match=f"{len(labels)} column labels for 4 columns"):
        plot_image_rows({"original": images}, labels)


@pytest.mark.parametrize(
    "other", [lambda images: images[:3], lambda images: images[:, 1:], lambda images: images.repeat(3, axis=3)]
)
def test_rows_of_different_shapes_are_refused(images, other):
    with pytest.raises(ValueError, match="rows differ in shape"):
        plot_image_rows({"original": images, "other": other(images)})


def test_no_rows_are_refused():
    with pytest.raises(ValueError, match="expected a dict"):
        plot_image_rows({})


def test_error_names_the_row_that_is_not_in_0_to_1(images):
    with pytest.raises(ValueError, match="the images of row 'bright'"):
        plot_image_rows({"original": images, "bright": images * 255})


def test_learning_curve_has_training_and_validation_by_epoch():
    ax = plot_learning_curve(HISTORY, label="nats per pixel")
    training, validation = ax.lines
    assert training.get_xdata().tolist() == validation.get_xdata().tolist() == [1, 2, 3]
    assert list(training.get_ydata()) == HISTORY["loss"]
    assert list(validation.get_ydata()) == HISTORY["val_loss"]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["training", "held out"]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("epoch", "nats per pixel")


def test_learning_curve_takes_what_fit_returns_and_another_metric():
    class History:
        history = HISTORY

    ax = plot_learning_curve(History(), "accuracy")
    assert len(ax.lines) == 1
    assert ax.get_ylabel() == "accuracy"


def test_learning_curve_of_an_unknown_metric_is_refused_with_those_there_are():
    with pytest.raises(ValueError, match=r"no 'acc'; expected one of \['accuracy', 'loss', 'val_loss'\]"):
        plot_learning_curve(HISTORY, "acc")


@each_plotter
def test_style_of_the_collection_draws_every_figure(images, plot):
    with plt.style.context("default"):
        plt.style.use("helpers.figures")
        figure = plot(images).figure
        figure.canvas.draw()
        assert figure.get_size_inches()[0] * figure.dpi <= 800
        assert plt.rcParams["axes.prop_cycle"].by_key()["color"][0] == "#0072B2"
