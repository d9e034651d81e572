"""Notebook 02's own measures and penalties, against closed forms and SciPy."""

import ast
from functools import cache

import keras
import nbformat
import numpy as np
import pytest
from keras import layers, ops
from scipy.stats import entropy

from tools.notebooks import FOLDER, read_code

NAMES = {"SparsityPenalty", "TargetActivation", "hoyer_sparsity", "measure_sparsity"}


@cache
def define(name):
    """Return one of the functions and classes that the notebook defines under NAMES."""
    notebook = nbformat.read(FOLDER / "02_sparse_autoencoder.ipynb", as_version=4)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    statements = [statement for cell in cells for statement in ast.parse(read_code(cell)).body]
    definitions = [statement for statement in statements if getattr(statement, "name", None) in NAMES]
    namespace = {"keras": keras, "layers": layers, "ops": ops, "np": np}
    exec(compile(ast.Module(definitions, []), "02_sparse_autoencoder", "exec"), namespace)
    return namespace[name]


def penalty_of(layer, codes):
    layer(ops.convert_to_tensor(codes))
    return float(layer.losses[0])


@pytest.mark.parametrize("n", [2, 32, 784])
@pytest.mark.parametrize("scale", [1e-3, 1, 1e3])
def test_hoyer_has_its_closed_form_at_every_scale(n, scale):
    for k in range(1, n + 1, max(1, n // 8)):
        code = np.zeros((1, n))
        code[0, :k] = scale
        expected = (np.sqrt(n) - np.sqrt(k)) / (np.sqrt(n) - 1)
        assert define("hoyer_sparsity")(code) == pytest.approx(expected, abs=1e-9)


def test_hoyer_of_a_code_of_zeros_is_one():
    assert define("hoyer_sparsity")(np.zeros((2, 32))) == pytest.approx([1, 1])


def test_measures_of_a_code_are_those_computed_by_hand():
    measures = define("measure_sparsity")(np.array([[0, 0, 3, 4], [0, 0, 0, 1.0]]))
    assert measures["mean"] == pytest.approx(1)
    assert measures["zeros"] == pytest.approx(5 / 8)
    assert measures["active units"] == pytest.approx(1.5)
    assert measures["Hoyer"] == pytest.approx(((2 - 7 / 5) / (2 - 1) + 1) / 2)
    assert measures["dead units"] == 2


def test_penalty_is_that_computed_by_hand_and_only_the_sum_grows_with_the_batch():
    layer, codes = define("SparsityPenalty"), np.array([[1, -2, 0], [0, 0, 4.0]])
    for batch in (codes, np.tile(codes, (4, 1))):
        assert penalty_of(layer(0.5), batch) == pytest.approx(0.5 * (3 + 4) / 2)
        assert penalty_of(layer(0.5, "sum over images"), batch) == pytest.approx(0.5 * (3 + 4) * len(batch) / 2)
    np.testing.assert_array_equal(layer(0.5)(ops.convert_to_tensor(codes)), codes)
    with pytest.raises(ValueError, match="sum over pixels"):
        layer(0.5, "sum over pixels")


def test_penalty_is_saved_with_its_settings(tmp_path):
    image = keras.Input((6,))
    code = define("SparsityPenalty")(0.1, "sum over images")(layers.Dense(3, "relu")(image))
    keras.Model(image, code).save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras").layers[-1]
    assert (loaded.strength, loaded.reduction) == (0.1, "sum over images")


def test_penalty_for_a_target_activation_is_the_divergence_of_scipy():
    codes = np.random.default_rng(0).uniform(0.01, 0.99, size=(64, 5))
    rho, rho_hat = 0.1, codes.mean(axis=0)
    by_scipy = sum(entropy([rho, 1 - rho], [mean, 1 - mean]) for mean in rho_hat)
    assert penalty_of(define("TargetActivation")(2.0, rho), codes) == pytest.approx(2 * by_scipy, rel=1e-4)
