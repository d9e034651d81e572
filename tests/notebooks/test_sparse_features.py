"""Notebook 19's model and measures agree with NumPy, brute force, and closed forms."""

from functools import partial
from itertools import permutations

import keras
import numpy as np
import pytest
from keras import ops
from scipy.optimize import linear_sum_assignment
from scipy.special import log_softmax
from sklearn.metrics import f1_score, r2_score

from helpers import set_seed
from tests.notebooks import definitions

define = partial(definitions.define, "19_sparse_autoencoders_for_interpretability")
keep_largest = define("keep_largest")
SparseAutoencoder = define("SparseAutoencoder", keep_largest=keep_largest)
WORLD = {"FEATURES": 256, "PARENTS": slice(0, 16), "CHILDREN": slice(16, 80), "OTHERS": slice(80, 256)}


@pytest.fixture
def points():
    return np.random.default_rng(0).normal(size=(64, 5)).astype("float32")


def fit(sae, x, epochs=3):
    sae.compile(keras.optimizers.Adam(1e-2), jit_compile=False)
    return sae.fit(x, epochs=epochs, verbose=0).history["loss"]


def test_top_k_keeps_what_a_sort_keeps():
    z = np.random.default_rng(0).uniform(size=(32, 20)).astype("float32")
    expected = np.where(z >= np.sort(z, axis=1)[:, -3:][:, :1], z, 0)
    np.testing.assert_array_equal(ops.convert_to_numpy(keep_largest(z, 3)), expected)
    windows = ops.convert_to_numpy(keep_largest(z.reshape(8, 4, 20), 3))
    np.testing.assert_array_equal(windows.reshape(32, 20), expected)


def test_matching_finds_the_best_one_to_one_assignment():
    rng, match = np.random.default_rng(0), define("match", linear_sum_assignment=linear_sum_assignment)
    for _ in range(20):
        features, directions = rng.normal(size=(2, 4, 3))
        cosines = features @ directions.T
        best = max(permutations(range(4)), key=lambda order: sum(cosines[range(4), order]))
        latents, matched = match(features, directions)
        assert tuple(latents) == best
        assert matched == pytest.approx(cosines[range(4), best])


def test_explained_variance_is_the_variance_weighted_r2(points):
    x_hat = points + np.random.default_rng(1).normal(size=points.shape)
    expected = r2_score(points, x_hat, multioutput="variance_weighted")
    assert define("explained_variance")(points, x_hat) == pytest.approx(expected)


def test_measures_of_a_known_world_match_scikit_learn():
    set_seed(0)
    rng, sae = np.random.default_rng(0), SparseAutoencoder(5, 12, 4)
    features = rng.normal(size=(12, 5)).astype("float32")
    features /= np.linalg.norm(features, axis=1, keepdims=True)
    a = rng.random((200, 12), dtype="float32") * (rng.random((200, 12)) < 0.3)
    match, explained = define("match", linear_sum_assignment=linear_sum_assignment), define("explained_variance")
    known = {"features": features, "CHILDREN": slice(2, 6), "match": match, "explained_variance": explained}
    _, found, children, f1, active, dead = define("measure", **known)(sae, a @ features, a)
    z = ops.convert_to_numpy(sae.encode(a @ features))
    latents, cosines = match(features, ops.convert_to_numpy(sae.directions))
    expected = [f1_score(a[:, i] > 0, z[:, latent] > 0.5, zero_division=0) for i, latent in enumerate(latents)]
    assert f1 == pytest.approx(np.mean(expected))
    assert (found, children) == pytest.approx((np.mean(cosines > 0.8), np.mean(cosines[2:6] > 0.8)))
    assert (active, dead) == (np.mean(np.sum(z > 0, axis=1)), 12 - len(set(np.nonzero(z)[1])))


def test_children_are_active_only_with_their_parent_and_at_most_one_at_a_time():
    frequencies, rng = define("frequencies"), np.random.default_rng(0)
    features = rng.normal(size=(256, 64)).astype("float32")
    x, a = define("draw", frequencies=frequencies, **WORLD)(4000, features, rng)
    assert x == pytest.approx(a @ features, abs=1e-5)
    children = (a[:, WORLD["CHILDREN"]] > 0).reshape(-1, 16, 4).sum(axis=2)
    assert np.all(children <= (a[:, WORLD["PARENTS"]] > 0))
    assert np.mean(np.sum(a > 0, axis=1)) == pytest.approx(1.4 + 1.4 * 4 / 6 + 5.6, rel=0.03)


