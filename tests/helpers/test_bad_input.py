"""Helpers accept any valid input, and reject any other input with an error that says what was expected.

Bad input to checkpoints, GIFs, the explorer, launched programs, and compiled epochs is tested with those helpers.
"""

import math
from functools import partial
from types import SimpleNamespace

import keras
import matplotlib.pyplot as plt
import numpy as np
import pytest
from hypothesis import given
from keras import layers
from scipy.special import expit

from helpers import load_mnist
from helpers.animation import show_gif, write_gif
from helpers.explorer import latent_explorer
from helpers.figures import plot_image_grid, plot_image_rows, plot_learning_curve
from helpers.latent_space import decode_grid, make_grid, plot_codes, plot_grid, quantile_axis, uniform_axis
from helpers.training import warmup_then_cosine
from helpers.vae_metrics import (
    count_active_units,
    iwae_bound,
    log_likelihood_by_quadrature,
    log_px_given_z,
    log_standard_normal,
    measure_vae,
    sample_latents,
)
from helpers.validation import as_count, as_images, as_numbers, as_pixels, as_positive
from tests.helpers import inputs
from tests.helpers.inputs import REJECTED, as_array, attempt, is_axis, is_count, is_finite, is_images, is_positive


class Decoder:
    """Decodes any number of latents to images of one shape, in [0, 1], without Keras."""

    def __init__(self, latent_dim, shape):
        self.weights = np.random.default_rng(0).normal(size=(latent_dim, int(np.prod(shape)))) / np.sqrt(latent_dim)
        self.shape = shape

    def predict(self, z, batch_size=None, verbose=0):
        return expit(z @ self.weights).reshape(len(z), *self.shape).astype("float32")

    __call__ = predict


class Encoder:
    """Encodes images to z_mean and z_log_var with any number of latents, without Keras."""

    def __init__(self, latent_dim, shape):
        self.weights = np.random.default_rng(1).normal(size=(int(np.prod(shape)), latent_dim))

    def predict(self, images, batch_size=None, verbose=0):
        z_mean = images.reshape(len(images), -1) @ self.weights
        return [z_mean.astype("float32"), np.tanh(z_mean).astype("float32") - 1]


def build(images, latent_dim=2):
    """Return an encoder and a decoder for images of this shape."""
    shape = np.shape(as_array(images))[1:] or (1,)
    return Encoder(latent_dim, shape), Decoder(latent_dim, shape)


def new_axes():
    return plt.subplots(num=1, clear=True)[1]


FOUR, ZEROS = np.full((4, 4, 4, 1), 0.5), np.zeros((4, 2))
ENCODER, DECODER = build(FOUR)
RANDOM = np.random.default_rng(0)
bound, measure = (partial(helper, ENCODER, DECODER) for helper in (iwae_bound, measure_vae))
quadrature = partial(log_likelihood_by_quadrature, DECODER)


def plot_one_class(codes, limit=None):
    return plot_codes(codes, np.zeros(np.shape(as_array(codes))[:1]), ["one"], new_axes(), limit)


def is_batch(value):
    """Return whether these are images or rows of pixels."""
    return inputs.is_pixels(value, None) and np.ndim(value) >= 2


# By helper or argument: a call, and a predicate of valid input unless it takes images.
TAKES_IMAGES = {
    "as_images": as_images,
    "plot_image_grid": lambda images: plot_image_grid(images, ax=new_axes()),
    "plot_image_rows": lambda images: plot_image_rows({"original": images}, ax=new_axes()),
}
TAKES_FOUR_IMAGES = {
    "latent_explorer": lambda images: latent_explorer(DECODER, 2.0, ZEROS, [0] * 4, ["one"], images),
    "write_gif": lambda images: write_gif("nowhere/film.gif", images, 100),
    "plot_grid": lambda images: plot_grid(images.reshape(2, 2, 4, 4, 1), [0, 1]),
    "log_px_given_z": lambda images: log_px_given_z(images, images / 255),
    "iwae_bound": lambda images: bound(images, 3),
    "log_likelihood_by_quadrature": lambda images: quadrature(images, points=4),
    "measure_vae": lambda images: measure(images, bound_images=2, points=4),
}
TAKES_NUMBER = {
    "as_count": (lambda count: as_count(count, "count"), is_count),
    "as_positive": (lambda number: as_positive(number, "number"), is_positive),
    "columns": (lambda count: plot_image_grid(FOUR, count, new_axes()), is_count),
    "points of uniform_axis": (lambda count: uniform_axis(1, count), partial(is_count, least=2)),
    "points of quantile_axis": (quantile_axis, partial(is_count, least=2)),
    "points of the quadrature": (lambda count: quadrature(FOUR, points=count), partial(is_count, least=2)),
    "samples of the bound": (lambda count: bound(FOUR, count), is_count),
    "samples of sample_latents": (lambda count: sample_latents(ZEROS, ZEROS, count, RANDOM), is_count),
    "bound_images": (
        lambda count: measure(FOUR, bound_images=count, points=4),
        lambda count: count is None or is_count(count, most=len(FOUR)),
    ),
    "extent of uniform_axis": (lambda extent: uniform_axis(extent, 3), is_positive),
    "extent of the quadrature": (lambda extent: quadrature(FOUR, extent, 4), is_positive),
    "limit": (lambda limit: plot_one_class(ZEROS, limit), lambda limit: limit is None or is_positive(limit)),
}
TAKES_ARRAY = {
    "as_numbers": (lambda array: as_numbers(array, "numbers"), is_finite),
    "as_numbers of a shape": (lambda array: as_numbers(array, "codes", "n", 2), inputs.is_codes),
    "as_pixels": (lambda array: as_pixels(array, "pixels"), inputs.is_pixels),
    "codes": (plot_one_class, inputs.is_codes),
    "labels": (
        lambda labels: plot_codes(ZEROS, labels, ["one", "two"], new_axes()),
        lambda labels: is_finite(labels, 1) and len(labels) == 4 and set(np.array(labels).tolist()) <= {0, 1},
    ),
    "make_grid": (make_grid, is_axis),
    "decode_grid": (lambda axis: decode_grid(DECODER, axis), is_axis),
    "axis of plot_grid": (lambda axis: plot_grid(np.zeros((3, 3, 2, 2)), axis, new_axes()), partial(is_axis, points=3)),
    "losses": (lambda losses: plot_learning_curve({"loss": losses}, ax=new_axes()), partial(is_finite, dimensions=1)),
    "iwae_bound": (lambda images: iwae_bound(*build(images), images, 3), is_batch),
    "quadrature": (lambda images: log_likelihood_by_quadrature(build(images)[1], images, points=4), is_batch),
    "count_active_units": (count_active_units, lambda z: is_finite(z, 2) and len(z) > 1),
    "log_standard_normal": (log_standard_normal, is_finite),
    "log_px_given_z": (lambda pixels: log_px_given_z(pixels, pixels), is_batch),
    "sample_latents": (
        lambda z: sample_latents(z, np.zeros(np.shape(as_array(z))), 1, RANDOM),
        partial(is_finite, dimensions=2),
    ),
}


