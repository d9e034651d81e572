"""Every public helper, given what it should not be: what comes back is right, or an error says what was expected.

A helper that a module gains is found by its name, and fails the last test until it is tried here too.
"""

import importlib
import inspect
import math
import pkgutil
import re
from types import SimpleNamespace

import keras
import matplotlib.pyplot as plt
import numpy as np
import pytest
from hypothesis import given as given_some
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from keras import layers
from scipy.special import expit, logsumexp
from scipy.stats import norm
from test_figures import assert_mosaic
from test_films import read_back

import helpers
from helpers import checks, exercises, explorer, figures, films, latent_plane, measures, results
from helpers.datasets import load_fashion_mnist, load_mnist
from helpers.digits_stand_in import make_digits
from helpers.garments_stand_in import make_garments
from helpers.reproducibility import set_seed
from helpers.schedules import warmup_then_cosine
from helpers.variational import Sampling, kl_divergence, reconstruction_loss

REFUSED = object()
TRIED = set()
# These take what another helper made, or a maintainer's file, and nothing of a reader's.
TAKE_OURS = {
    "collection.CollectionMap",
    "collection.plot_results",
    "collection.show_map",
    "data_files.check_digests",
    "datasets.Dataset",
    "exercises.make_digest",
    "films.Film",
    "measures.VaeMeasures",
    "results.ResultsTable",
    "results.is_met",
}
# What has a file of tests to itself is tried there.
TRIED_BY = {
    "test_checkpoints": {"checkpoints.keep_epochs"},
    "test_data_mutations": {"data_files.read_fashion_mnist", "data_files.read_mnist"},
    "test_launch": {
        "guard.guard",
        *(f"launch.{name}" for name in ("find_free_port", "programs", "run_workers", "wait_for")),
    },
    "test_explorer": {"explorer.latent_explorer", "framed_page.FramedPage", "latent_plane.check_codes"},
    "test_memory": {"memory.limit_heaps", "memory.return_freed_memory"},
    "test_onednn": {"onednn.set_up_onednn"},
    "test_written_files": {"files.replace_file"},
    "test_whole_epochs": {"whole_epochs.fit_whole_epochs"},
}


def tries(*names):
    """Note which helpers a test tries."""
    TRIED.update(names)
    return lambda test: test


def given(**strategies):
    """Try a test on 100 examples; the strategies see to it that a tenth of them or more are not to be refused."""
    return lambda test: settings(max_examples=100)(given_some(**strategies)(test))


def list_public():
    """Return what each module of the package defines under a name without an underscore, by "module.name"."""
    found = {}
    for entry in pkgutil.iter_modules(helpers.__path__):
        if not entry.ispkg:
            module = importlib.import_module(f"helpers.{entry.name}")
            for name, thing in vars(module).items():
                is_own = getattr(thing, "__module__", None) == module.__name__
                if is_own and not name.startswith("_") and (inspect.isfunction(thing) or inspect.isclass(thing)):
                    found[f"{entry.name}.{name}"] = thing
    return found


def try_out(call):
    """Return what a call returns, or REFUSED if it raises ValueError or TypeError and says what was expected."""
    try:
        return call()
    except (ValueError, TypeError) as error:
        if re.search(r"expect|must be", str(error)):
            return REFUSED
        raise AssertionError(f"this does not say what was expected: {error!r}") from error


def new_axes():
    return plt.subplots(num=1, clear=True)[1]


# What helpers are given: arrays of many shapes and types, with NaN and infinite values, views, lists, and no arrays.

SIDES = st.integers(1, 5)
IMAGE_SHAPES = st.tuples(SIDES, SIDES, SIDES) | st.tuples(SIDES, SIDES, SIDES, st.sampled_from([1, 3]))
DTYPES = ("bool", "uint8", "int8", "int64", "float16", "float32", "float64")
IMAGES = hnp.arrays(
    st.sampled_from(["float16", "float32", "float64"]), IMAGE_SHAPES, elements=st.floats(0, 1, width=16)
)
RAW_IMAGES = hnp.arrays("uint8", IMAGE_SHAPES).flatmap(lambda raw: st.sampled_from([raw, raw.astype("float32")]))
SPOILED_IMAGES = st.builds(
    lambda images, place, value: np.where(np.arange(images.size) == place % images.size, value, images.ravel()).reshape(
        images.shape
    ),
    IMAGES,
    st.integers(0, 1000),
    st.sampled_from([np.nan, np.inf, -np.inf, -0.5, 1.5]),
)
OTHER_TYPES = ("complex64", "U3", "object", "datetime64[s]")


