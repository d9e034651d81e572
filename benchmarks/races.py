"""What each system is raced for: its notebook, the figure, and how a trained model's figure is computed."""

from typing import NamedTuple

import keras
import numpy as np

from benchmarks import r7_dense_vae, r10_fashion
from helpers import load_fashion_mnist, load_mnist
from helpers.variational import kl_divergence, reconstruction_loss


class Race(NamedTuple):
    """A system's notebook, the figure raced for, and what measures it: `loss(model, names, data)`, lower is better.

    `names` are the notebook's variables, none for the recipe. `given` is what other cells of the notebook chose.
    """

    notebook: str
    figure: str
    loss: callable
    load: callable = load_mnist
    given: dict | None = None


def loss_of_copies(shape, loss="binary_crossentropy", corrupt=lambda images: images):
    """Return a test of an autoencoder: its loss on test images of `shape`, mean per pixel."""

    def test(model, names, data):
        clean = data.x_test.reshape(-1, *shape)
        given, loss_of = corrupt(clean), keras.losses.get(loss)
        parts = np.split(np.arange(len(clean)), max(1, len(clean) // 500))
        losses = [keras.ops.convert_to_numpy(loss_of(clean[part], model(given[part]))) for part in parts]
        return float(np.mean([part.mean() for part in losses]))

    return test


def add_noise(images):
    """Return images with the noise of R5, the same at every call."""
    noise = np.random.default_rng(0).standard_normal(images.shape, dtype="float32")
    return np.clip(images + 0.5 * noise, 0, 1)


def loss_of_vae(model, names, data):
    """Return the negative ELBO of a VAE on test images, from one draw of z, nats per image."""
    losses = []
    for images in np.split(data.x_test, max(1, len(data.x_test) // 1000)):
        z_mean, z_log_var, z = model.encoder(images)
        loss = reconstruction_loss(images, model.decoder(z)) + kl_divergence(z_mean, z_log_var)
        losses.append(keras.ops.convert_to_numpy(loss))
    return float(np.mean(np.concatenate(losses)))


def loss_of_flat_vae(model, names, data):
    """Return the negative ELBO of R7: ours as any VAE, the recipe's for the distribution that it really draws from."""
    if hasattr(model, "encoder"):
        return loss_of_vae(model, names, data)
    encoder, decoder = (layer for layer in model.layers if isinstance(layer, keras.Model))
    return r7_dense_vae.measure((model, encoder, decoder), data)["test_negative_elbo"]


def loss_of_logits(model, names, data):
    """Return the negative ELBO of R10 on binarized test garments, from one draw of z and three logarithms."""
    if names:
        images = r10_fashion.binarize(data.x_test)
        return -float(np.mean(names["elbos"](names["encoder"], names["decoder"], images)))
    return r10_fashion.measure((model.encoder, model.decoder), data)["test_negative_elbo"]


# Their recipes train with TensorFlow's gradient tape, as they were published.
TAPED = {"R8", "R10", "R12", "R14"}
BCE, ELBO = "test_bce", "test_negative_elbo"
RACES = {
    "R1": Race("01_dense_autoencoder", BCE, loss_of_copies((784,))),
    "R2": Race("02_sparse_autoencoder", BCE, loss_of_copies((784,))),
    "R3": Race("03_deep_autoencoder", BCE, loss_of_copies((784,)), given={"best_rate": 0.012}),
    "R4": Race("04_convolutional_autoencoder", BCE, loss_of_copies((28, 28, 1)), given={"checkouts": []}),
    "R5": Race("05_denoising_autoencoder", BCE, loss_of_copies((28, 28, 1), corrupt=add_noise)),
    "R6": Race("06_sequence_autoencoder", "test_mse", loss_of_copies((28, 28), "mean_squared_error")),
    "R7": Race("08_variational_autoencoder", ELBO, loss_of_flat_vae),
    "R8": Race("09_convolutional_vae", ELBO, loss_of_vae),
    "R10": Race("10_fashion_vae", ELBO, loss_of_logits, load_fashion_mnist, {"best_rate": 0.025}),
    "R12": Race("12_deeper_vae", ELBO, loss_of_vae),
    "R14": Race("11_fashion_clusters", ELBO, loss_of_vae, load_fashion_mnist),
}
