"""Bounds on log p(x), against cases where it is known: a decoder that ignores z, and a sum over many samples."""

import keras
import numpy as np
import pytest
from keras import layers
from scipy.special import logsumexp
from scipy.stats import bernoulli, multivariate_normal

from helpers import measures, set_seed
from helpers.variational import Sampling

GENERATOR = np.random.default_rng(0)
IMAGES = (GENERATOR.random((12, 4, 4, 1)) < 0.4).astype("float32")


def build(latent_dim=2, strength=1.0, spread=-1.0):
    """Return an encoder and a decoder of (4, 4, 1) images, untrained; with strength 0 the decoder ignores z."""
    set_seed(0)
    images = keras.Input((4, 4, 1))
    x = layers.Flatten()(images)
    z_mean = layers.Dense(latent_dim, kernel_initializer=keras.initializers.RandomNormal(stddev=0.2))(x)
    constant = keras.initializers.Constant(spread)
    z_log_var = layers.Dense(latent_dim, kernel_initializer="zeros", bias_initializer=constant)(x)
    encoder = keras.Model(images, [z_mean, z_log_var, Sampling()([z_mean, z_log_var])])
    z = keras.Input((latent_dim,))
    normal = keras.initializers.RandomNormal(stddev=strength) if strength else "zeros"
    pixels = layers.Dense(16, activation="sigmoid", kernel_initializer=normal)(z)
    return encoder, keras.Model(z, layers.Reshape((4, 4, 1))(pixels))


def log_bernoulli_by_scipy(images, decoded):
    return bernoulli.logpmf(images.reshape(len(images), 1, -1), decoded.reshape(1, len(decoded), -1)).sum(-1)


def test_matrix_product_gives_the_log_likelihood_of_each_pair():
    decoded = GENERATOR.uniform(0.001, 0.999, (7, 16))
    flat = IMAGES.reshape(12, -1)
    np.testing.assert_allclose(measures.log_bernoulli(flat, decoded), log_bernoulli_by_scipy(flat, decoded), rtol=1e-5)


def test_density_of_the_prior_is_scipys():
    z = GENERATOR.normal(size=(9, 3))
    np.testing.assert_allclose(measures.log_standard_normal(z), multivariate_normal(np.zeros(3)).logpdf(z))


def test_with_a_decoder_that_ignores_z_quadrature_is_exact():
    _, decoder = build(strength=0)
    exact = log_bernoulli_by_scipy(IMAGES, np.full((1, 16), 0.5))[:, 0]
    np.testing.assert_allclose(measures.log_likelihood_by_quadrature(decoder, IMAGES), exact, atol=1e-4)


def test_quadrature_is_the_mean_over_the_prior():
    _, decoder = build()
    z = GENERATOR.normal(size=(100_000, 2)).astype("float32")
    by_samples = logsumexp(log_bernoulli_by_scipy(IMAGES[:3], decoder.predict(z, verbose=0)), axis=1) - np.log(len(z))
    by_grid = measures.log_likelihood_by_quadrature(decoder, IMAGES[:3])
    np.testing.assert_allclose(by_grid, by_samples, atol=0.03)


def test_bounds_rise_with_the_samples_to_the_value_of_the_quadrature():
    encoder, decoder = build()
    exact = measures.log_likelihood_by_quadrature(decoder, IMAGES).mean()
    weights = measures._draw_log_weights(encoder, decoder, IMAGES, 3000, seed=0)
    bounds = [measures._average_weights(weights.reshape(12, -1, count)).mean() for count in (1, 10, 3000)]
    assert bounds[0] < bounds[1] < bounds[2]
    assert bounds[2] == pytest.approx(exact, abs=0.1)
    assert bounds[2] == measures.importance_weighted_bound(encoder, decoder, IMAGES, 3000).mean()


def test_with_the_prior_as_posterior_and_a_decoder_that_ignores_z_each_bound_is_exact():
    encoder, decoder = build(strength=0, spread=0.0)
    encoder.layers[2].set_weights([np.zeros((16, 2)), np.zeros(2)])
    encoder.layers[3].set_weights([np.zeros((16, 2)), np.zeros(2)])
    exact = log_bernoulli_by_scipy(IMAGES, np.full((1, 16), 0.5))[:, 0]
    np.testing.assert_allclose(measures.importance_weighted_bound(encoder, decoder, IMAGES, 5), exact, atol=1e-4)


