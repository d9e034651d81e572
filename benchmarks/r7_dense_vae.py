"""R7: the dense VAE of the Keras blog (2016, revised since), as its text gives it today.

Its mismatch is kept: one tensor is taken for a log standard deviation where z is drawn, and for a log variance in the
KL divergence, and the noise has a standard deviation of 0.1. So its loss is no ELBO. Both are measured here: the loss
it writes, and the ELBO of the distribution it draws z from.
"""

import math

import keras
import numpy as np
from keras import layers, ops

from benchmarks.keras_blog import KERAS_BLOG, fit
from helpers.variational import kl_divergence, reconstruction_loss

TITLE = "dense variational autoencoder"
SOURCE = KERAS_BLOG
EPOCHS = 100
LATENT_DIM = 2
NOISE = 0.1  # standard deviation
MEASURES = {
    "test_negative_elbo": {
        "name": "negative ELBO on test digits, of the distribution z is drawn from",
        "unit": "nats per image",
        "direction": "lower",
        "published": None,
    },
    "test_loss": {
        "name": "loss on test digits, as the recipe writes it (no bound)",
        "unit": "nats per image",
        "direction": None,
        "published": None,
    },
}


class DrawAndPenalize(layers.Layer):
    """Draw z as the recipe does, and add its KL term to the loss."""

    def __init__(self):
        super().__init__()
        self.seed_generator = keras.random.SeedGenerator()

    def call(self, inputs):
        z_mean, z_log_sigma = inputs
        self.add_loss(ops.mean(kl_divergence(z_mean, z_log_sigma)))
        epsilon = keras.random.normal(ops.shape(z_mean), stddev=NOISE, seed=self.seed_generator)
        return z_mean + ops.exp(z_log_sigma) * epsilon


def build():
    """Return the recipe's VAE, compiled, its encoder to [z_mean, z_log_sigma, z], and its decoder."""
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
    """Train on all training digits of `data`, a Dataset; return the VAE, its encoder and its decoder."""
    models = build()
    flat = data.x_train.reshape(-1, 784), data.x_test.reshape(-1, 784)
    fit(models[0], flat, flat, 32, epochs, callbacks)
    return models


def measure(models, data):
    """Return the recipe's figures on the test digits, by the names in MEASURES."""
    vae, encoder, decoder = models
    flat = data.x_test.reshape(-1, 784)
    z_mean, z_log_sigma, z = encoder.predict(flat, verbose=0)
    z_log_var = 2 * (z_log_sigma + math.log(NOISE))  # of the distribution that z was drawn from
    divergence = kl_divergence(z_mean, z_log_var)
    reconstruction = reconstruction_loss(flat, decoder.predict(z, verbose=0))
    return {
        "test_negative_elbo": float(np.mean(reconstruction + divergence)),
        "test_loss": vae.evaluate(flat, flat, verbose=0),
    }