@pytest.mark.parametrize("call", TAKES_IMAGES.values(), ids=TAKES_IMAGES)
@given(images=inputs.ANYTHING)
def test_images_are_accepted_if_and_only_if_valid(call, images):
    assert (attempt(lambda: call(images)) is not REJECTED) == is_images(images)


@pytest.mark.parametrize("call", (TAKES_IMAGES | TAKES_FOUR_IMAGES).values(), ids=TAKES_IMAGES | TAKES_FOUR_IMAGES)
def test_pixels_from_0_to_255_are_rejected_with_the_advice_to_divide(call):
    with pytest.raises(ValueError, match="divide by 255"):
        call(np.random.default_rng(0).integers(0, 256, (4, 4, 4, 1)).astype("float32"))


@pytest.mark.parametrize(("call", "is_valid"), TAKES_NUMBER.values(), ids=TAKES_NUMBER)
@given(number=inputs.COUNTS)
def test_numbers_are_accepted_if_and_only_if_valid(call, is_valid, number):
    assert (attempt(lambda: call(number)) is not REJECTED) == is_valid(number)


@pytest.mark.parametrize(("call", "is_valid"), TAKES_ARRAY.values(), ids=TAKES_ARRAY)
@given(array=inputs.ARRAYS)
def test_arrays_are_accepted_if_and_only_if_valid(call, is_valid, array):
    assert (attempt(lambda: call(array)) is not REJECTED) == is_valid(array)


@pytest.mark.parametrize(
    "call",
    [
        *(lambda junk=junk: plot_image_rows(junk) for junk in (None, [], "rows", FOUR, {})),
        *(lambda junk=junk: plot_learning_curve(junk) for junk in (None, [], 3, "loss", {})),
        *(lambda junk=junk: show_gif("film.gif", junk) for junk in (None, 3, b"a film", " ")),
        *(lambda junk=junk: load_mnist(junk) for junk in ("", "internet", 3, [], {}, ("folder",), b"folder", True)),
        *(lambda low=low: quantile_axis(3, low, 0.5) for low in (0, 0.5, 0.9, math.nan, "0.1")),
        lambda: quantile_axis(3, 0.5, 1),
        lambda: plot_codes(ZEROS, [0, 0.5, 1, 1], ["one", "two"], new_axes()),
        lambda: warmup_then_cosine(0.1, 3, 3, 5),
    ],
)
def test_values_of_the_wrong_type_or_out_of_range_are_rejected(call):
    assert attempt(call) is REJECTED


@pytest.mark.parametrize("spoil", [lambda x: x * np.nan, lambda x: x + np.inf, lambda x: x[:1], lambda x: x[..., None]])
@pytest.mark.parametrize("spoiled", [0, 1, "decoded"])
def test_networks_with_invalid_output_are_rejected(spoil, spoiled):
    encoder, decoder = build(FOUR)
    encode, decode = encoder.predict, decoder.predict
    if spoiled == "decoded":
        decoder.predict = lambda *args, **options: spoil(decode(*args, **options))
        assert attempt(lambda: log_likelihood_by_quadrature(decoder, FOUR, points=4)) is REJECTED
    else:  # z_mean or z_log_var
        encoder.predict = lambda *args, **options: [
            spoil(part) if place == spoiled else part for place, part in enumerate(encode(*args, **options))
        ]
    assert attempt(lambda: measure_vae(encoder, decoder, FOUR, bound_images=2, points=4)) is REJECTED
    assert attempt(lambda: iwae_bound(encoder, decoder, FOUR, 5)) is REJECTED


def test_decoder_with_wrong_pixels_or_latents_is_rejected():
    bright = SimpleNamespace(predict=lambda z, **_: np.full((len(z), 4, 4, 1), 1.01))
    assert attempt(lambda: measure_vae(ENCODER, bright, FOUR, bound_images=2)) is REJECTED
    decoder = keras.Sequential([keras.Input((3,)), layers.Dense(16, "sigmoid"), layers.Reshape((4, 4, 1))])
    assert attempt(lambda: decode_grid(decoder, [-1, 1])) is REJECTED
    assert attempt(lambda: log_likelihood_by_quadrature(decoder, FOUR, points=4)) is REJECTED
