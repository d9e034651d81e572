"""The parts of a variational autoencoder, against TensorFlow Probability, SciPy and each other."""

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import layers
from scipy.stats import bernoulli, kstest

from helpers import set_seed
from helpers.variational import Sampling, VariationalAutoencoder, kl_divergence, reconstruction_loss

GENERATOR = np.random.default_rng(0)


def build_small(beta=1.0):
    """Return a VAE of (4, 4, 1) images with two latents, compiled."""
    set_seed(0)
    images = keras.Input((4, 4, 1))
    x = layers.Flatten()(images)
    z_mean, z_log_var = layers.Dense(2)(x), layers.Dense(2)(x)
    encoder = keras.Model(images, [z_mean, z_log_var, Sampling(seed=1)([z_mean, z_log_var])])
    z = keras.Input((2,))
    decoder = keras.Model(z, layers.Reshape((4, 4, 1))(layers.Dense(16, activation="sigmoid")(z)))
    vae = VariationalAutoencoder(encoder, decoder, beta=beta)
    vae.compile(optimizer="adam")
    return vae


IMAGES = GENERATOR.random((64, 4, 4, 1), dtype="float32")


@settings(deadline=None, max_examples=50)
@given(
    st.integers(1, 5).flatmap(
        lambda n: st.tuples(*(st.lists(st.floats(-4, 4, width=32), min_size=n, max_size=n) for _ in range(2)))
    )
)
def test_kl_divergence_is_that_of_tensorflow_probability(pair):
    from tensorflow_probability import distributions as tfd

    z_mean, z_log_var = (np.array([values], dtype="float32") for values in pair)
    posterior = tfd.MultivariateNormalDiag(z_mean, np.exp(z_log_var / 2))
    prior = tfd.MultivariateNormalDiag(np.zeros_like(z_mean), np.ones_like(z_mean))
    expected = posterior.kl_divergence(prior)
    np.testing.assert_allclose(kl_divergence(z_mean, z_log_var), expected, rtol=1e-4, atol=1e-5)


def test_kl_divergence_of_the_prior_is_zero():
    assert np.array_equal(kl_divergence(np.zeros((3, 2)), np.zeros((3, 2))), np.zeros(3))


@pytest.mark.parametrize("shape", [(5, 4, 4, 1), (5, 4, 4, 3), (5, 16)])
def test_reconstruction_loss_is_minus_the_log_likelihood_of_binary_pixels(shape):
    images = GENERATOR.integers(0, 2, shape).astype("float32")
    decoded = GENERATOR.uniform(0.01, 0.99, shape).astype("float32")
    expected = -bernoulli.logpmf(images.reshape(5, -1), decoded.reshape(5, -1)).sum(axis=1)
    np.testing.assert_allclose(reconstruction_loss(images, decoded), expected, rtol=1e-4)


def test_samples_have_the_mean_and_the_variance_asked_for():
    z_mean, z_log_var = np.full((20_000, 1), 3.0, "float32"), np.full((20_000, 1), np.log(0.25), "float32")
    z = np.asarray(Sampling(seed=0)([z_mean, z_log_var]))
    assert kstest(z[:, 0], "norm", args=(3.0, 0.5)).pvalue > 1e-3


def test_each_call_of_sampling_draws_anew_and_a_seed_repeats_the_sequence():
    zeros = np.zeros((4, 2), "float32")
    first, second = (Sampling(seed=5) for _ in range(2))
    draws = [np.asarray(first([zeros, zeros])) for _ in range(2)]
    assert not np.array_equal(*draws)
    assert np.array_equal(draws[0], second([zeros, zeros]))
    assert np.array_equal(draws[1], second([zeros, zeros]))


@pytest.mark.parametrize("beta", [1.0, 0.5])
def test_loss_is_reconstruction_plus_beta_times_kl(beta):
    vae = build_small(beta)
    history = vae.fit(IMAGES, validation_data=IMAGES, epochs=2, batch_size=16, verbose=0).history
    assert set(history) == {f"{held}{key}" for held in ("", "val_") for key in
                            ("loss", "reconstruction_loss", "kl_divergence")}  # fmt: skip
    for held in ("", "val_"):
        total = np.add(history[f"{held}reconstruction_loss"], np.multiply(beta, history[f"{held}kl_divergence"]))
        np.testing.assert_allclose(history[f"{held}loss"], total, rtol=1e-5)


def test_batch_normalization_is_told_that_the_model_is_being_trained():
    set_seed(0)
    images, z = keras.Input((4, 4, 1)), keras.Input((2,))
    x = layers.BatchNormalization()(layers.Flatten()(images))
    z_mean, z_log_var = layers.Dense(2)(x), layers.Dense(2)(x)
    encoder = keras.Model(images, [z_mean, z_log_var, Sampling(seed=1)([z_mean, z_log_var])])
    x = layers.BatchNormalization()(layers.Dense(16, activation="relu")(z))
    decoder = keras.Model(z, layers.Reshape((4, 4, 1))(layers.Dense(16, activation="sigmoid")(x)))
    vae = VariationalAutoencoder(encoder, decoder)
    vae.compile(optimizer="adam")
    vae.fit(IMAGES, batch_size=64, verbose=0)
    layer = encoder.layers[2]
    np.testing.assert_allclose(layer.moving_mean, 0.01 * IMAGES.reshape(64, 16).mean(axis=0), rtol=1e-4)
    assert np.any(decoder.layers[2].moving_mean != 0)
    trained = np.array(layer.moving_mean)
    vae.evaluate(IMAGES, verbose=0)
    np.testing.assert_array_equal(layer.moving_mean, trained)


def test_logged_loss_is_the_mean_over_the_epoch_not_its_last_batch():
    vae = build_small()
    vae.optimizer.learning_rate = 0.0
    logged = vae.fit(IMAGES, batch_size=16, epochs=1, verbose=0).history["kl_divergence"][0]
    z_mean, z_log_var, _ = vae.encoder(IMAGES)
    assert logged == pytest.approx(float(np.mean(kl_divergence(z_mean, z_log_var))), rel=1e-5)


def test_a_saved_model_is_loaded_whole_and_trains_on(tmp_path):
    vae = build_small(beta=0.5)
    vae.fit(IMAGES, epochs=1, verbose=0)
    vae.save(tmp_path / "vae.keras")
    loaded = keras.saving.load_model(tmp_path / "vae.keras")
    assert loaded.beta == 0.5
    codes = vae.encoder.predict(IMAGES, verbose=0)[0]
    assert np.array_equal(codes, loaded.encoder.predict(IMAGES, verbose=0)[0])
    assert np.array_equal(vae.decoder.predict(codes, verbose=0), loaded.decoder.predict(codes, verbose=0))
    losses = [model.fit(IMAGES, epochs=1, shuffle=False, verbose=0).history["loss"][0] for model in (vae, loaded)]
    assert np.isfinite(losses).all()