def make_arrays(shapes, dtypes=DTYPES + OTHER_TYPES):
    def elements(dtype):
        if np.dtype(dtype).kind == "f":
            return st.floats(width=16)
        if dtype == "object":
            return st.none() | st.integers(0, 1)
        return hnp.from_dtype(np.dtype(dtype))

    return st.sampled_from(dtypes).flatmap(lambda dtype: hnp.arrays(dtype, shapes, elements=elements(dtype)))


def make_finite(*shape):
    return st.sampled_from(["int8", "float16", "float32", "float64"]).flatmap(
        lambda dtype: hnp.arrays(dtype, shape, elements=st.integers(-9, 9))
    )


ANY_ARRAYS = make_arrays(hnp.array_shapes(min_dims=0, max_dims=5, min_side=0, max_side=4))
VIEWS = (
    lambda array: array,
    lambda array: array[::-1] if array.ndim else array,
    lambda array: array[::2] if array.ndim else array,
    lambda array: array.T,
    lambda array: np.broadcast_to(array, (2, *array.shape)),
    lambda array: array.tolist(),
)
NO_ARRAYS = st.sampled_from([None, "digits.npz", 3, 0.5, {}, [], [[1], [2, 3]], {"images": 1}])
NO_COUNTS = st.sampled_from([None, True, 2.5, math.nan, "3", [2], np.float64(2)])
COUNTS = st.integers(2, 5) | st.integers(-2, 7) | st.just(np.int64(2)) | NO_COUNTS
NO_NUMBERS = st.sampled_from([None, True, "3", [2], 1j])
NUMBERS = st.floats(0.125, 4, width=16) | st.floats(width=16) | st.integers(-3, 3) | st.just(np.float32(2)) | NO_NUMBERS


def viewed(arrays):
    return st.builds(lambda array, view: view(array), arrays, st.sampled_from(VIEWS))


FEW_AXES = viewed(make_arrays(hnp.array_shapes(min_dims=0, max_dims=2, min_side=0, max_side=5)))
ANYTHING = IMAGES | viewed(IMAGES) | viewed(RAW_IMAGES) | viewed(SPOILED_IMAGES) | viewed(ANY_ARRAYS) | NO_ARRAYS


# What they are given said in other words than those of the checks.


def as_array(thing):
    """Return an array of numbers, or None if a thing is none."""
    try:
        array = np.array(thing)
    except ValueError:
        return None
    return array if array.dtype.kind in "biuf" else None


def is_finite(thing, dimensions=None):
    array = as_array(thing)
    if array is None or not array.size or dimensions not in (None, array.ndim):
        return False
    return all(map(math.isfinite, array.ravel().tolist()))


def is_images(thing):
    array = as_array(thing)
    if array is None or (array.ndim, *array.shape[3:]) not in [(3,), (4, 1), (4, 3)]:
        return False
    return is_finite(array) and 0 <= min(array.ravel().tolist()) <= max(array.ravel().tolist()) <= 1


def is_count(thing, least=1):
    return isinstance(thing, int | np.integer) and not isinstance(thing, bool) and thing >= least


def is_number(thing):
    is_one = isinstance(thing, int | float | np.integer | np.floating) and not isinstance(thing, bool)
    return is_one and math.isfinite(thing)


def is_axis(thing):
    return is_finite(thing, 1) and sorted(set(np.array(thing).tolist())) == np.array(thing).tolist()


@tries("checks.as_images", "checks.as_numbers", "checks.as_pixels")
@given(thing=ANYTHING)
def test_checks_of_arrays_return_the_same_numbers_or_refuse(thing):
    for check, is_valid in (
        (checks.as_images, is_images(thing)),
        (lambda it: checks.as_numbers(it, "numbers"), is_finite(thing)),
        (lambda it: checks.as_numbers(it, "numbers", "n", 2), is_finite(thing, 2) and np.shape(thing)[1] == 2),
        (
            lambda it: checks.as_pixels(it, "pixels"),
            is_finite(thing, 2) and all(0 <= pixel <= 1 for pixel in np.ravel(thing).tolist()),
        ),
    ):
        found = try_out(lambda check=check: check(thing))
        assert (found is not REFUSED) == is_valid
        if is_valid:
            assert found.dtype.kind == "f"
            np.testing.assert_array_equal(found.ravel(), np.ravel(thing).astype(found.dtype))


@tries("checks.as_count", "checks.as_positive")
@given(thing=COUNTS | NUMBERS)
def test_checks_of_numbers_return_the_same_number_or_refuse(thing):
    count, positive = try_out(lambda: checks.as_count(thing, "it")), try_out(lambda: checks.as_positive(thing, "it"))
    assert count == thing if is_count(thing) else count is REFUSED
    assert positive == thing if is_number(thing) and thing > 0 else positive is REFUSED


