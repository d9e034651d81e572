"""What a notebook writes out and others import does the same, or is the same code apart from docstrings."""

import ast
import inspect
import math
from functools import cache

import keras
import numpy as np
import pytest
from keras import layers, ops

from benchmarks.recipes import r09_spiral
from helpers import vae
from tools.notebooks import FOLDER, read_code, read_notebook


@cache
def read_definitions(notebook):
    """Return the functions and classes that a notebook defines, as syntax trees by name."""
    cells = [cell for cell in read_notebook(FOLDER / f"{notebook}.ipynb").cells if cell.cell_type == "code"]
    statements = ast.parse("\n".join(read_code(cell) for cell in cells)).body
    return {statement.name: statement for statement in statements if hasattr(statement, "name")}


def describe(definition):
    """Return a definition's syntax tree in text form, without its docstring."""
    if ast.get_docstring(definition) is not None:
        definition.body = definition.body[1:]
    return ast.dump(definition)


def test_curve_of_notebook_07_is_the_code_of_its_recipe():
    recipe = ast.parse(inspect.getsource(r09_spiral)).body
    for name in ("spiral", "arc_length", "turns_at", "draw_points"):
        (other,) = [statement for statement in recipe if getattr(statement, "name", None) == name]
        assert describe(read_definitions("07_why_autoencoders_cannot_generate")[name]) == describe(other), name


def define(notebook, name, **names):
    """Return one function or class of a notebook."""
    names |= {"keras": keras, "layers": layers, "ops": ops, "math": math}
    exec(compile(ast.Module([read_definitions(notebook)[name]], []), notebook, "exec"), names)
    return names[name]


def test_terms_of_notebook_08_have_the_values_of_the_helpers():
    rng = np.random.default_rng(0)
    z_mean, z_log_var = rng.normal(size=(2, 5, 3)).astype("float32")
    images, decoded = rng.uniform(0.01, 0.99, size=(2, 5, 8, 8, 1)).astype("float32")
    for name, pair in {"kl_divergence": (z_mean, z_log_var), "reconstruction_loss": (images, decoded)}.items():
        ours, theirs = getattr(vae, name)(*pair), define("08_variational_autoencoder", name)(*pair)
        np.testing.assert_allclose(ours, theirs, rtol=1e-5)
    sampled = define("08_variational_autoencoder", "Sampling")(seed=1)([z_mean, z_log_var])
    np.testing.assert_array_equal(vae.Sampling(seed=1)([z_mean, z_log_var]), sampled)


@pytest.mark.parametrize("shape", [(28, 28, 1), (64, 64, 3), (30, 29, 2)])
def test_build_vae_of_notebook_09_builds_the_model_of_the_helpers(shape):
    names = {"Sampling": vae.Sampling, "VariationalAutoencoder": vae.VariationalAutoencoder}
    build = define("09_convolutional_vae", "build_vae", **names)
    written, imported = (one(shape, 5, likelihood="gaussian", width=4) for one in (build, vae.build_vae))
    written.encoder.set_weights(imported.encoder.get_weights())
    written.decoder.set_weights(imported.decoder.get_weights())
    assert written.likelihood == imported.likelihood
    images = np.random.default_rng(0).random((2, *shape), "float32")
    np.testing.assert_array_equal(written.encode(images), imported.encode(images))
    np.testing.assert_array_equal(written.reconstruct(images), imported.reconstruct(images))
    assert written.encoder.get_layer(index=2).get_config()["activation"] == "elu"
