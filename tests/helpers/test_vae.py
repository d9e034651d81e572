"""The parts of a variational autoencoder, compared with TensorFlow Probability, SciPy, and each other."""

import copy

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from keras import layers
from scipy.special import expit
from scipy.stats import kstest

from helpers.vae import (
    LIKELIHOODS,
    Sampling,
    VariationalAutoencoder,
    kl_divergence,
    mean_image,
    negative_elbo,
    reconstruction_loss,
)
from helpers.vae import build_vae as build_convolutional_vae
from tests.helpers.small_models import IMAGES, build_vae

GENERATOR = np.random.default_rng(0)
PAIRS = hnp.arrays("float32", st.tuples(st.just(2), st.just(1), st.integers(1, 5)), elements=st.floats(-4, 4, width=32))


@given(pair=PAIRS)
def test_kl_divergence_agrees_with_tensorflow_probability(pair):
    from tensorflow_probability import distributions as tfd

    z_mean, z_log_var = pair
    posterior = tfd.MultivariateNormalDiag(z_mean, np.exp(z_log_var / 2))
    prior = tfd.MultivariateNormalDiag(np.zeros_like(z_mean), np.ones_like(z_mean))
    expected = posterior.kl_divergence(prior)
    np.testing.assert_allclose(kl_divergence(z_mean, z_log_var), expected, rtol=1e-4, atol=1e-5)


LOGITS = np.array([-150, -30, -4, -0.3, -0.01, 0, 1e-4, 0.05, 0.2, 2, 9, 150], "float32").reshape(1, 2, 2, 3)


@pytest.mark.parametrize("target", [0.0, 0.25, 1.0])
@pytest.mark.parametrize("likelihood", LIKELIHOODS)
def test_reconstruction_loss_and_mean_agree_with_tensorflow_probability(likelihood, target):
    from tensorflow_probability import distributions as tfd

    images, variance = np.full(LOGITS.shape, target, "float32"), 0.3
    if likelihood == "gaussian":
        pixels = tfd.Normal(LOGITS, variance**0.5)
        log_prob = pixels.log_prob(images)
    elif likelihood == "continuous_bernoulli":
        pixels = tfd.ContinuousBernoulli(logits=LOGITS.astype("float64"))
        log_prob = pixels.log_prob(images.astype("float64"))
    else:
        pixels = tfd.Bernoulli(logits=LOGITS)
        log_prob = -keras.ops.binary_crossentropy(images, LOGITS, from_logits=True)
        if target != 0.25:  # Its Bernoulli takes only integers.
            log_prob = pixels.log_prob(images)
    found = reconstruction_loss(images, LOGITS, likelihood, from_logits=True, variance=variance)
    np.testing.assert_allclose(found, [-np.sum(log_prob)], rtol=1e-5)
    np.testing.assert_allclose(mean_image(LOGITS, likelihood, likelihood != "gaussian"), pixels.mean(), atol=1e-5)


@pytest.mark.parametrize("likelihood", ["bernoulli", "continuous_bernoulli"])
def test_logits_and_probabilities_agree_where_both_are_finite_and_only_logits_are_safe(likelihood):
    images = GENERATOR.random((50, 20), dtype="float32")
    logits = GENERATOR.normal(0, 3, (50, 20)).astype("float32")
    by_logits = reconstruction_loss(images, logits, likelihood, from_logits=True)
    np.testing.assert_allclose(reconstruction_loss(images, expit(logits), likelihood), by_logits, rtol=1e-4)
    large = np.full((1, 4), 300, "float32")
    with np.errstate(divide="ignore"):
        assert np.isinf(-np.log1p(-expit(large))).all()
    exact = 4 * 300 if likelihood == "bernoulli" else 4 * (300 - np.log(300))
    assert float(reconstruction_loss(0 * large, large, likelihood, from_logits=True)[0]) == pytest.approx(exact)


def test_samples_have_the_given_mean_and_variance():
    z_mean, z_log_var = np.full((20_000, 1), 3.0, "float32"), np.full((20_000, 1), np.log(0.25), "float32")
    z = np.asarray(Sampling(seed=0)([z_mean, z_log_var]))
    assert kstest(z[:, 0], "norm", args=(3.0, 0.5)).pvalue > 1e-3


