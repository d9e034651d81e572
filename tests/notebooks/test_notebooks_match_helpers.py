"""Notebook code that is also in helpers or recipes behaves the same, or is identical except for docstrings."""

import ast
import inspect
from functools import cache

import keras
import numpy as np
import pytest

from benchmarks.recipes import r09_spiral
from helpers import vae
from tests.notebooks.definitions import define, read_definitions
from tools.notebooks import FOLDER, read_notebook


def describe(definition):
    """Return a definition's syntax tree in text form, without its docstring."""
    if ast.get_docstring(definition) is not None:
        definition.body = definition.body[1:]
    return ast.dump(definition)


def test_spiral_of_notebook_07_is_the_same_code_as_its_recipe():
    recipe = ast.parse(inspect.getsource(r09_spiral)).body
    for name in ("spiral", "arc_length", "turns_at", "draw_points"):
        (other,) = [statement for statement in recipe if getattr(statement, "name", None) == name]
        assert describe(read_definitions("07_why_autoencoders_cannot_generate")[name]) == describe(other), name


def test_loss_terms_and_sampling_of_notebook_08_match_the_helpers():
    rng = np.random.default_rng(0)
    z_mean, z_log_var = rng.normal(size=(2, 5, 3)).astype("float32")
    images, decoded = rng.uniform(0.01, 0.99, size=(2, 5, 8, 8, 1)).astype("float32")
    logits = np.log(decoded / (1 - decoded))
    written = define("08_variational_autoencoder", "reconstruction_loss")(images, logits)
    np.testing.assert_allclose(vae.reconstruction_loss(images, decoded), written, rtol=1e-4)
    written = define("08_variational_autoencoder", "kl_divergence")(z_mean, z_log_var)
    np.testing.assert_allclose(vae.kl_divergence(z_mean, z_log_var), written, rtol=1e-5)
    sampled = define("08_variational_autoencoder", "Sampling")(seed=1)([z_mean, z_log_var])
    np.testing.assert_array_equal(vae.Sampling(seed=1)([z_mean, z_log_var]), sampled)


@cache
def run_model_cell():
    """Run notebook 09's model cell alone, as if pasted into a new file, and return the names it defines."""
    cells = read_notebook(FOLDER / "09_convolutional_vae.ipynb").cells
    (source,) = [cell.source for cell in cells if "def build_vae(" in cell.source]
    names = {"__name__": "pasted"}
    exec(compile(source, "<notebook 09>", "exec"), names)
    return names


@pytest.mark.parametrize("shape", [(28, 28, 1), (64, 64, 3), (30, 29, 2)])
def test_model_cell_of_notebook_09_builds_the_same_model_as_the_helpers(shape):
    written, imported = (build(shape, 5, width=4) for build in (run_model_cell()["build_vae"], vae.build_vae))
    written.encoder.set_weights(imported.encoder.get_weights())
    written.decoder.set_weights(imported.decoder.get_weights())
    images = np.random.default_rng(0).random((2, *shape), "float32")
    np.testing.assert_allclose(written.reconstruct(images), imported.reconstruct(images), atol=1e-6)
    outputs, weights = imported(images), np.array([0.0, 1.0], "float32")
    for weight in (None, weights):
        losses = [model.compute_loss(images, None, outputs, weight) for model in (written, imported)]
        np.testing.assert_allclose(*losses, rtol=1e-5)


def test_model_cell_of_notebook_09_alone_trains_saves_and_samples_color_images(tmp_path):
    images = np.random.default_rng(0).random((8, 64, 64, 3), "float32")
    model = run_model_cell()["build_vae"](image_shape=(64, 64, 3), latent_dim=16, width=4)
    model.compile("adam", run_eagerly=True)
    history = model.fit(images, batch_size=4, validation_data=(images,), verbose=0).history
    assert {"loss", "val_loss", "val_reconstruction_loss", "val_kl_divergence"} <= set(history)
    with pytest.raises(ValueError, match="divided by 255"):
        model.fit(255 * images, verbose=0)
    model.save(tmp_path / "vae.keras")
    loaded = keras.saving.load_model(tmp_path / "vae.keras")
    np.testing.assert_array_equal(loaded.sample(2, seed=1), model.sample(2, seed=1))
    assert loaded.sample(2).shape == (2, 64, 64, 3)
