"""R12: a small convolutional VAE with batch normalization after each layer (MachineCurve, 2019).

Published with pictures alone. The encoder has 17,208 parameters and the decoder 9,137, as printed there. The last fifth
of the training images is set aside by `validation_split` and never fitted.
"""

import keras
from keras import layers

from benchmarks import grid_vae
from helpers.variational import Sampling, VariationalAutoencoder

TITLE = "batch-normalized convolutional VAE"
SOURCE = {
    "name": "C. Versloot, How to create a variational autoencoder with Keras, MachineCurve, 2019",
    "url": "https://machinecurve.com/index.php/2019/12/30/how-to-create-a-variational-autoencoder-with-keras",
}
EPOCHS = 100
BATCH_SIZE = 128
VALIDATION_SPLIT = 0.2
LATENT_DIM = 2
MEASURES = {
    "test_negative_elbo": {
        "name": "negative ELBO on test digits",
        "unit": "nats per image",
        "direction": "lower",
        "published": None,
    },
    "test_kl": {
        "name": "KL divergence on test digits",
        "unit": "nats per image",
        "direction": None,
        "published": None,
    },
}


def build():
    """Return the recipe's encoder and decoder, with a batch normalization after each hidden layer."""
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


def train(data, epochs, callbacks):
    """Train on the first four fifths of the training digits of `data`, a Dataset; return the VAE."""
    vae = VariationalAutoencoder(*build())
    vae.compile(optimizer=keras.optimizers.Adam(), jit_compile=False)  # XLA takes twice as long on a CPU.
    vae.fit(
        data.x_train,
        epochs=epochs,
        batch_size=BATCH_SIZE,
        validation_split=VALIDATION_SPLIT,
        callbacks=callbacks,
        verbose=0,
    )
    return vae


def measure(vae, data):
    """Return the recipe's figures on the test digits."""
    negative_elbo, divergence = grid_vae.measure_loss(vae, data.x_test)
    return {"test_negative_elbo": negative_elbo, "test_kl": divergence}
