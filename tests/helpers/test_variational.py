"""The parts of a variational autoencoder, against TensorFlow Probability, SciPy, and each other."""

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.stats import bernoulli, kstest

from helpers.variational import Sampling, kl_divergence, reconstruction_loss
from tests.helpers.small_models import IMAGES, build_vae

GENERATOR = np.random.default_rng(0)
PAIRS = hnp.arrays("float32", st.tuples(st.just(2), st.just(1), st.integers(1, 5)), elements=st.floats(-4, 4, width=32))


@given(pair=PAIRS)
def test_kl_divergence_is_that_of_tensorflow_probability(pair):
    from tensorflow_probability import distributions as tfd

    z_mean, z_log_var = pair
    posterior = tfd.MultivariateNormalDiag(z_mean, np.exp(z_log_var / 2))
    prior = tfd.MultivariateNormalDiag(np.zeros_like(z_mean), np.ones_like(z_mean))
    expected = posterior.kl_divergence(prior)
    np.testing.assert_allclose(kl_divergence(z_mean, z_log_var), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("shape", [(5, 4, 4, 1), (5, 4, 4, 3), (5, 16)])
def test_reconstruction_loss_is_the_negative_log_likelihood_of_binary_pixels(shape):
    images = GENERATOR.integers(0, 2, shape).astype("float32")
    decoded = GENERATOR.uniform(0.01, 0.99, shape).astype("float32")
    expected = -bernoulli.logpmf(images.reshape(5, -1), decoded.reshape(5, -1)).sum(axis=1)
    np.testing.assert_allclose(reconstruction_loss(images, decoded), expected, rtol=1e-4)


def test_samples_have_the_given_mean_and_variance():
    z_mean, z_log_var = np.full((20_000, 1), 3.0, "float32"), np.full((20_000, 1), np.log(0.25), "float32")
    z = np.asarray(Sampling(seed=0)([z_mean, z_log_var]))
    assert kstest(z[:, 0], "norm", args=(3.0, 0.5)).pvalue > 1e-3


def test_each_call_of_sampling_draws_anew_and_a_seed_repeats_the_sequence():
    zeros = np.zeros((4, 2), "float32")
    first, second = (Sampling(seed=5) for _ in range(2))
    draws = [np.asarray(first([zeros, zeros])) for _ in range(2)]
    assert not np.array_equal(*draws)
    for draw in draws:
        assert np.array_equal(draw, second([zeros, zeros]))


def test_logged_losses_are_means_over_the_epoch_and_add_up():
    vae = build_vae(beta=0.5, run_eagerly=True)
    vae.optimizer.learning_rate = 0.0
    history = vae.fit(IMAGES, validation_data=IMAGES, batch_size=26, verbose=0).history
    assert len(history) == 6
    z_mean, z_log_var, _ = vae.encoder(IMAGES)
    for prefix in ("", "val_"):
        names = "loss", "reconstruction_loss", "kl_divergence"
        loss, reconstruction, divergence = (history[f"{prefix}{name}"][0] for name in names)
        assert loss == pytest.approx(reconstruction + 0.5 * divergence)
        assert divergence == pytest.approx(np.mean(kl_divergence(z_mean, z_log_var)), rel=1e-5)


def test_batch_normalization_updates_its_averages_in_training_only():
    vae = build_vae(normalized=True, run_eagerly=True)
    vae.fit(IMAGES, batch_size=130, verbose=0)
    averages = vae.encoder.get_layer("normalize").moving_mean
    np.testing.assert_allclose(averages, 0.01 * IMAGES.mean(axis=0), rtol=1e-4)
    assert np.any(vae.decoder.get_layer("normalize").moving_mean != 0)
    vae.evaluate(IMAGES, verbose=0)
    np.testing.assert_allclose(averages, 0.01 * IMAGES.mean(axis=0), rtol=1e-4)


def test_saved_model_is_loaded_completely_and_can_be_trained_further(tmp_path):
    vae = build_vae(beta=0.5, run_eagerly=True)
    vae.fit(IMAGES, verbose=0)
    vae.save(tmp_path / "vae.keras")
    loaded = keras.saving.load_model(tmp_path / "vae.keras")
    assert loaded.beta == 0.5
    codes = [model.encoder(IMAGES)[0] for model in (vae, loaded)]
    np.testing.assert_array_equal(*codes)
    np.testing.assert_array_equal(vae.decoder(codes[0]), loaded.decoder(codes[0]))
    assert np.isfinite(loaded.fit(IMAGES, verbose=0).history["loss"]).all()