def test_training_keeps_directions_at_length_one_and_at_most_k_latents_active(points):
    set_seed(0)
    sae = SparseAutoencoder(5, 12, 2)
    losses = fit(sae, points)
    assert losses[-1] < losses[0]
    assert np.linalg.norm(sae.directions, axis=1) == pytest.approx(np.ones(12), abs=1e-5)
    assert np.max(np.sum(ops.convert_to_numpy(sae.encode(points)) > 0, axis=1)) <= 2


def test_frozen_directions_stay_while_the_rest_learns(points):
    set_seed(0)
    sae = SparseAutoencoder(5, 12, 2)
    sae.directions.trainable = False
    directions, encoder = (ops.convert_to_numpy(weight).copy() for weight in (sae.directions, sae.encoder))
    fit(sae, points)
    np.testing.assert_array_equal(ops.convert_to_numpy(sae.directions), directions)
    assert np.abs(sae.encoder - encoder).max() > 1e-3


def define_reviving():
    return define("RevivingAutoencoder", SparseAutoencoder=SparseAutoencoder, keep_largest=keep_largest)


@pytest.mark.parametrize("kind", [SparseAutoencoder, define_reviving()])
def test_auxiliary_loss_reaches_a_latent_that_is_never_among_the_largest(points, kind):
    set_seed(0)
    sae = kind(5, 12, 2)
    sae.bias.assign(np.where(np.arange(12) == 3, 0.0, 3.0))
    before = ops.convert_to_numpy(sae.encoder)[:, 3].copy()
    assert not np.any(ops.convert_to_numpy(sae.encode(points))[:, 3])
    sae.compile(keras.optimizers.SGD(0.1), jit_compile=False)
    sae.fit(points, epochs=1, batch_size=64, verbose=0)
    assert np.any(ops.convert_to_numpy(sae.encoder)[:, 3] != before) == (kind is not SparseAutoencoder)


def test_auxiliary_loss_matches_numpy(points):
    set_seed(0)
    sae = define_reviving()(5, 12, 2)
    sae.bias.assign(np.where(np.arange(12) < 6, 5.0, 0.0))
    encoder, directions, bias = (ops.convert_to_numpy(x) for x in (sae.encoder, sae.directions, sae.bias))
    z = np.maximum(points @ encoder + bias, 0)
    kept = np.where(z >= np.sort(z, axis=1)[:, -2:-1], z, 0)
    error = points - kept @ directions
    rest = error - (z * ~np.any(kept > 0, axis=0)) @ directions
    expected = np.mean(np.sum(error**2, axis=1)) + np.mean(np.sum(rest**2, axis=1)) / 32
    assert float(sae.compute_loss(points, None, sae(points))) == pytest.approx(expected, rel=1e-5)
    assert np.any(rest != error)


def test_losses_of_the_next_character_match_scipy():
    rng = np.random.default_rng(0)
    logits, following, kinds = rng.normal(size=(12, 6, 7)), rng.choice([1, 2, 5], size=48), rng.integers(3, size=48)
    names = {"measured": define("measured", WARM_UP=2), "read": lambda network, x: network(x)}
    measure_one = define("loss_of_next", next_test=following, **names)
    log_p = log_softmax(2 * logits[:, 2:].reshape(48, 7), axis=1)
    loss = -np.take_along_axis(log_p, following[:, None], axis=1)[:, 0]
    assert measure_one(lambda x: 2 * x, logits) == pytest.approx(loss)

    names = {"loss_of_next": measure_one, "kinds_test": kinds, "next_test": following, "ALPHABET": "..a..b."}
    rows = define("measure_losses", QUOTES={"b": "", "a": ""}, QUOTED=[2, 0], **names)(lambda x: 2 * x, logits)
    for code, kind, row in zip([5, 2], [2, 0], rows, strict=True):
        closing, elsewhere = (following == code) & (kinds == kind), (following == code) & (kinds != kind)
        other = (following == 7 - code) & (kinds == 2 - kind)
        assert row == pytest.approx([loss[closing].mean(), loss[elsewhere].mean(), loss[other].mean(), loss.mean()])


