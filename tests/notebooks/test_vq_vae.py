"""Notebook 17's quantizer, perplexity, and prior agree with NumPy, SciPy, and finite differences."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers, ops
from scipy.stats import entropy

from tests.notebooks import definitions

SIZES = {"CODES": 5, "CODE_DIM": 3, "POSITIONS": 6, "COMMITMENT": 0.25, "DECAY": 0.9}
SIZES |= {"WIDTH": 8, "HEADS": 2, "BLOCKS": 2}


def define(name, **names):
    return definitions.define("17_vq_vae", name, **(SIZES | names))


def make_quantizer(restarts, z):
    keras.utils.set_random_seed(0)
    quantizer = define("VectorQuantizer", update_codebook=define("update_codebook"))(restarts=restarts)
    quantizer.build(z.shape)
    codebook = np.random.default_rng(1).normal(size=(5, 3)).astype("float32")
    quantizer.codebook.assign(codebook)
    quantizer.sums.assign(codebook)
    return quantizer, codebook


def make_prior():
    keras.utils.set_random_seed(0)
    prior = define("CodePrior", CausalBlock=define("CausalBlock"))()
    rng = np.random.default_rng(0)
    return prior, rng.integers(0, 10, 4).astype("int32"), rng.integers(0, 5, (4, 6)).astype("int32")


Z = np.random.default_rng(0).normal(size=(2, 4, 4, 3)).astype("float32")


def test_gradient_is_that_of_the_surrogate_by_finite_differences():
    quantizer, codebook = make_quantizer(False, Z)
    weights = np.random.default_rng(2).normal(size=Z.shape)
    with tf.GradientTape() as tape:
        z = tf.Variable(Z)
        loss = ops.sum(weights * ops.sin(quantizer(z))) + sum(quantizer.losses)
    gradient = tape.gradient(loss, z).numpy()
    e = codebook[np.linalg.norm(Z[..., None, :] - codebook, axis=-1).argmin(axis=-1)]

    def surrogate(moved):  # the quantizer adds the constant e - Z; a mean over two images
        return np.sum(weights * np.sin(moved + (e - Z))) + 0.25 * np.sum((moved - e) ** 2) / 2

    for index in np.ndindex(Z.shape):
        step = np.zeros(Z.shape)
        step[index] = 1e-4
        slope = (surrogate(Z + step) - surrogate(Z - step)) / 2e-4
        assert gradient[index] == pytest.approx(slope, abs=1e-3)


@pytest.mark.parametrize("restarts", [False, True])
def test_codebook_follows_moving_averages_and_restarts_unused_codes(restarts):
    quantizer, codebook = make_quantizer(restarts, Z)
    codebook[4] = 100  # never the nearest
    quantizer.codebook.assign(codebook)
    quantizer.sums.assign(codebook)
    counts, sums, vectors = np.ones(5), codebook.astype(float), Z.reshape(-1, 3)
    for _ in range(3):
        quantizer(Z, training=True)
        codes = np.linalg.norm(vectors[:, None] - codebook, axis=-1).argmin(axis=1)
        for code in range(5):
            counts[code] = 0.9 * counts[code] + 0.1 * np.sum(codes == code)
            sums[code] = 0.9 * sums[code] + 0.1 * vectors[codes == code].sum(axis=0)
            found = quantizer.codebook.numpy()[code]
            if restarts and counts[code] < 1:
                assert np.abs(vectors - found).sum(axis=1).min() < 1e-6  # one of the batch
                counts[code], sums[code] = 1, found
            np.testing.assert_allclose(found, sums[code] / counts[code], rtol=1e-4)
        codebook = quantizer.codebook.numpy()
    assert (codebook[4].max() > 90) != restarts


def test_evaluation_leaves_the_codebook_unchanged_and_returns_code_vectors():
    quantizer, codebook = make_quantizer(True, Z)
    returned = ops.convert_to_numpy(quantizer(Z)).reshape(-1, 3)
    np.testing.assert_array_equal(quantizer.codebook.numpy(), codebook)
    assert np.abs(returned[:, None] - codebook).sum(axis=2).min(axis=1).max() < 1e-5


def test_perplexity_is_the_effective_number_of_codes():
    perplexity = define("perplexity")
    assert perplexity(np.arange(50) % 5) == pytest.approx(5)
    assert perplexity(np.full((3, 4), 2)) == pytest.approx(1)
    codes = np.array([[0, 0, 0], [1, 1, 3]])
    assert perplexity(codes) == pytest.approx(np.exp(entropy([3, 2, 1])))


def test_each_position_of_the_prior_depends_on_the_class_and_earlier_codes_only():
    prior, labels, codes = make_prior()
    logits = ops.convert_to_numpy(prior([labels, codes]))
    assert logits.shape == (4, 6, 5)
    assert (np.abs(ops.convert_to_numpy(prior([(labels + 1) % 10, codes])) - logits).max(axis=(0, 2)) > 1e-6).all()
    for position in range(6):
        changed = codes.copy()
        changed[:, position] = (codes[:, position] + 1) % 5
        difference = np.abs(ops.convert_to_numpy(prior([labels, changed])) - logits).max(axis=(0, 2))
        assert (difference[: position + 1] < 1e-6).all()
        assert (difference[position + 1 :] > 1e-6).all()


def test_sampling_one_position_at_a_time_uses_the_logits_of_a_full_pass(monkeypatch):
    prior, labels, _ = make_prior()
    seen, draw = [], keras.random.categorical

    def record(logits, number, seed):
        seen.append(ops.convert_to_numpy(logits))
        return draw(logits, number, seed=seed)

    monkeypatch.setattr(keras.random, "categorical", record)
    codes = define("sample_codes")(prior, labels, keras.random.SeedGenerator(0))
    full = ops.convert_to_numpy(prior([labels, codes]))
    np.testing.assert_allclose(np.stack(seen, axis=1), full, atol=1e-5)


def test_untrained_model_reconstructs_the_shape_and_has_49_codes():
    build = define("build_vqvae", CODE_DIM=3, VectorQuantizer=define("VectorQuantizer"))
    model = build()
    assert model(np.zeros((2, 28, 28, 1))).shape == (2, 28, 28, 1)
    assert isinstance(model.get_layer("quantizer"), layers.Layer)
    encode = define("encode", POSITIONS=49)
    assert encode(model, np.zeros((3, 28, 28, 1), "float32")).shape == (3, 49)
