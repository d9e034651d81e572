"""R12: a small convolutional VAE with batch normalization after each layer (MachineCurve, 2019).

Only pictures of its results were published. As printed there, the encoder has 17,208 parameters and the decoder 9,137.
`validation_split` holds out the last fifth of the training images.
"""

import keras
from keras import layers

from benchmarks.recipes.sources import MACHINE_CURVE
from benchmarks.recipes.vae import describe_elbo, loss_of_vae, measure_elbo
from helpers.vae import Sampling, VariationalAutoencoder

NOTEBOOK = "12_deeper_vae"
TITLE = "batch-normalized convolutional VAE"
SOURCE = MACHINE_CURVE
EPOCHS = 100
BATCH_SIZE = 128
VALIDATION_SPLIT = 0.2
LATENT_DIM = 2
MEASURES = describe_elbo("test digits")
RACED_FOR = "test_negative_elbo"
measure, loss = measure_elbo, loss_of_vae


def build():
    """Return the recipe's encoder and decoder, with batch normalization after each hidden layer."""
    images = keras.Input((28, 28, 1))
    x = images
    for count in (8, 16):
        x = layers.Conv2D(count, 3, strides=2, padding="same", activation="relu")(x)
        x = layers.BatchNormalization()(x)
    x = layers.Dense(20, activation="relu")(layers.Flatten()(x))
    x = layers.BatchNormalization()(x)
    z_mean, z_log_var = layers.Dense(LATENT_DIM)(x), layers.Dense(LATENT_DIM)(x)
    encoder = keras.Model(images, [z_mean, z_log_var, Sampling()([z_mean, z_log_var])])
    z = keras.Input((LATENT_DIM,))
    x = layers.BatchNormalization()(layers.Dense(7 * 7 * 16, activation="relu")(z))
    x = layers.Reshape((7, 7, 16))(x)
    for count in (16, 8):
        x = layers.Conv2DTranspose(count, 3, strides=2, padding="same", activation="relu")(x)
        x = layers.BatchNormalization()(x)
    decoder = keras.Model(z, layers.Conv2DTranspose(1, 3, padding="same", activation="sigmoid")(x))
    return encoder, decoder


def fit(networks, data, epochs, callbacks):
    """Return a VAE made of an encoder and a decoder, trained on the first four fifths of the training digits."""
    vae = VariationalAutoencoder(*networks)
    jit_compile = False if keras.backend.backend() == "tensorflow" else "auto"  # XLA is slower on a CPU.
    vae.compile(optimizer=keras.optimizers.Adam(), jit_compile=jit_compile)
    vae.fit(
        data.x_train,
        epochs=epochs,
        batch_size=BATCH_SIZE,
        validation_split=VALIDATION_SPLIT,
        callbacks=callbacks,
        verbose=0,
    )
    return vae


def train(data, epochs, callbacks):
    """Return a VAE trained on `data`, a Dataset."""
    return fit(build(), data, epochs, callbacks)