def test_ablation_subtracts_what_the_latent_adds_and_as_much_elsewhere():
    set_seed(0)
    rng, sae = np.random.default_rng(0), SparseAutoencoder(5, 12, 3)
    texts = {"text_valid": np.float32(rng.normal(size=(20, 2, 5))), "text_test": np.float32(rng.normal(size=(4, 2, 5)))}
    kinds, seen = np.arange(40) % 2, []

    def measure_losses(upper, stream):
        seen.append(stream)
        return np.full((2, 4), len(seen)) * [[1], [100]]

    names = {"read": lambda network, x: network(x), "measured": lambda x: x.reshape(-1, 5), "kinds_valid": kinds}
    names |= {
        "best_units": lambda z: ([6, 9], None),
        "measure_losses": measure_losses,
        "FEATURES": 12,
        "QUOTED": [1, 0],
    }
    rises = define("ablate", **texts, **names)(lambda x: x, None, [sae, sae])
    z, directions = (ops.convert_to_numpy(x) for x in (sae.encode(texts["text_test"]), sae.directions))
    x = texts["text_valid"].reshape(-1, 5)
    for number, (kind, unit) in enumerate([(1, 9), (0, 6)]):
        difference = x[kinds == kind].mean(axis=0) - x.mean(axis=0)
        strongest = np.where(np.arange(12) == unit, -1, z).argmax(axis=-1)
        paths = [directions[unit], directions[strongest], *directions[unit - 5 : unit]]
        paths.append(difference / np.sqrt(np.sum(difference**2)))
        for place, path in enumerate(paths):
            for call in (16 * number + place, 16 * number + 8 + place):  # for either autoencoder
                part = texts["text_test"] - seen[call]
                np.testing.assert_allclose(part, z[..., unit, None] * path, atol=1e-5)
    np.testing.assert_array_equal(seen[32], texts["text_test"])
    assert rises.shape == (2, 2, 8, 4)
    np.testing.assert_array_equal(rises[0, :, :, 0].ravel(), np.arange(1, 17) - 33)
    np.testing.assert_array_equal(rises[1, :, :, 0].ravel(), 100 * (np.arange(17, 33) - 33))


def test_scores_of_units_match_scikit_learn():
    rng, kinds = np.random.default_rng(0), ["a", "b", "c"]
    active, y = rng.random((200, 4)) < 0.3, rng.integers(3, size=200)
    scores = define("score_units", KINDS=kinds)(active, y)
    expected = [[f1_score(y == kind, unit) for kind in range(3)] for unit in active.T]
    assert scores == pytest.approx(np.array(expected), abs=1e-6)


def test_best_units_match_scikit_learn():
    rng, kinds = np.random.default_rng(0), np.random.default_rng(1).integers(3, size=200)
    x = rng.normal(size=(200, 5)) + np.eye(3, 5)[kinds]
    score = define("score_units", KINDS=["a", "b", "c"])
    units, thresholds = define("best_units", score_units=score, kinds_valid=kinds, KINDS=["a", "b", "c"])(x)
    tried = np.quantile(x, 1 - np.geomspace(0.5, 0.001, 16), axis=0)
    scores = np.array([[[f1_score(kinds == k, x[:, i] > t[i]) for k in range(3)] for i in range(5)] for t in tried])
    for kind in range(3):
        reached = f1_score(kinds == kind, x[:, units[kind]] > thresholds[kind])
        assert reached == pytest.approx(scores[:, :, kind].max())


def test_l1_sums_the_activations(points):
    set_seed(0)
    sae = define("L1Autoencoder", SparseAutoencoder=SparseAutoencoder)(5, 12, None)
    encoder, directions = (ops.convert_to_numpy(weight) for weight in (sae.encoder, sae.directions))
    z = np.maximum(points @ encoder, 0)
    expected = np.mean(np.sum((points - z @ directions) ** 2, axis=1)) + 0.5 * np.mean(np.sum(z, axis=1))
    assert float(sae.compute_loss(points, None, sae(points))) == pytest.approx(expected, rel=1e-5)


def test_batch_top_k_keeps_the_largest_of_the_batch():
    names = {"SparseAutoencoder": SparseAutoencoder}
    solution = partial(definitions.define, "solutions/19_sparse_autoencoders_for_interpretability")
    sae = solution("BatchTopK", TopK=solution("TopK", **names))(5, 12, 2)
    z = np.random.default_rng(0).uniform(size=(32, 12)).astype("float32")
    kept = ops.convert_to_numpy(sae.keep_largest(z))
    np.testing.assert_array_equal(np.sort(kept[kept > 0]), np.sort(z.ravel())[-64:])
