"""The plane of two latents: which image stands where, and what is refused."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_rgb
from scipy.stats import norm

from helpers.latent_plane import TEN_COLORS, decode_grid, make_grid, plot_codes, plot_grid, quantile_axis, uniform_axis

GENERATOR = np.random.default_rng(0)


class Decoder:
    """Draws z1 in the left and z2 in the right half of images (2, 4, 1), and counts its calls."""

    calls = 0

    def predict(self, z, batch_size, verbose):
        self.calls += 1
        images = np.repeat(z, 2, axis=1)[:, None, :, None] * np.ones((1, 2, 1, 1))
        return (images + 4) / 8


@pytest.fixture(autouse=True)
def closed_figures():
    yield
    plt.close("all")


def test_quantiles_cut_the_prior_into_equal_shares():
    axis = quantile_axis(19)
    np.testing.assert_allclose(np.diff(norm.cdf(axis)), 0.05, atol=1e-6)
    assert axis[9] == pytest.approx(0, abs=1e-6)


def test_uniform_axis_reaches_both_ends():
    np.testing.assert_allclose(uniform_axis(3, 4), [-3, -1, 1, 3])


def test_grid_is_a_map_and_takes_one_call():
    decoder, axis = Decoder(), uniform_axis(4, 5)
    images = decode_grid(decoder, axis)
    assert images.shape == (5, 5, 2, 4, 1)
    assert decoder.calls == 1
    np.testing.assert_allclose(images[0, 0, 0, :, 0] * 8 - 4, [-4, -4, 4, 4])  # lowest z1, highest z2
    np.testing.assert_allclose(images[4, 3, 0, :, 0] * 8 - 4, [2, 2, -4, -4])
    np.testing.assert_allclose(make_grid(axis)[:2], [[-4, 4], [-2, 4]])


def test_picture_of_the_grid_shows_each_image_in_its_place():
    axis = uniform_axis(4, 5)
    images = decode_grid(Decoder(), axis)
    ax = plot_grid(images, axis)
    picture = ax.images[0].get_array()
    assert picture.shape == (10, 20)
    np.testing.assert_allclose(picture[8:10, 12:16], images[4, 3, ..., 0])
    assert (ax.images[0].norm.vmin, ax.images[0].norm.vmax) == (0, 1)
    assert ax.get_xticklabels()[0].get_text() == "-4"
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("$z_1$", "$z_2$")


def test_grid_of_color_images_is_drawn_in_color():
    picture = plot_grid(GENERATOR.random((3, 3, 2, 4, 3)), uniform_axis(1, 3)).images[0].get_array()
    assert picture.shape == (6, 12, 3)


@pytest.mark.parametrize("shape", [(9, 2, 4), (3, 2, 2, 4), (2, 3, 2, 4)])
def test_what_is_no_square_grid_is_refused(shape):
    with pytest.raises(ValueError, match=r"expected \(3, 3, height, width"):
        plot_grid(np.zeros(shape), uniform_axis(1, 3))


def test_grid_of_bytes_is_refused():
    with pytest.raises(ValueError, match="divide by 255"):
        plot_grid(np.full((2, 2, 4, 4), 200.0), uniform_axis(1, 2))


def test_codes_stand_in_the_color_of_their_class_with_its_name():
    labels = np.array([0, 0, 2, 2])
    codes = np.array([[0, 0], [1, 1], [5, 5], [7, 7]], dtype=float)
    ax = plot_codes(codes, labels, ["cat", "dog", "bird"], limit=9)
    assert [tuple(points.get_offsets()[0]) for points in ax.collections] == [(0, 0), (5, 5)]
    assert tuple(ax.collections[1].get_facecolor()[0][:3]) == pytest.approx(to_rgb(TEN_COLORS[2]))
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["cat", "bird"]
    assert {text.get_text(): text.get_position() for text in ax.texts} == {"cat": (0.5, 0.5), "bird": (6, 6)}
    assert ax.get_xlim() == (-9, 9)


@pytest.mark.parametrize(
    ("codes", "labels", "names", "message"),
    [
        (np.zeros((4, 3)), np.zeros(4, int), ["a"], r"expected \(n, 2\)"),
        (np.zeros((4, 2)), np.zeros(3, int), ["a"], "for 4 codes"),
        (np.full((4, 2), np.nan), np.zeros(4, int), ["a"], "NaN"),
        (np.zeros((4, 2)), np.ones(4, int), ["a"], "expected 0 to 0"),
        (np.zeros((4, 2)), np.zeros(4, int), ["a"] * 11, "at most 10"),
    ],
)
def test_codes_that_cannot_be_drawn_are_refused(codes, labels, names, message):
    with pytest.raises(ValueError, match=message):
        plot_codes(codes, labels, names)
