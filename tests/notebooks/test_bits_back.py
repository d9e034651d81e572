"""Lesson 16: the coder loses nothing, and its files are as long as information theory says."""

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import ops
from scipy.special import expit, ndtr, softmax
from tensorflow_probability import distributions as tfd

from tests.notebooks.definitions import define

LESSON, BUCKETS = "16_bits_back_coding", 256


def coder(bits=24):
    """Return the lesson's functions as a dict, for symbols whose widths add up to 2 ** bits."""
    edges = np.linspace(-20, 20, BUCKETS + 1)
    names = {"BITS": bits, "BUCKETS": BUCKETS, "centers": (edges[:-1] + edges[1:]) / 2, "edges": edges}
    edges[[0, -1]] = -np.inf, np.inf
    names |= {"ndtr": ndtr, "softmax": softmax, "expit": expit, "LATENT_DIM": 3, "HIDDEN_UNITS": 8}
    functions = "Message normal_starts table_starts push_symbol pop_symbol posterior_starts pixel_frequencies"
    functions += " component_starts latent_starts write read"
    for name in (*functions.split(), "residual_network", "MixturePrior", "BinaryVAE"):
        names[name] = define(LESSON, name, **names)
    return names


def start_message(coder, lanes, words=2000):
    rng = np.random.default_rng(0)
    return coder["Message"](rng.integers(2**31, 2**32, lanes), rng.integers(2**32, size=words, dtype="uint32"))


@given(st.lists(st.tuples(st.integers(0, 4), st.lists(st.integers(1, 9), min_size=5, max_size=5)), max_size=60))
def test_integer_stack_restores_any_symbols(symbols):
    push, pop = define(LESSON, "push"), define(LESSON, "pop")
    message = 1
    for symbol, widths in symbols:
        message = push(message, symbol, widths)
    for symbol, widths in reversed(symbols):
        message, popped = pop(message, widths)
        assert popped == symbol
    assert message == 1


@settings(max_examples=25, deadline=None)
@given(st.integers(4, 31), st.integers(1, 4), st.integers(0, 2**32 - 1))
def test_lanes_restore_any_symbols_at_any_precision(bits, lanes, seed):
    own, rng = coder(bits), np.random.default_rng(seed)
    message, pushed = start_message(own, lanes), []
    heads, words = message.heads.copy(), list(message.words)
    for _ in range(50):
        start = own["table_starts"](rng.dirichlet(np.full(5, 0.1), size=lanes))
        pushed.append((rng.integers(5, size=lanes), start))
        own["push_symbol"](message, *pushed[-1])
        assert message.heads.min() >= 2**31
        assert message.heads.max() < 2**63
    for symbol, start in reversed(pushed):
        assert (own["pop_symbol"](message, 5, start) == symbol).all()
    assert (message.heads == heads).all()
    assert message.words == words


def test_file_is_as_long_as_the_entropy_says():
    own, rng = coder(), np.random.default_rng(0)
    probabilities = np.tile([0.7, 0.2, 0.06, 0.04], (10, 1))
    message, start = start_message(own, 10), own["table_starts"](probabilities)
    before, symbols = len(message.words), rng.choice(4, size=(2000, 10), p=probabilities[0])
    for symbol in symbols:
        own["push_symbol"](message, symbol, start)
    used = 32 * (len(message.words) - before)
    assert used == pytest.approx(-np.log2(probabilities[0][symbols]).sum(), rel=0.02)


def test_empty_message_says_what_to_do():
    own, uniform = coder(), np.full((2, 16), 1 / 16)
    message = start_message(own, 2, words=0)
    with pytest.raises(ValueError, match="start with more words"):
        [own["pop_symbol"](message, 16, own["table_starts"](uniform)) for _ in range(20)]


def test_normal_starts_are_increasing_and_match_the_cumulative_distribution():
    own = coder()
    start = own["normal_starts"](np.array([0.3, -19.0]), np.array([0.01, 5.0]), least=1)
    starts = np.array([start(np.full(2, k)) for k in range(BUCKETS + 1)])
    assert starts[0].tolist() == [0, 0]
    assert starts[-1].tolist() == [2**24, 2**24]
    assert (np.diff(starts.astype(int), axis=0) > 0).all()
    upper = own["edges"][100]
    assert starts[100, 1] / 2**24 == pytest.approx(tfd.Normal(-19.0, 5.0).cdf(upper).numpy(), abs=1e-4)


@pytest.mark.parametrize("components", [1, 4])
def test_prior_matches_tensorflow_probability(components):
    keras.utils.set_random_seed(0)
    prior, z = coder()["MixturePrior"](components), np.random.default_rng(0).normal(size=(6, 3)).astype("float32")
    prior.log_stds.assign(0.3 * np.random.default_rng(1).normal(size=(components, 3)) * (components > 1))
    mixture = tfd.MixtureSameFamily(
        tfd.Categorical(logits=prior.logits.numpy()),
        tfd.MultivariateNormalDiag(prior.means.numpy(), np.exp(prior.log_stds.numpy())),
    )
    assert ops.convert_to_numpy(prior(z)) == pytest.approx(mixture.log_prob(z).numpy(), rel=1e-4)


@pytest.mark.parametrize("components", [1, 4])
def test_images_come_back_and_cost_the_negative_elbo(components):
    keras.utils.set_random_seed(0)
    own = coder()
    vae, rng = own["BinaryVAE"](components), np.random.default_rng(0)
    x = np.float32(rng.random((400, 784)) < rng.random(784))
    message = start_message(own, 20)
    heads, words = message.heads.copy(), list(message.words)
    for batch in x.reshape(-1, 20, 784):
        own["write"](message, vae, batch)
    used = 32 * (len(message.words) - len(words)) / len(x)
    elbo = np.mean([ops.convert_to_numpy(ops.add(*vae.sample(x, 10))) for _ in range(3)])
    assert used == pytest.approx(-elbo / np.log(2), rel=0.01)
    back = [own["read"](message, vae, vae.decoder) for _ in range(20)]
    assert (np.concatenate(back[::-1]) == x).all()
    assert (message.heads == heads).all()
    assert message.words == words


def test_gray_likelihood_of_the_solution_sums_to_one():
    small = define(f"solutions/{LESSON}", "SmallVAE")
    vae = define(f"solutions/{LESSON}", "GrayVAE", SmallVAE=small)(8, 2, 2)
    levels = np.float32(np.arange(256) / 255)[:, None]
    for mean, log_scale in [(0.0, 0.0), (-6.0, 2.0), (6.0, -9.0), (1.0, 9.0)]:
        decoded = np.tile(np.float32([[mean, log_scale]]), (256, 1))
        assert np.exp(ops.convert_to_numpy(vae.log_px(levels, decoded))).sum() == pytest.approx(1, abs=1e-3)