# Figures.


@tries("figures.plot_image_grid")
@given(images=ANYTHING, columns=COUNTS)
def test_grid_shows_each_image_at_its_place_or_refuses(images, columns):
    found = try_out(lambda: figures.plot_image_grid(images, columns, new_axes()))
    assert (found is not REFUSED) == (is_images(images) and is_count(columns))
    if found is not REFUSED:
        images = np.asarray(images, "float64")
        assert_mosaic(found, images, min(columns, len(images)))


@tries("figures.plot_image_rows")
@given(images=ANYTHING, others=st.none() | ANYTHING, labels=st.none() | st.text("ab", max_size=3).map(list))
def test_rows_show_each_image_at_its_place_or_refuse(images, others, labels):
    rows = {"one": images, "other": images if others is None else others}
    found = try_out(lambda: figures.plot_image_rows(rows, labels, new_axes()))
    is_valid = all(map(is_images, rows.values()))
    if is_valid:
        both = [np.asarray(row, "float64") for row in rows.values()]
        both = [row[..., 0] if row.shape[3:] == (1,) else row for row in both]
        is_valid = both[0].shape == both[1].shape and (labels is None or len(labels) == len(both[0]))
    assert (found is not REFUSED) == is_valid
    if is_valid:
        assert_mosaic(found, np.concatenate(both), len(both[0]))


@tries("figures.plot_image_rows", "figures.plot_learning_curve")
@pytest.mark.parametrize("junk", [None, [], 3, "rows", np.zeros((2, 4, 4)), [np.zeros((2, 4, 4))], {}])
def test_what_is_no_dict_is_refused(junk):
    for plot in (figures.plot_image_rows, figures.plot_learning_curve):
        assert try_out(lambda plot=plot: plot(junk, ax=new_axes())) is REFUSED


@tries("figures.plot_learning_curve")
@given(losses=viewed(make_finite(5)) | FEW_AXES | NO_ARRAYS, held_out=st.booleans())
def test_learning_curve_shows_every_value_or_refuses(losses, held_out):
    history = {"loss": [1.0, 0.5], "val_loss": losses} if held_out else {"loss": losses}
    found = try_out(lambda: figures.plot_learning_curve(history, ax=new_axes()))
    assert (found is not REFUSED) == is_finite(losses, 1)
    if found is not REFUSED:
        np.testing.assert_allclose(found.lines[-1].get_ydata().astype(float), losses)


# Films.