def test_each_call_of_sampling_draws_new_noise_and_a_seed_repeats_the_sequence():
    zeros = np.zeros((4, 2), "float32")
    first, second = (Sampling(seed=5) for _ in range(2))
    draws = [np.asarray(first([zeros, zeros])) for _ in range(2)]
    assert not np.array_equal(*draws)
    for draw in draws:
        assert np.array_equal(draw, second([zeros, zeros]))


class Mean(layers.Layer):
    """Replaces sampling: z is z_mean, which makes the loss deterministic."""

    def call(self, pair):
        return pair[0]


def build(last="sigmoid", penalty=0.0, rows=False, **options):
    """Return a compiled VAE without noise for images (8, 8, 1), or for rows of 64 pixels."""
    keras.utils.set_random_seed(0)
    shape = (64,) if rows else (8, 8, 1)
    images, z = keras.Input(shape), keras.Input((2,))
    x = layers.Dense(9, "relu", kernel_regularizer=keras.regularizers.L2(penalty))(layers.Flatten()(images))
    z_mean, z_log_var = layers.Dense(2)(x), layers.Dense(2)(x)
    decoder = keras.Model(z, layers.Reshape(shape)(layers.Dense(64, last)(z)))
    vae = VariationalAutoencoder(
        keras.Model(images, [z_mean, z_log_var, Mean()([z_mean, z_log_var])]), decoder, **options
    )
    vae.compile("adam", run_eagerly=True)
    return vae


X = GENERATOR.random((64, 8, 8, 1), dtype="float32")
NAMES = "loss", "reconstruction_loss", "kl_divergence"


def evaluate(vae, *data, **options):
    """Return the loss and its two parts."""
    logs = vae.evaluate(*data, verbose=0, return_dict=True, **options)
    return [logs[name] for name in NAMES]


@pytest.mark.parametrize("likelihood", LIKELIHOODS)
def test_logged_losses_are_means_over_the_epoch_and_add_up(likelihood):
    vae = build(likelihood=likelihood, beta=0.5, penalty=0.3, variance=0.2)
    vae.optimizer.learning_rate = 0.0
    history = vae.fit(X, validation_data=X, batch_size=26, verbose=0).history
    z_mean, z_log_var = vae.encode(X)
    divergence = np.asarray(kl_divergence(z_mean, z_log_var))
    reconstruction = np.asarray(reconstruction_loss(X, vae.decoder(z_mean), likelihood, variance=0.2))
    expected = np.mean(negative_elbo(reconstruction, divergence, 0.5)) + float(sum(vae.losses))
    for prefix in ("", "val_"):
        found = [history[f"{prefix}{name}"][0] for name in NAMES]
        assert found == pytest.approx([expected, reconstruction.mean(), divergence.mean()], rel=1e-5)


def test_sample_weights_multiply_the_losses_of_images():
    vae, few = build(), evaluate(build(), X[:16])
    weights = (np.arange(64) < 16).astype("float32")
    quarter = pytest.approx([value / 4 for value in few], rel=1e-5)
    assert evaluate(vae, X, sample_weight=weights) == quarter
    assert evaluate(vae, X, X, sample_weight=weights) == quarter
    assert evaluate(vae, X, sample_weight=np.zeros(64)) == [0, 0, 0]
    assert vae.train_on_batch(X, sample_weight=np.zeros(64))[0] == 0


def test_targets_that_differ_from_the_input_determine_loss_and_metrics():
    vae = build("linear")
    vae.compile("adam", metrics=["mae"], run_eagerly=True)
    clean = np.zeros_like(X)
    logs = vae.evaluate(X, clean, verbose=0, return_dict=True)
    decoded = vae.decoder(vae.encode(X)[0])
    assert logs["reconstruction_loss"] == pytest.approx(
        np.mean(reconstruction_loss(clean, decoded, from_logits=True)), rel=1e-5
    )
    assert logs["mae"] == pytest.approx(expit(decoded).mean(), rel=1e-5)
    assert vae.evaluate(X, verbose=0, return_dict=True)["mae"] == pytest.approx(
        np.abs(expit(decoded) - X).mean(), rel=1e-5
    )


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_mixed_precision_gives_finite_losses_equal_to_their_parts(policy):
    keras.mixed_precision.set_global_policy(policy)
    try:
        vae = build_convolutional_vae((256, 256, 3), 4, width=2)
        vae.compile("adam", run_eagerly=True)
        history = vae.fit(GENERATOR.random((2, 256, 256, 3), dtype="float32"), verbose=0).history
        loss, reconstruction, divergence = (history[name][0] for name in NAMES)
        assert loss == pytest.approx(reconstruction + divergence)
        assert reconstruction == pytest.approx(256 * 256 * 3 * np.log(2), rel=0.01)
    finally:
        keras.mixed_precision.set_global_policy("float32")


