"""R13: a DCGAN-like VAE (MachineCurve, 2019), its printed layers made consistent, at a sixteenth of their width.

What is printed there cannot be built. Four strides of 2 take 28 to 2, and four doublings take 2 to 32, not to 28; and
the printed counts, 4,044,984 and 4,683,521, are not those of the printed layers. (They are those of a network with one
convolution and one transposed convolution: notebook 12 counts them.) This recipe keeps the printed layers, in their
order and connected as printed. Ours are two decisions: a sixteenth of the filters, so that it trains in minutes on a
processor, and a crop from 8 to 7 after the second doubling, from where two more give 28. All else is as published: five
epochs, batches of 128, Adam at its default rate, the last fifth set aside by `validation_split`. XLA is left out, since
it makes convolutions slower on a processor.
"""

import keras
import numpy as np
from keras import layers

from benchmarks import grid_vae
from helpers.variational import Sampling, VariationalAutoencoder

TITLE = "DCGAN-like VAE, printed layers made consistent at a sixteenth of their width"
SOURCE = {
    "name": "C. Versloot, How to create a variational autoencoder with Keras, MachineCurve, 2019",
    "url": "https://machinecurve.com/index.php/2019/12/30/how-to-create-a-variational-autoencoder-with-keras",
}
EPOCHS = 5
BATCH_SIZE = 128
VALIDATION_SPLIT = 0.2
LATENT_DIM = 2
FILTERS = (8, 16, 32, 64)  # a sixteenth of the printed 128, 256, 512 and 1024
FAR = 3.0  # from the origin; a hundredth of the prior lies beyond
MEASURES = {
    "test_negative_elbo": {
        "name": "negative ELBO on test digits, consistent form at a sixteenth of the width",
        "unit": "nats per image",
        "direction": "lower",
        "published": None,
    },
    "test_kl": {
        "name": "KL divergence on test digits, consistent form at a sixteenth of the width",
        "unit": "nats per image",
        "direction": None,
        "published": None,
    },
    "outliers": {
        "name": "test codes more than 3 from the origin, consistent form at a sixteenth of the width",
        "unit": "digits",
        "direction": None,
        "published": None,
    },
}


def build():
    """Return the recipe's encoder and decoder, with a batch normalization after each hidden layer."""
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
    """Train on the first four fifths of the training digits of `data`, a Dataset; return the VAE."""
    vae = VariationalAutoencoder(*build())
    vae.compile(optimizer=keras.optimizers.Adam(), jit_compile=False)
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
    codes = vae.encoder.predict(data.x_test, verbose=0)[0]
    outliers = int(np.sum(np.linalg.norm(codes, axis=1) > FAR))
    return {"test_negative_elbo": negative_elbo, "test_kl": divergence, "outliers": outliers}
