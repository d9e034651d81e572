"""R7: the dense VAE of the Keras blog (2016, revised since), as given there today.

We keep its inconsistency: the same tensor serves as a log standard deviation to sample z and as a log variance in the
KL divergence, and the noise has a standard deviation of 0.1. So its loss isn't a negative ELBO. We measure both: the
loss as written, and the negative ELBO of the distribution that z is sampled from.
"""

import math

import keras
import numpy as np
from keras import layers, ops

from benchmarks.recipes import Measure
from benchmarks.recipes.keras_blog import fit
from benchmarks.recipes.sources import KERAS_BLOG
from benchmarks.recipes.vae import loss_of_vae
from helpers.vae import kl_divergence, reconstruction_loss

NOTEBOOK = "08_variational_autoencoder"
TITLE = "dense variational autoencoder"
SOURCE = KERAS_BLOG
EPOCHS = 100
LATENT_DIM = 2
NOISE = 0.1  # standard deviation
MEASURES = {
    "test_negative_elbo": Measure(
        "negative ELBO on test digits, of the distribution z is drawn from", "nats per image", "lower"
    ),
    "test_loss": Measure("loss on test digits, as the recipe writes it (no bound)", "nats per image"),
}
RACED_FOR = "test_negative_elbo"


class DrawAndPenalize(layers.Layer):
    """Sample z as the recipe does, and add its KL term to the loss."""

    def __init__(self):
        super().__init__()
        self.seed_generator = keras.random.SeedGenerator()

    def call(self, inputs):
        z_mean, z_log_sigma = inputs
        self.add_loss(ops.mean(kl_divergence(z_mean, z_log_sigma)))
        epsilon = keras.random.normal(ops.shape(z_mean), stddev=NOISE, seed=self.seed_generator)
        return z_mean + ops.exp(z_log_sigma) * epsilon


def build():
    """Return the recipe's compiled VAE, its encoder, which returns [z_mean, z_log_sigma, z], and its decoder."""
    pixels = keras.Input((784,))
    x = layers.Dense(64, activation="relu")(pixels)
    z_mean, z_log_sigma = layers.Dense(LATENT_DIM)(x), layers.Dense(LATENT_DIM)(x)
    encoder = keras.Model(pixels, [z_mean, z_log_sigma, DrawAndPenalize()([z_mean, z_log_sigma])])
    z = keras.Input((LATENT_DIM,))
    x = layers.Dense(64, activation="relu")(z)
    decoder = keras.Model(z, layers.Dense(784, activation="sigmoid")(x))
    vae = keras.Model(pixels, decoder(encoder(pixels)[2]))
    vae.compile(optimizer="adam", loss=reconstruction_loss)
    return vae, encoder, decoder


def train(data, epochs, callbacks):
    """Train on all training digits of `data`, a Dataset; return the VAE, its encoder, and its decoder."""
    flat = data.x_train.reshape(-1, 784), data.x_test.reshape(-1, 784)
    return fit(build(), flat, flat, 32, epochs, callbacks)


def measure(models, data):
    """Return the recipe's results on `data`, keyed by the names in MEASURES."""
    vae, encoder, decoder = models
    flat = data.x_test.reshape(-1, 784)
    z_mean, z_log_sigma, z = encoder.predict(flat, verbose=0)
    z_log_var = 2 * (z_log_sigma + math.log(NOISE))  # of the distribution that z was sampled from
    divergence = kl_divergence(z_mean, z_log_var)
    reconstruction = reconstruction_loss(flat, decoder.predict(z, verbose=0))
    return {
        "test_negative_elbo": float(np.mean(reconstruction + divergence)),
        "test_loss": vae.evaluate(flat, flat, verbose=0),
    }


def loss(model, names, data):
    """Return the negative ELBO on test digits, computed for the recipe's model as in `measure`."""
    if hasattr(model, "encoder"):
        return loss_of_vae(model, names, data)
    encoder, decoder = (layer for layer in model.layers if isinstance(layer, keras.Model))
    return measure((model, encoder, decoder), data)["test_negative_elbo"]
