"""Small models for images of 16 pixels, and images to train them on."""

import keras
import numpy as np
from keras import layers

from helpers import set_seed
from helpers.vae import Sampling, VariationalAutoencoder

IMAGES = np.random.default_rng(0).random((130, 16), dtype="float32")


def build_autoencoder(loss="binary_crossentropy", seed=0, **options):
    """Return an autoencoder with a penalty, dropout, and a falling learning rate; `options` are for `compile`."""
    set_seed(seed)
    code = layers.Dense(6, "relu", activity_regularizer=keras.regularizers.L1(1e-3))
    model = keras.Sequential([keras.Input((16,)), code, layers.Dropout(0.2, seed=seed), layers.Dense(16, "sigmoid")])
    schedule = keras.optimizers.schedules.CosineDecay(1e-2, 20)
    model.compile(keras.optimizers.Adam(schedule), loss, **options)
    return model


def train(model, callbacks=(), epochs=3):
    """Train a model briefly; return its loss history and its weights, which can be compared with ==."""
    x = IMAGES[:64]
    history = model.fit(x, x, batch_size=32, epochs=epochs, verbose=0, callbacks=list(callbacks))
    return history.history, [weight.tolist() for weight in model.get_weights()]


def build_vae(make=VariationalAutoencoder, shape=(16,), beta=1.0, normalized=False, **options):
    """Return a VAE with two latents; if `normalized`, both networks start with batch normalization."""
    set_seed(0)
    images, z = keras.Input(shape), keras.Input((2,))
    x, code = layers.Flatten()(images), z
    if normalized:
        x, code = layers.BatchNormalization(name="normalize")(x), layers.BatchNormalization(name="normalize")(code)
    z_mean, z_log_var = layers.Dense(2)(x), layers.Dense(2)(x)
    encoder = keras.Model(images, [z_mean, z_log_var, Sampling(seed=1)([z_mean, z_log_var])])
    decoder = keras.Model(z, layers.Reshape(shape)(layers.Dense(16, "sigmoid")(code)))
    vae = make(encoder, decoder, beta=beta)
    vae.compile("adam", **options)
    return vae