@pytest.mark.parametrize("shape", [(None, None, None, None), (None, 8, 8, 1)])
def test_dataset_of_unknown_shape_trains_like_the_array(shape):
    import tensorflow as tf

    batches = [(X[i : i + 32], X[i : i + 32], np.ones(32, "float32")) for i in (0, 32)]
    signature = (tf.TensorSpec(shape), tf.TensorSpec(shape), tf.TensorSpec((None,)))
    dataset = tf.data.Dataset.from_generator(lambda: iter(batches), output_signature=signature)
    expected = build().fit(X, shuffle=False, verbose=0).history["loss"]
    vae = build()
    vae.compile("adam", jit_compile=False)
    assert vae.fit(dataset, shuffle=False, steps_per_epoch=2, verbose=0).history["loss"] == pytest.approx(
        expected, rel=1e-4
    )


def test_beta_is_a_number_a_variable_or_a_schedule_and_all_are_saved(tmp_path):
    for beta in (3.0, keras.Variable(3.0, trainable=False), keras.optimizers.schedules.PolynomialDecay(1.0, 4, 3.0)):
        vae = build(beta=beta)
        vae.fit(X, batch_size=16, verbose=0)  # four steps
        loss = evaluate(vae, X)
        assert loss[0] == pytest.approx(loss[1] + 3 * loss[2])
        vae.save(tmp_path / "vae.keras")
        loaded = keras.saving.load_model(tmp_path / "vae.keras", custom_objects={"Mean": Mean})
        assert evaluate(loaded, X) == pytest.approx(loss)
        vae.save_weights(tmp_path / "vae.weights.h5")
        new = VariationalAutoencoder(loaded.encoder, loaded.decoder, beta if vae.beta_schedule else 0.0)
        new.load_weights(tmp_path / "vae.weights.h5")
        new.compile("adam", run_eagerly=True)
        assert evaluate(new, X) == pytest.approx(loss)
    new = build()
    new.beta = 0.0
    assert evaluate(new, X)[0] == pytest.approx(evaluate(new, X)[1])


