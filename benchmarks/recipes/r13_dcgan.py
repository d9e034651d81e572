"""R13: a DCGAN-like VAE (MachineCurve, 2019), with its printed layers made consistent and a sixteenth as wide.

The network can't be built as printed. Four strides of 2 take 28 to 2, but four doublings take 2 to 32, not to 28. The
printed parameter counts, 4,044,984 and 4,683,521, don't match the printed layers either. (They match a network with one
convolution and one transposed convolution; notebook 12 counts them.) This recipe keeps the printed layers and their
order, with two changes: it has a sixteenth of the filters, so that it trains in minutes on a CPU, and it crops 8 to 7
after the second doubling, so that two more doublings give 28. Everything else is as published: five epochs, batches of
128, Adam at its default rate, and the last fifth of the training images held out by `validation_split`. XLA isn't used,
since it makes convolutions slower on a CPU.
"""

import keras
import numpy as np
from keras import layers

from benchmarks.recipes import Measure
from benchmarks.recipes.r12_batch_normalized import fit
from benchmarks.recipes.sources import MACHINE_CURVE
from benchmarks.recipes.vae import describe_elbo, loss_of_vae, measure_elbo
from helpers.vae import Sampling

NOTEBOOK = "12_deeper_vae"
TITLE = "DCGAN-like VAE, printed layers made consistent at a sixteenth of their width"
SOURCE = MACHINE_CURVE
EPOCHS = 5
LATENT_DIM = 2
FILTERS = (8, 16, 32, 64)  # a sixteenth of the printed 128, 256, 512 and 1024
FAR = 3.0  # distance from the origin; 1 % of the prior is farther away
WIDTH = "consistent form at a sixteenth of the width"
MEASURES = describe_elbo(f"test digits, {WIDTH}") | {
    "outliers": Measure(f"test codes more than 3 from the origin, {WIDTH}", "digits"),
}
ON_GPU = "deep"  # In lesson 12, the cells with this tag train this network.
loss = loss_of_vae


def build():
    """Return the recipe's encoder and decoder, with batch normalization after each hidden layer."""
    convolution = {"strides": 2, "padding": "same", "activation": "relu"}
    images = keras.Input((28, 28, 1))
    x = images
    for count in FILTERS:
        x = layers.BatchNormalization()(layers.Conv2D(count, 5, **convolution)(x))
    shape = x.shape[1:]  # (2, 2, 64)
    x = layers.BatchNormalization()(layers.Dense(20, activation="relu")(layers.Flatten()(x)))
    z_mean, z_log_var = layers.Dense(LATENT_DIM)(x), layers.Dense(LATENT_DIM)(x)
    encoder = keras.Model(images, [z_mean, z_log_var, Sampling()([z_mean, z_log_var])])
    z = keras.Input((LATENT_DIM,))
    x = layers.BatchNormalization()(layers.Dense(int(np.prod(shape)), activation="relu")(z))
    x = layers.Reshape(shape)(x)
    for count in reversed(FILTERS):
        x = layers.BatchNormalization()(layers.Conv2DTranspose(count, 5, **convolution)(x))
        if x.shape[1] == 8:
            x = layers.Cropping2D(((0, 1), (0, 1)))(x)  # 7, so that two more doublings give 28
    decoder = keras.Model(z, layers.Conv2DTranspose(1, 3, padding="same", activation="sigmoid")(x))
    return encoder, decoder


def train(data, epochs, callbacks):
    """Return a VAE trained on the first four fifths of the training digits of `data`, a Dataset."""
    return fit(build(), data, epochs, callbacks)


def measure(vae, data):
    """Return the recipe's results on `data`, keyed by the names in MEASURES."""
    results = measure_elbo(vae, data)
    codes = vae.encoder.predict(data.x_test, verbose=0)[0]
    return results | {"outliers": int(np.sum(np.linalg.norm(codes, axis=1) > FAR))}