@tries("films.write_film")
@given(frames=ANYTHING, milliseconds=st.sampled_from([20, 50]) | NUMBERS, colors=st.just(256) | COUNTS)
def test_film_keeps_its_frames_or_is_refused(tmp_path_factory, frames, milliseconds, colors):
    path = tmp_path_factory.mktemp("films", numbered=True) / "film.gif"
    found = try_out(lambda: films.write_film(path, frames, milliseconds, colors))
    array = as_array(frames)
    is_raw = array is not None and array.dtype == np.uint8 and is_images(array > 127)
    is_valid = (is_raw or is_images(frames)) and milliseconds in (20, 50) and is_count(colors, 2)
    assert (found is not REFUSED) == is_valid
    assert path.exists() == is_valid
    if is_valid and colors == 256:
        read, durations, _ = read_back(path)
        read = np.repeat(read, [duration // milliseconds for duration in durations], axis=0)
        light = array if is_raw else np.rint(255 * array.astype("float64"))
        light = light[..., None] if light.ndim == 3 else light
        # In color the palette of a GIF is near, not exact.
        np.testing.assert_allclose(read, np.broadcast_to(light, read.shape), atol=1 if light.shape[3] == 1 else 24)


@tries("films.show_film")
@given(alt=st.text(max_size=3) | st.sampled_from([None, 3, b"a film", ["a film"]]))
def test_film_is_shown_with_a_sentence_or_not_at_all(tmp_path_factory, alt):
    path = films.write_film(tmp_path_factory.getbasetemp() / "shown.gif", np.zeros((1, 2, 2)), 100)
    found = try_out(lambda: films.show_film(path, alt))
    assert (found is not REFUSED) == (isinstance(alt, str) and bool(alt.strip()))


# The plane.


@tries("latent_plane.uniform_axis", "latent_plane.quantile_axis")
@given(one=NUMBERS, other=NUMBERS, points=COUNTS)
def test_axis_has_its_ends_and_its_points_or_is_refused(one, other, points):
    found = try_out(lambda: latent_plane.uniform_axis(one, points))
    assert (found is not REFUSED) == (is_number(one) and one > 0 and is_count(points, 2))
    if found is not REFUSED:
        np.testing.assert_allclose(found, [one * (2 * k / (points - 1) - 1) for k in range(points)], atol=1e-5 * one)
    found = try_out(lambda: latent_plane.quantile_axis(points, one, other))
    assert (found is not REFUSED) == (
        is_number(one) and is_number(other) and 0 < one < other < 1 and is_count(points, 2)
    )
    if found is not REFUSED:
        np.testing.assert_allclose(norm.cdf(found[[0, -1]]), [one, other], atol=1e-6)


class Decoder:
    """Makes images of one shape, in [0, 1], from any number of latents, without Keras."""

    def __init__(self, latent_dim, shape):
        self.weights = np.random.default_rng(0).normal(size=(latent_dim, int(np.prod(shape)))) / np.sqrt(latent_dim)
        self.shape = shape

    def predict(self, z, batch_size, verbose):
        return expit(z @ self.weights).reshape(len(z), *self.shape).astype("float32")


class Encoder:
    """Makes the means and the logarithms of the variances of any number of latents from images."""

    def __init__(self, latent_dim, shape):
        self.weights = np.random.default_rng(1).normal(size=(int(np.prod(shape)), latent_dim))

    def predict(self, images, batch_size, verbose):
        z_mean = images.reshape(len(images), -1) @ self.weights
        return [z_mean.astype("float32"), np.tanh(z_mean).astype("float32") - 1]


AXES = FEW_AXES | NO_ARRAYS
RISING = st.lists(st.integers(-9, 9), min_size=1, max_size=5, unique=True).map(sorted)


@tries("latent_plane.make_grid", "latent_plane.decode_grid")
@given(axis=AXES | RISING)
def test_grid_is_a_map_or_is_refused(axis):
    found = try_out(lambda: latent_plane.make_grid(axis))
    decoded = try_out(lambda: latent_plane.decode_grid(Decoder(2, (2, 3, 1)), axis))
    assert (found is not REFUSED) == (decoded is not REFUSED) == is_axis(axis)
    if found is not REFUSED:
        axis = np.asarray(axis, "float64")
        for row, column in np.ndindex(len(axis), len(axis)):
            point = [axis[column], axis[len(axis) - 1 - row]]
            assert found[row * len(axis) + column].tolist() == point
            alone = Decoder(2, (2, 3, 1)).predict(np.array([point], "float32"), 1, 0)[0]
            np.testing.assert_allclose(decoded[row, column], alone, atol=1e-6)


GRIDS = st.integers(1, 3).flatmap(
    lambda points: st.tuples(
        hnp.arrays("float32", (points, points, 2, 3, 1), elements=st.floats(0, 1, width=16)),
        st.sampled_from([list(range(points)), list(range(points))[::-1], np.arange(points) / 3]),
    )
)


@tries("latent_plane.plot_grid")
@given(pair=st.tuples(ANYTHING, AXES | RISING) | GRIDS)
def test_picture_of_a_grid_has_each_image_at_its_place_or_is_refused(pair):
    images, axis = pair
    found = try_out(lambda: latent_plane.plot_grid(images, axis, new_axes()))
    array = as_array(images)
    points = len(axis) if is_axis(axis) else None
    is_valid = array is not None and array.ndim >= 4 and array.shape[:2] == (points, points)
    is_valid = is_valid and is_images(array.reshape(-1, *array.shape[2:]))
    assert (found is not REFUSED) == is_valid
    if is_valid:
        picture = found.images[0].get_array()
        height, width = array.shape[2:4]
        for row, column in np.ndindex(points, points):
            tile = picture[row * height : (row + 1) * height, column * width : (column + 1) * width]
            np.testing.assert_array_equal(tile.ravel(), array[row, column].ravel())


LABELS = st.sampled_from(["uint8", "int64", "float32"])
LABELED_CODES = st.integers(1, 4).flatmap(
    lambda n: st.tuples(viewed(make_finite(n, 2)), hnp.arrays(LABELS, n, elements=st.integers(0, 2)))
)


@tries("latent_plane.plot_codes")
@given(
    pair=LABELED_CODES | st.tuples(make_finite(3, 2), ANYTHING) | st.tuples(ANYTHING, make_finite(3)),
    limit=st.none() | NUMBERS,
)
def test_every_code_is_a_point_in_the_color_of_its_class_or_all_are_refused(pair, limit):
    codes, labels = pair
    names = ["one", "two", "three"]
    found = try_out(lambda: latent_plane.plot_codes(codes, labels, names, new_axes(), limit))
    is_valid = is_finite(codes, 2) and np.shape(codes)[1] == 2 and is_finite(labels, 1) and len(labels) == len(codes)
    is_valid = is_valid and set(np.array(labels).tolist()) <= {0, 1, 2}
    is_valid = is_valid and (limit is None or (is_number(limit) and limit > 0))
    assert (found is not REFUSED) == is_valid
    if is_valid:
        drawn = {scatter.get_label(): scatter.get_offsets().tolist() for scatter in found.collections}
        own = {name: np.array(codes, "float64")[np.array(labels) == label] for label, name in enumerate(names)}
        assert drawn == {name: points.tolist() for name, points in own.items() if len(points)}


# Measures.

LATENT_DIMS = st.sampled_from([1, 2, 3, 64])


def bernoulli_by_hand(images, decoded):
    """Return the log density of each image (n, ...) under the decoded one beside it, in 64 bits."""
    p = np.clip(np.asarray(decoded, "float64"), 1e-7, 1 - 1e-7)
    return (images * np.log(p) + (1 - images) * np.log(1 - p)).reshape(len(images), -1).sum(axis=1)


@tries("measures.measure_vae", "measures.importance_weighted_bound")
@given(images=ANYTHING, latent_dim=LATENT_DIMS, few=COUNTS, samples=COUNTS)
def test_measures_of_a_vae_are_those_by_hand_or_refused(images, latent_dim, few, samples):
    array = as_array(images)
    shape = (1,) if array is None else array.shape[1:]
    networks = Encoder(latent_dim, shape), Decoder(latent_dim, shape)
    options = {"bound_images": few, "samples": (samples,), "points": 20}
    found = try_out(lambda: measures.measure_vae(*networks, images, **options))
    bound = try_out(lambda: measures.importance_weighted_bound(*networks, images, samples))
    assert (bound is not REFUSED) == (is_images(images) and is_count(samples))
    assert (found is not REFUSED) == (bound is not REFUSED and len(array) > 1 and is_count(few) and few <= len(array))
    if bound is REFUSED:
        return
    array = array.astype("float32")
    z_mean, z_log_var = (part.astype("float64") for part in networks[0].predict(array, 1, 0))
    spread = np.exp(z_log_var / 2)

    def draw(count):
        noise = np.random.default_rng(0).standard_normal((len(array), count, latent_dim))
        return z_mean[:, None] + spread[:, None] * noise

    z = draw(samples)
    logs = norm.logpdf(z).sum(-1) - norm.logpdf(z, z_mean[:, None], spread[:, None]).sum(-1)
    for place in range(samples):
        logs[:, place] += bernoulli_by_hand(array, networks[1].predict(z[:, place], 1, 0))
    np.testing.assert_allclose(bound, logsumexp(logs, axis=1) - np.log(samples), rtol=1e-3, atol=1e-2)
    if found is REFUSED:
        return
    divergence = (z_mean**2 + np.exp(z_log_var) - z_log_var - 1).sum(axis=1).mean() / 2
    reconstruction = -bernoulli_by_hand(array, networks[1].predict(draw(1)[:, 0], 1, 0)).mean()
    np.testing.assert_allclose(found.reconstruction_loss, reconstruction, rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose([found.kl_divergence, sum(found.kl_by_latent)], divergence, rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(found.elbo, -reconstruction - divergence, rtol=1e-3, atol=1e-3)
    assert (found.log_likelihood is not None) == (latent_dim == 2)


@tries("measures.log_likelihood_by_quadrature")
@given(images=ANYTHING, extent=NUMBERS, points=COUNTS)
def test_quadrature_is_the_sum_by_hand_or_refused(images, extent, points):
    array = as_array(images)
    decoder = Decoder(2, (1,) if array is None else array.shape[1:])
    found = try_out(lambda: measures.log_likelihood_by_quadrature(decoder, images, extent, points))
    is_valid = is_images(images) and is_number(extent) and extent > 0 and is_count(points, 2)
    assert (found is not REFUSED) == is_valid
    if is_valid:
        axis = np.linspace(-extent, extent, points)
        z = np.array([(one, other) for one in axis for other in axis])
        decoded = decoder.predict(z, 1, 0)
        logs = [bernoulli_by_hand(np.repeat(image[None], len(z), 0), decoded) for image in array.astype("float64")]
        expected = logsumexp(logs + norm.logpdf(z).sum(axis=1), axis=1) + 2 * np.log(axis[1] - axis[0])
        np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-2)


@tries("measures.measure_vae", "measures.importance_weighted_bound", "measures.log_likelihood_by_quadrature")
@pytest.mark.parametrize("spoil", [lambda x: x * np.nan, lambda x: x + np.inf, lambda x: x[:1], lambda x: x[..., None]])
@pytest.mark.parametrize("spoiled", ["z_mean", "z_log_var", "decoded"])
def test_networks_that_return_what_they_should_not_are_refused(spoil, spoiled):
    images = np.full((3, 4, 4, 1), 0.5)
    encoder, decoder = Encoder(2, images.shape[1:]), Decoder(2, images.shape[1:])
    encode, decode = encoder.predict, decoder.predict
    if spoiled == "decoded":
        decoder.predict = lambda *args, **options: spoil(decode(*args, **options))
        assert try_out(lambda: measures.log_likelihood_by_quadrature(decoder, images, points=4)) is REFUSED
    else:
        place = ("z_mean", "z_log_var").index(spoiled)

        def predict(*args, **options):
            parts = encode(*args, **options)
            parts[place] = spoil(parts[place])
            return parts

        encoder.predict = predict
    assert try_out(lambda: measures.measure_vae(encoder, decoder, images, bound_images=2, points=4)) is REFUSED
    assert try_out(lambda: measures.importance_weighted_bound(encoder, decoder, images, 5)) is REFUSED


@tries("measures.measure_vae")
@pytest.mark.parametrize("scale", [1.01, 255])
def test_decoder_beyond_1_is_refused(scale):
    images = np.full((3, 4, 4, 1), 0.5)
    decoder = SimpleNamespace(predict=lambda z, **_: np.full((len(z), 4, 4, 1), scale))
    assert try_out(lambda: measures.measure_vae(Encoder(2, (4, 4, 1)), decoder, images, bound_images=2)) is REFUSED


@tries("measures.measure_vae", "latent_plane.decode_grid", "checks.check_latents")
@pytest.mark.parametrize("latent_dim", [1, 2, 3, 64])
def test_keras_models_of_any_number_of_latents_are_measured_and_only_two_make_a_plane(latent_dim):
    image = keras.Input((4, 4, 3))
    z_mean, z_log_var = (layers.Dense(latent_dim)(layers.Flatten()(image)) for _ in range(2))
    encoder = keras.Model(image, [z_mean, z_log_var, Sampling(seed=0)([z_mean, z_log_var])])
    pixels = layers.Dense(48, "sigmoid")
    decoder = keras.Sequential([keras.Input((latent_dim,)), pixels, layers.Reshape((4, 4, 3))])
    images = np.random.default_rng(0).random((5, 4, 4, 3))
    found = measures.measure_vae(encoder, decoder, images, bound_images=2, samples=(3,), points=10)
    assert len(found.kl_by_latent) == found.latent_dim == latent_dim
    assert (found.log_likelihood is None) == (latent_dim != 2)
    plane = try_out(lambda: latent_plane.decode_grid(decoder, [-1, 1]))
    quadrature = try_out(lambda: measures.log_likelihood_by_quadrature(decoder, images, points=4))
    assert (plane is not REFUSED) == (quadrature is not REFUSED) == (latent_dim == 2)


@tries("measures.count_active_units")
@given(z_mean=viewed(make_finite(4, 3)) | ANYTHING)
def test_active_units_are_counted_or_refused(z_mean):
    found = try_out(lambda: measures.count_active_units(z_mean))
    assert (found is not REFUSED) == (is_finite(z_mean, 2) and len(z_mean) > 1)
    if found is not REFUSED:
        assert found == sum(np.var(np.array(column, "float64")) > 0.01 for column in zip(*z_mean, strict=True))


@tries("measures.draw")
@given(
    pair=LATENT_DIMS.flatmap(lambda latent_dim: st.tuples(*2 * [viewed(make_finite(3, latent_dim))]))
    | st.tuples(make_finite(3, 2), ANYTHING)
    | st.tuples(ANYTHING, make_finite(3, 2)),
    samples=COUNTS,
)
def test_samples_have_the_mean_and_the_spread_or_are_refused(pair, samples):
    z_mean, z_log_var = pair
    found = try_out(lambda: measures.draw(z_mean, z_log_var, samples, np.random.default_rng(0)))
    is_valid = is_finite(z_mean, 2) and is_finite(z_log_var, 2) and np.shape(z_mean) == np.shape(z_log_var)
    is_valid = is_valid and is_count(samples)
    if found is REFUSED:
        assert not is_valid or np.max(z_log_var) > 80, "what is refused is wrong or overflows"
    else:
        noise = np.random.default_rng(0).standard_normal((len(z_mean), samples, np.shape(z_mean)[1]))
        mean, log_var = (np.array(part, "float64")[:, None] for part in (z_mean, z_log_var))
        assert is_valid
        np.testing.assert_allclose(found, mean + np.exp(log_var / 2) * noise, rtol=1e-3, atol=1e-3)


PIXELS = hnp.arrays(
    st.sampled_from(["float16", "float32", "float64"]), st.tuples(SIDES, st.just(3)), elements=st.floats(0, 1, width=16)
)


@tries("measures.log_bernoulli")
@given(pair=st.tuples(PIXELS, PIXELS) | st.tuples(viewed(PIXELS), ANYTHING) | st.tuples(ANYTHING, viewed(PIXELS)))
def test_log_bernoulli_is_that_by_hand_or_refused(pair):
    flat, decoded = pair
    found = try_out(lambda: measures.log_bernoulli(flat, decoded))
    is_valid = all(is_finite(part, 2) and 0 <= np.min(part) <= np.max(part) <= 1 for part in (flat, decoded))
    is_valid = is_valid and np.shape(flat)[1] == np.shape(decoded)[1]
    assert (found is not REFUSED) == is_valid
    if is_valid:
        flat, decoded = np.array(flat, "float64"), np.array(decoded, "float64")
        expected = [[bernoulli_by_hand(image[None], other[None])[0] for other in decoded] for image in flat]
        np.testing.assert_allclose(found, expected, rtol=0.05, atol=1e-3)  # 32 bits hold 1 - 1e-7 to 20 parts in 100.


@tries("measures.log_standard_normal")
@given(z=ANYTHING)
def test_density_of_the_prior_is_scipys_or_refused(z):
    found = try_out(lambda: measures.log_standard_normal(z))
    assert (found is not REFUSED) == is_finite(z)
    if found is not REFUSED:
        expected = norm.logpdf(np.array(z, "float64"))
        np.testing.assert_allclose(found, expected.sum(axis=-1) if expected.ndim else expected, rtol=1e-4)


# What a notebook writes out, and a helper repeats word for word, checks nothing: it is part of a training step, where
# show_progress watches what comes of it. NaN gives NaN.


@tries("variational.kl_divergence", "variational.Sampling")
@pytest.mark.parametrize("latent_dim", [1, 2, 3, 64])
@pytest.mark.parametrize("n", [1, 5])
def test_terms_of_the_code_hold_for_any_number_of_latents_and_hide_no_nan(n, latent_dim):
    z_mean, z_log_var = np.random.default_rng(0).normal(size=(2, 2 * n, latent_dim)).astype("float32")[:, ::2]
    divergence = np.asarray(kl_divergence(z_mean, z_log_var))
    by_hand = 0.5 * (z_mean.astype("float64") ** 2 + np.exp(z_log_var) - z_log_var - 1).sum(axis=1)
    np.testing.assert_allclose(divergence, by_hand, rtol=1e-4)
    assert Sampling(seed=0)([z_mean, z_log_var]).shape == (n, latent_dim)
    z_mean[0, 0] = np.nan
    assert np.isnan(np.asarray(kl_divergence(z_mean, z_log_var))[0])
    assert np.isnan(np.asarray(Sampling(seed=0)([z_mean, z_log_var]))[0, 0])


@tries("variational.reconstruction_loss", "variational.VariationalAutoencoder")
@given(images=IMAGES, decoded=st.floats(0.125, 0.875, width=16))
def test_reconstruction_loss_is_that_by_hand_and_hides_no_nan(images, decoded):
    images = images.astype("float32")
    found = np.asarray(reconstruction_loss(images, np.full_like(images, decoded)))
    np.testing.assert_allclose(found, -bernoulli_by_hand(images, np.full_like(images, decoded)), rtol=1e-3)
    images.flat[0] = np.nan
    assert np.isnan(np.asarray(reconstruction_loss(images, np.full_like(images, decoded)))[0])


@tries("schedules.warmup_then_cosine")
@given(peak=st.floats(1e-5, 1), warmup=st.integers(0, 6), epochs=st.integers(0, 6), steps=st.integers(0, 5))
def test_schedule_rises_and_falls_or_is_refused(peak, warmup, epochs, steps):
    schedule = try_out(lambda: warmup_then_cosine(peak, warmup, epochs, steps))
    assert (schedule is not REFUSED) == (warmup < epochs and steps > 0)
    if schedule is not REFUSED:
        rates = [float(schedule(step)) for step in range(epochs * steps + 1)]
        assert max(rates) == pytest.approx(peak, rel=1e-4)
        assert rates[-1] == pytest.approx(0, abs=1e-6)


# Small ones.

SCALARS = NUMBERS | COUNTS | st.sampled_from([np.array([1, 2]), np.array(3.0), "", {}])


@tries("exercises.check_answer")
@given(exercise=st.sampled_from(["08.1", "00.2", "8", None, 8.1, ["08.1"], {}]), answer=SCALARS)
def test_answer_is_judged_or_refused(exercise, answer):
    found = try_out(lambda: exercises.check_answer(exercise, answer))
    is_one = isinstance(answer, np.ndarray) and not answer.ndim
    is_valid = answer is None or is_one or is_number(answer)
    assert (found is not REFUSED) == (exercise in ("08.1", "00.2") and is_valid)


@tries("results.Result", "results.show_results")
@given(ours=SCALARS, seconds=SCALARS)
def test_result_is_kept_or_refused(ours, seconds):
    data = SimpleNamespace(is_real=True, source="folder")
    shown = [results.Result("R1", "bce_test", ours)]
    options = {"data": data, "budget": "full", "seed": 0, "seconds": seconds}
    measure = next(iter(results.read_reference()["R1"]["measures"]))
    shown = [results.Result("R1", measure, ours)]
    found = try_out(lambda: results.show_results("01_dense_autoencoder", shown, **options))
    if found is not REFUSED:
        assert found.rows[0]["ours"] == float(ours)
        assert math.isfinite(float(ours))
        assert found.rows[0]["seconds"] == pytest.approx(seconds, abs=0.051)
    elif is_number(ours) and is_number(seconds):
        assert seconds <= 0 or abs(ours) > 1e308


@tries("reproducibility.set_seed", "digits_stand_in.make_digits", "garments_stand_in.make_garments")
@pytest.mark.parametrize("seed", [-1, 1.5, "0", math.nan, [1.5], {}])
def test_what_is_no_seed_is_refused(seed):
    for seeded in (set_seed, make_digits, make_garments):
        assert try_out(lambda seeded=seeded: seeded(seed)) is REFUSED


@tries("datasets.load_mnist", "datasets.load_fashion_mnist")
@pytest.mark.parametrize("source", ["", "internet", 3, 0.5, [], {}, ("folder",), b"folder", True])
def test_what_is_no_source_is_refused(source):
    for load in (load_mnist, load_fashion_mnist):
        assert try_out(lambda load=load: load(source)) is REFUSED


# Pixels from 0 to 255, the most frequent mistake of all.

ENCODER, DECODER = Encoder(2, (4, 4, 1)), Decoder(2, (4, 4, 1))
GIVEN_IMAGES = {
    "checks.as_images": checks.as_images,
    "explorer.latent_explorer": lambda images: explorer.latent_explorer(
        DECODER, 2.0, np.zeros((4, 2)), np.zeros(4, int), ["one"], images
    ),
    "figures.plot_image_grid": figures.plot_image_grid,
    "figures.plot_image_rows": lambda images: figures.plot_image_rows({"original": images}),
    "films.write_film": lambda images: films.write_film("never.gif", images, 100),
    "latent_plane.plot_grid": lambda images: latent_plane.plot_grid(images.reshape(2, 2, 4, 4, 1), [0, 1]),
    "measures.importance_weighted_bound": lambda images: measures.importance_weighted_bound(ENCODER, DECODER, images),
    "measures.log_bernoulli": lambda images: measures.log_bernoulli(images.reshape(4, 16), images.reshape(4, 16) / 255),
    "measures.log_likelihood_by_quadrature": lambda images: measures.log_likelihood_by_quadrature(DECODER, images),
    "measures.measure_vae": lambda images: measures.measure_vae(ENCODER, DECODER, images),
}
# It runs inside compiled training; test_progress.py tries what training on such pixels says.
WATCHED = {"variational.reconstruction_loss"}


@pytest.mark.parametrize("name", GIVEN_IMAGES)
def test_pixels_from_0_to_255_are_refused_with_the_advice_to_divide(name):
    with pytest.raises(ValueError, match="divide by 255"):
        GIVEN_IMAGES[name](np.random.default_rng(0).integers(0, 256, (4, 4, 4, 1)).astype("float32"))


def test_every_helper_that_takes_images_is_among_them():
    takers = {
        name
        for name, helper in list_public().items()
        if {"images", "frames", "rows", "flat"} & set(inspect.signature(helper).parameters)
    }
    assert takers - TAKE_OURS == set(GIVEN_IMAGES) | WATCHED


def test_every_public_helper_is_tried():
    public = list_public()
    without_input = {name for name, helper in public.items() if not inspect.signature(helper).parameters}
    assert len(public) > 50
    assert TRIED <= set(public)
    assert not TRIED & TAKE_OURS
    assert set(public) == TRIED | TAKE_OURS | without_input | set().union(*TRIED_BY.values())