def test_copied_loaded_and_exported_models_give_the_same_images(tmp_path):
    vae = build("linear", likelihood="gaussian")
    vae.fit(X, verbose=0)
    expected = vae.reconstruct(X)
    np.testing.assert_array_equal(vae.predict(X, verbose=0), expected)
    vae.save(tmp_path / "vae.keras")
    with keras.saving.custom_object_scope({"Mean": Mean}):
        for other in (copy.deepcopy(vae), keras.saving.load_model(tmp_path / "vae.keras")):
            np.testing.assert_allclose(other.reconstruct(X), expected, rtol=1e-5)
            assert np.isfinite(other.fit(X, verbose=0).history["loss"]).all()
    vae.export(tmp_path / "exported", verbose=False)
    import tensorflow as tf

    exported = tf.saved_model.load(tmp_path / "exported")
    *_, decoded = exported.serve(X)
    np.testing.assert_allclose(decoded, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("likelihood", LIKELIHOODS)
def test_samples_and_reconstructions_are_images_and_a_seed_repeats_them(likelihood):
    vae = build("linear", likelihood=likelihood)
    images = vae.sample(5, seed=1)
    assert images.shape == (5, 8, 8, 1)
    np.testing.assert_array_equal(vae.sample(5, seed=1), images)
    assert not np.array_equal(vae.sample(5), images)
    if likelihood != "gaussian":
        assert images.min() > 0
        assert images.max() < 1
    assert build(rows=True).sample(2).shape == (2, 64)


@pytest.mark.parametrize(("shape", "channels_last"), [((28, 28, 1), 7), ((30, 29, 3), 8), ((5, 7, 2), 2)])
def test_convolutional_vae_takes_images_of_any_size(shape, channels_last):
    vae = build_convolutional_vae(shape, 3, width=4)
    vae.compile("adam", run_eagerly=True)
    x = GENERATOR.random((4, *shape), dtype="float32")
    assert np.isfinite(vae.fit(x, verbose=0).history["loss"]).all()
    assert vae.reconstruct(x).shape == vae.sample(4).shape == x.shape
    assert vae.decoder.get_layer(index=3).output.shape[1:3] == ((shape[0] + 3) // 4, (shape[1] + 3) // 4)


def broken(outputs, latent_dim=2):
    """Return a VAE whose encoder returns the wrong outputs."""
    vae = build()
    images = keras.Input((8, 8, 1))
    z = layers.Dense(latent_dim)(layers.Flatten()(images))
    broken = VariationalAutoencoder(keras.Model(images, outputs(z)), vae.decoder)
    broken.compile("adam", run_eagerly=True)
    return broken


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (lambda: build().fit(255 * X), "divide by 255"),
        (lambda: build().fit(X, validation_data=(2 * X - 1,)), r"values in \[0, 1\]"),
        (lambda: build().fit(X[..., 0]), r"images have shape \(32, 8, 8\); expected .*\(32, 8, 8, 1\)"),
        (lambda: build().fit(X, np.zeros(64)), r"targets y have shape \(32,\).*leave y out"),
        (lambda: build().fit(X, X[:, :4]), r"targets y have shape \(32, 4, 8, 1\)"),
        (lambda: build().train_on_batch(X, np.zeros(64)), "targets y have shape"),
        (lambda: build().evaluate(X, X, sample_weight=np.ones((64, 8, 8))), "sample_weight have shape"),
        (lambda: build().fit(X, class_weight={0: 2.0}), "class_weight needs labels"),
        (lambda: build("tanh").fit(X), "the decoder ends in tanh"),
        (lambda: build(from_logits=True).fit(X), "from_logits is True"),
        (lambda: build(likelihood="mse"), "likelihood is 'mse'"),
        (lambda: build(likelihood="gaussian", variance=0), "variance is 0"),
        (lambda: build(beta=-1), "beta is -1"),
        (lambda: build(beta=keras.Variable(1.0)), "beta is trainable"),
        (lambda: broken(lambda z: [z, z]).fit(X), r"the encoder returns \[\(32, 2\), \(32, 2\)\]; expected"),
        (lambda: broken(lambda z: z).fit(X), "the encoder returns"),
        (lambda: broken(lambda z: [layers.Reshape((1, 2))(z)] * 3).fit(X), "the encoder returns"),
        (lambda: broken(lambda z: [z, layers.Dense(1)(z), z]).fit(X), "the encoder returns"),
        (lambda: reconstruction_loss(X, X[..., 0]), "images have shape"),
        (lambda: build_convolutional_vae((28, 28), 2), r"image_shape is \(28, 28\)"),
        (lambda: build_convolutional_vae((28, 28, 1), 0), "latent_dim is 0"),
    ],
)
def test_unsupported_input_is_rejected(act, message):
    with pytest.raises(ValueError, match=message):
        act()


def test_keras_losses_and_unscaled_datasets_are_rejected():
    import tensorflow as tf

    vae = build()
    vae.compile("adam", loss="mse", run_eagerly=True)
    with pytest.raises(ValueError, match="loss='mse' can't be used"):
        vae.fit(X, X, verbose=0)
    vae = build()
    vae.compile(keras.optimizers.SGD(1e-4), jit_compile=False)
    with pytest.raises(ValueError, match="divide them by 255"):
        vae.fit(tf.data.Dataset.from_tensor_slices(255 * X).batch(32), epochs=5, shuffle=False, verbose=0)


def test_batch_normalization_updates_its_averages_only_in_training():
    vae = build_vae(normalized=True, run_eagerly=True)
    vae.fit(IMAGES, batch_size=130, verbose=0)
    averages = vae.encoder.get_layer("normalize").moving_mean
    np.testing.assert_allclose(averages, 0.01 * IMAGES.mean(axis=0), rtol=1e-4)
    assert np.any(vae.decoder.get_layer("normalize").moving_mean != 0)
    vae.evaluate(IMAGES, verbose=0)
    np.testing.assert_allclose(averages, 0.01 * IMAGES.mean(axis=0), rtol=1e-4)
