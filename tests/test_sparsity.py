"""Notebook 02's own definitions, taken out of the notebook: its measures, its penalty, its two reductions."""

import ast
from functools import cache

import keras
import nbformat
import numpy as np
import pytest
from keras import layers, ops
from scipy.stats import entropy

from helpers import load_mnist, set_seed
from tools.notebooks import FOLDER, read_code

NAMES = {"SparsityPenalty", "TargetActivation", "hoyer_sparsity", "measure_sparsity"}


@cache
def read_definitions():
    """Return what the notebook defines under NAMES, executed in a namespace of its own."""
    notebook = nbformat.read(FOLDER / "02_sparse_autoencoder.ipynb", as_version=4)
    statements = [
        statement
        for cell in notebook.cells
        if cell.cell_type == "code"
        for statement in ast.parse(read_code(cell)).body
        if getattr(statement, "name", None) in NAMES
    ]
    assert {statement.name for statement in statements} == NAMES
    namespace = {"keras": keras, "layers": layers, "ops": ops, "np": np}
    exec(compile(ast.Module(statements, []), "02_sparse_autoencoder", "exec"), namespace)
    return namespace


def penalty_of(layer, codes):
    layer(ops.convert_to_tensor(codes))
    return float(layer.losses[0])


@pytest.mark.parametrize("n", [2, 32, 784])
@pytest.mark.parametrize("scale", [1e-3, 1, 1e3])
def test_hoyer_has_its_closed_forms_at_every_scale(n, scale):
    hoyer = read_definitions()["hoyer_sparsity"]
    for k in range(1, n + 1, max(1, n // 8)):
        code = np.zeros((1, n))
        code[0, :k] = scale
        assert hoyer(code) == pytest.approx((np.sqrt(n) - np.sqrt(k)) / (np.sqrt(n) - 1), abs=1e-9)


def test_hoyer_of_a_code_without_direction_is_one():
    assert read_definitions()["hoyer_sparsity"](np.zeros((2, 32))) == pytest.approx([1, 1])


def test_measures_of_a_code_by_hand():
    codes = np.array([[0, 0, 3, 4], [0, 0, 0, 1.0]])
    measures = read_definitions()["measure_sparsity"](codes)
    assert measures["mean"] == pytest.approx(1)
    assert measures["zeros"] == pytest.approx(5 / 8)
    assert measures["active units"] == pytest.approx(1.5)
    assert measures["Hoyer"] == pytest.approx(((2 - 7 / 5) / (2 - 1) + 1) / 2)
    assert measures["dead units"] == 2


def test_penalty_by_hand():
    layer, codes = read_definitions()["SparsityPenalty"], np.array([[1, -2, 0], [0, 0, 4.0]])
    assert penalty_of(layer(0.5), codes) == pytest.approx(0.5 * (3 + 4) / 2)
    assert penalty_of(layer(0.5, "sum over images"), codes) == pytest.approx(0.5 * (3 + 4))
    np.testing.assert_array_equal(layer(0.5)(ops.convert_to_tensor(codes)), codes)


def test_penalty_refuses_an_unknown_reduction():
    with pytest.raises(ValueError, match="sum over pixels"):
        read_definitions()["SparsityPenalty"](0.5, "sum over pixels")


def test_penalty_survives_saving(tmp_path):
    definitions = read_definitions()
    image = keras.Input((6,))
    code = definitions["SparsityPenalty"](0.1, "sum over images")(layers.Dense(3, "relu")(image))
    model = keras.Model(image, layers.Dense(6)(code))
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    x = np.ones((2, 6), np.float32)
    np.testing.assert_allclose(loaded.predict(x, verbose=0), model.predict(x, verbose=0))
    assert loaded.layers[2].get_config() == model.layers[2].get_config()


def test_target_penalty_is_the_divergence_of_scipy():
    codes = np.random.default_rng(0).uniform(0.01, 0.99, size=(64, 5))
    rho, rho_hat = 0.1, codes.mean(axis=0)
    by_scipy = sum(entropy([rho, 1 - rho], [mean, 1 - mean]) for mean in rho_hat)
    assert penalty_of(read_definitions()["TargetActivation"](2.0, rho), codes) == pytest.approx(2 * by_scipy, rel=1e-4)


@cache
def train_and_measure(batch_size, strength, reduction):
    """Return what the codes of held-out stand-in digits measure after 400 updates, whatever the batch size."""
    definitions = read_definitions()
    data = load_mnist(source="stand-in")
    x_train, x_test = data.x_train.reshape(-1, 784), data.x_test.reshape(-1, 784)
    set_seed(0)
    image = keras.Input((784,))
    code = definitions["SparsityPenalty"](strength, reduction)(layers.Dense(32, "relu")(image))
    pixels = layers.Dense(784, "sigmoid")(code)
    autoencoder = keras.Model(image, pixels)
    autoencoder.compile(keras.optimizers.Adam(2e-3), "binary_crossentropy", steps_per_execution=20)
    endless = np.random.default_rng(0).integers(len(x_train), size=400 * batch_size)
    autoencoder.fit(x_train[endless], x_train[endless], batch_size, epochs=1, shuffle=False, verbose=0)
    return definitions["measure_sparsity"](keras.Model(image, code).predict(x_test, verbose=0))


def test_mean_over_images_gives_the_same_codes_at_two_batch_sizes():
    small, large = (train_and_measure(size, 1e-3, "mean over images") for size in (64, 256))
    assert small["mean"] == pytest.approx(large["mean"], rel=0.15)
    assert small["zeros"] == pytest.approx(large["zeros"], abs=0.1)
    assert small["Hoyer"] == pytest.approx(large["Hoyer"], abs=0.1)


def test_sum_over_images_does_not():
    # At a batch of 64 this is the penalty of the test above, and four times that at 256.
    small, large = (train_and_measure(size, 1e-3 / 64, "sum over images") for size in (64, 256))
    assert small["mean"] == pytest.approx(train_and_measure(64, 1e-3, "mean over images")["mean"], rel=0.02)
    assert large["mean"] < 0.6 * small["mean"]
    assert large["zeros"] > small["zeros"] + 0.1
