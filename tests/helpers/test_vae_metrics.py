"""VAE metrics compared with SciPy, samples from the prior, and models whose log p(x) is known."""

from types import SimpleNamespace

import numpy as np
import pytest
from scipy.special import expit, logsumexp
from scipy.stats import bernoulli, multivariate_normal

from helpers import vae_metrics
from helpers.vae import reconstruction_loss
from tests.helpers.small_models import build_vae

GENERATOR = np.random.default_rng(0)
IMAGES = (GENERATOR.random((6, 4, 4, 1)) < 0.4).astype("float32")
WEIGHTS = GENERATOR.normal(size=(2, 16))


def make_encoder(scales, z_log_var):
    """Return an encoder whose z_mean varies by `scales`, one per latent, and whose z_log_var is constant."""
    weights = scales * np.random.default_rng(1).normal(size=(16, len(scales))) / 4
    z_mean = lambda images: (images.reshape(-1, 16) @ weights).astype("float32")  # noqa: E731
    return SimpleNamespace(predict=lambda x, **_: [z_mean(x), np.full_like(z_mean(x), z_log_var)])


def make_decoder(weights):
    """Return a decoder with one layer; with weights of 0, it ignores z."""
    return SimpleNamespace(predict=lambda z, **_: expit(z @ weights).reshape(-1, 4, 4, 1).astype("float32"))


ENCODER, DECODER = make_encoder([1, 1], -1.0), make_decoder(WEIGHTS)


def log_bernoulli_by_scipy(images, decoded):
    return bernoulli.logpmf(images.reshape(len(images), 1, -1), decoded.reshape(1, len(decoded), -1)).sum(-1)


def test_log_density_of_the_prior_agrees_with_scipy():
    z = GENERATOR.normal(size=(9, 3))
    np.testing.assert_allclose(vae_metrics.log_standard_normal(z), multivariate_normal(np.zeros(3)).logpdf(z))


@pytest.mark.parametrize("likelihood", ["bernoulli", "gaussian", "continuous_bernoulli"])
@pytest.mark.parametrize("from_logits", [False, True])
def test_log_px_given_z_is_the_negative_reconstruction_loss_of_each_pair(likelihood, from_logits):
    images = IMAGES if likelihood == "bernoulli" else GENERATOR.random(IMAGES.shape)
    decoded = GENERATOR.normal(0, 3, (3, 4, 4, 1)) if from_logits else GENERATOR.uniform(0.01, 0.99, (3, 4, 4, 1))
    options = {"likelihood": likelihood, "from_logits": from_logits, "variance": 0.3}
    found = vae_metrics.log_px_given_z(images, decoded, **options)
    for column, one in enumerate(decoded):
        losses = reconstruction_loss(images, np.broadcast_to(one, images.shape), **options)
        np.testing.assert_allclose(found[:, column], -np.asarray(losses), rtol=1e-5)


def test_bound_does_not_depend_on_the_block_size_and_takes_rows_of_pixels(monkeypatch):
    whole = vae_metrics.iwae_bound(ENCODER, DECODER, IMAGES, 30)
    for size in (7, 61):
        monkeypatch.setattr(vae_metrics, "AT_ONCE", size)
        np.testing.assert_allclose(vae_metrics.iwae_bound(ENCODER, DECODER, IMAGES, 30), whole, rtol=1e-5)
    rows = SimpleNamespace(predict=lambda z, **options: DECODER.predict(z, **options).reshape(-1, 16))
    np.testing.assert_allclose(vae_metrics.iwae_bound(ENCODER, rows, IMAGES.reshape(-1, 16), 30), whole, rtol=1e-5)
    found = vae_metrics.measure_vae(ENCODER, rows, IMAGES.reshape(-1, 16))
    assert (found.bound_images, found.bounds, found.log_likelihood) == (0, {}, None)
    assert "bound" not in str(found)


def test_quadrature_and_bound_are_exact_if_the_decoder_ignores_z_and_the_posterior_is_the_prior():
    encoder, decoder = make_encoder([0, 0], 0.0), make_decoder(0 * WEIGHTS)
    exact = log_bernoulli_by_scipy(IMAGES, np.full((1, 16), 0.5))[:, 0]
    np.testing.assert_allclose(vae_metrics.log_likelihood_by_quadrature(decoder, IMAGES), exact, atol=1e-4)
    np.testing.assert_allclose(vae_metrics.iwae_bound(encoder, decoder, IMAGES, 5), exact, atol=1e-4)


def test_quadrature_is_the_mean_likelihood_over_the_prior():
    z = GENERATOR.normal(size=(100_000, 2))
    by_samples = logsumexp(log_bernoulli_by_scipy(IMAGES[:2], DECODER.predict(z)), axis=1)
    by_grid = vae_metrics.log_likelihood_by_quadrature(DECODER, IMAGES[:2])
    np.testing.assert_allclose(by_grid, by_samples - np.log(len(z)), atol=0.03)


def test_bounds_increase_with_the_number_of_samples_to_the_value_of_the_quadrature():
    many = np.tile(IMAGES, (20, 1, 1, 1))
    bounds = [vae_metrics.iwae_bound(ENCODER, DECODER, many, count).mean() for count in (1, 10, 1000)]
    assert bounds[0] < bounds[1] < bounds[2]
    assert bounds[2] == pytest.approx(vae_metrics.log_likelihood_by_quadrature(DECODER, IMAGES).mean(), abs=0.1)


def test_metrics_of_a_keras_model_agree_with_each_other_and_a_seed_repeats_them():
    vae = build_vae(shape=(4, 4, 1))
    found, again = (
        vae_metrics.measure_vae(vae.encoder, vae.decoder, IMAGES, bound_images=6, samples=(1, 100), points=60)
        for _ in range(2)
    )
    assert found == again
    with pytest.raises(ValueError, match="from 1 to 6"):
        vae_metrics.measure_vae(vae.encoder, vae.decoder, IMAGES, bound_images=7)
    assert found.elbo == pytest.approx(-found.reconstruction_loss - found.kl_divergence, abs=1e-4)
    assert found.elbo_of_bound_images == pytest.approx(found.elbo)
    assert found.elbo <= found.bounds[100] <= found.log_likelihood + 0.2
    assert (found.images, found.bound_images, found.latent_dim) == (6, 6, 2)
    for number in (found.elbo, found.kl_divergence, found.bounds[100], found.log_likelihood):
        assert f"{number:.2f}" in str(found)


def test_latent_is_active_if_its_mean_varies_over_images():
    z_mean = np.stack([GENERATOR.normal(size=500), np.full(500, 2.0), 0.05 * GENERATOR.normal(size=500)], axis=1)
    assert vae_metrics.count_active_units(z_mean) == 1
    assert vae_metrics.count_active_units(z_mean, threshold=0.001) == 2


@pytest.mark.parametrize(
    ("scales", "unused", "message"),
    [([0, 0.01, 0], (0, 1, 2), "COLLAPSED"), ([0, 3, 0.01, 2], (0, 2), "0, 2"), ([3, 2], (), "active units")],
    ids=["all", "some", "none"],
)
def test_unused_latents_are_reported(scales, unused, message):
    encoder, decoder = make_encoder(scales, 0.0), make_decoder(np.ones((len(scales), 16)))
    found = vae_metrics.measure_vae(encoder, decoder, IMAGES, bound_images=6, samples=(5,), points=10)
    assert found.unused_latents == unused
    assert sum(found.kl_by_latent) == pytest.approx(found.kl_divergence)
    assert (found.log_likelihood is None) == (len(scales) != 2)
    assert message in str(found).splitlines()[-1]