def test_images_are_decoded_in_parts_without_a_trace(monkeypatch):
    encoder, decoder = build()
    at_once = measures.importance_weighted_bound(encoder, decoder, IMAGES, 50)
    grid = measures.log_likelihood_by_quadrature(decoder, IMAGES, points=50)
    monkeypatch.setattr(measures, "AT_ONCE", 120)
    np.testing.assert_allclose(measures.importance_weighted_bound(encoder, decoder, IMAGES, 50), at_once, rtol=1e-5)
    np.testing.assert_allclose(measures.log_likelihood_by_quadrature(decoder, IMAGES, points=50), grid, rtol=1e-5)


def test_measures_of_a_vae_agree_with_each_other():
    encoder, decoder = build()
    found = measures.measure_vae(encoder, decoder, IMAGES, bound_images=12, samples=(1, 100), points=60)
    assert found.elbo == pytest.approx(-found.reconstruction_loss - found.kl_divergence, abs=1e-4)
    assert found.elbo_of_bound_images == pytest.approx(found.elbo)
    assert found.elbo <= found.bounds[100] <= found.log_likelihood + 0.2
    assert (found.images, found.bound_images, found.latent_dim) == (12, 12, 2)
    for text in ("ELBO, 12 images", "bound, 100 samples", "quadrature", "2 of 2", "nats per image"):
        assert text in str(found)


def test_measures_of_more_latents_leave_the_quadrature_out():
    found = measures.measure_vae(*build(latent_dim=3), IMAGES, bound_images=4, samples=(10,))
    assert found.log_likelihood is None
    assert "quadrature" not in str(found)


def test_same_seed_gives_the_same_measures():
    encoder, decoder = build()
    runs = [measures.measure_vae(encoder, decoder, IMAGES, bound_images=2, samples=(5,), points=20) for _ in range(2)]
    assert runs[0] == runs[1]


def test_a_latent_that_does_not_vary_is_not_active():
    z_mean = np.stack([GENERATOR.normal(size=500), np.full(500, 2.0), 0.05 * GENERATOR.normal(size=500)], axis=1)
    assert measures.count_active_units(z_mean) == 1
    assert measures.count_active_units(z_mean, threshold=0.001) == 2


@pytest.mark.parametrize("few", [0, 13])
def test_number_of_images_for_the_bounds_is_checked(few):
    with pytest.raises(ValueError, match="expected 1 to 12"):
        measures.measure_vae(*build(), IMAGES, bound_images=few)


def test_bytes_are_refused_before_anything_is_computed():
    encoder, decoder = build()
    for measure in (measures.measure_vae, measures.importance_weighted_bound):
        with pytest.raises(ValueError, match="divide by 255"):
            measure(encoder, decoder, IMAGES * 255)
    with pytest.raises(ValueError, match="divide by 255"):
        measures.log_likelihood_by_quadrature(decoder, IMAGES * 255)


def test_a_bound_takes_a_sample_at_least():
    with pytest.raises(ValueError, match="at least 1"):
        measures.importance_weighted_bound(*build(), IMAGES, 0)


def measure_with_spread(scales):
    """Measure an encoder whose z_mean varies over images by these scales, one for each latent, and its spread by 1."""
    encoder, decoder = build(latent_dim=len(scales), spread=0.0)
    kernel, bias = encoder.layers[2].get_weights()
    encoder.layers[2].set_weights([kernel * np.array(scales), bias])
    return measures.measure_vae(encoder, decoder, IMAGES, bound_images=2, samples=(5,), points=10)


def test_posterior_that_has_collapsed_is_reported():
    found = measure_with_spread([0, 0.01, 0])
    assert found.unused_latents == (0, 1, 2)
    assert max(found.kl_by_latent) < 0.01
    assert "COLLAPSED: no latent carries 0.01 nats" in str(found)


def test_unused_latents_are_named():
    found = measure_with_spread([0, 3, 0.01, 2])
    assert found.unused_latents == (0, 2)
    assert sum(found.kl_by_latent) == pytest.approx(found.kl_divergence)
    assert "Unused latents, with less than 0.01 nats: 0, 2" in str(found)
    assert "COLLAPSED" not in str(found)


def test_where_all_latents_are_used_nothing_is_said_of_it():
    found = measure_with_spread([3, 2])
    assert found.unused_latents == ()
    assert str(found).splitlines()[-1].split() == ["active", "units", "2", "of", "2"]
