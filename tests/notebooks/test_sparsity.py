"""Notebook 02's measures and layers agree with closed forms and SciPy."""

from functools import partial

import keras
import numpy as np
import pytest
from keras import layers, ops
from scipy.stats import entropy

from tests.notebooks import definitions

define = partial(definitions.define, "02_sparse_autoencoder")


def penalty_of(layer, codes):
    layer(ops.convert_to_tensor(codes))
    return float(layer.losses[0])


@pytest.mark.parametrize("n", [2, 32, 784])
@pytest.mark.parametrize("scale", [1e-3, 1, 1e3])
def test_hoyer_matches_its_closed_form_at_every_scale(n, scale):
    for k in range(1, n + 1, max(1, n // 8)):
        code = np.zeros((1, n))
        code[0, :k] = scale
        expected = (np.sqrt(n) - np.sqrt(k)) / (np.sqrt(n) - 1)
        assert define("hoyer_sparsity")(code) == pytest.approx(expected, abs=1e-9)


def test_hoyer_of_an_all_zero_code_is_one():
    assert define("hoyer_sparsity")(np.zeros((2, 32))) == pytest.approx([1, 1])


def test_measures_of_a_code_match_values_computed_by_hand():
    measure_sparsity = define("measure_sparsity", hoyer_sparsity=define("hoyer_sparsity"))
    measures = measure_sparsity(np.array([[0, 0, 3, 4], [0, 0, 0, 1.0]]))
    assert measures["mean"] == pytest.approx(1)
    assert measures["zeros"] == pytest.approx(5 / 8)
    assert measures["active units"] == pytest.approx(1.5)
    assert measures["Hoyer"] == pytest.approx(((2 - 7 / 5) / (2 - 1) + 1) / 2)
    assert measures["dead units"] == 2


def test_top_k_keeps_the_largest_and_does_not_change_a_code_with_fewer_active_units():
    codes = np.random.default_rng(0).uniform(size=(64, 20)).astype("float32")
    kept = ops.convert_to_numpy(define("TopK")(3)(codes))
    np.testing.assert_array_equal(kept, np.where(codes >= np.sort(codes, axis=1)[:, -3:][:, :1], codes, 0))
    few = np.array([[0, 2.0, 0, 1], [0, 0, 0, 0]], dtype="float32")
    np.testing.assert_array_equal(define("TopK")(3)(few), few)


@pytest.mark.parametrize(("name", "settings"), [("TopK", (2,)), ("TargetActivation", (0.5, 0.1))])
def test_layers_are_saved_with_their_settings(name, settings, tmp_path):
    image = keras.Input((6,))
    keras.Model(image, define(name)(*settings)(layers.Dense(3, "relu")(image))).save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras").layers[-1].get_config()
    assert set(settings) <= {value for value in loaded.values() if isinstance(value, int | float)}


def test_kl_penalty_matches_scipy():
    codes = np.random.default_rng(0).uniform(0.01, 0.99, size=(64, 5))
    rho, rho_hat = 0.1, codes.mean(axis=0)
    expected = sum(entropy([rho, 1 - rho], [mean, 1 - mean]) for mean in rho_hat)
    assert penalty_of(define("TargetActivation")(2.0, rho), codes) == pytest.approx(2 * expected, rel=1e-4)
