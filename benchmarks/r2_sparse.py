"""R2: the sparse autoencoder of the Keras blog, 2016: R1 with an L1 penalty on the code and twice the epochs."""

import keras
import numpy as np
from keras import layers

from benchmarks.keras_blog import KERAS_BLOG, fit_to_copy_flat

TITLE = "sparse autoencoder"
SOURCE = KERAS_BLOG
EPOCHS = 100
MEASURES = {
    "test_bce": {
        "name": "binary cross-entropy on test digits, without the penalty",
        "unit": "nats per pixel, mean",
        "direction": "lower",
        "published": 0.10,
    },
    "test_loss": {
        "name": "loss on test digits, the recipe's penalty included",
        "unit": "nats per pixel, mean, plus 1e-4 x sum of the code, mean over digits",
        "direction": "lower",
        "published": None,
    },
    "mean_code": {
        "name": "mean activation of the code on test digits",
        "unit": "mean over digits and 32 numbers",
        "direction": None,
        "published": 3.33,
    },
    "share_of_zeros": {
        "name": "exact zeros in the code of test digits",
        "unit": "share of digits x 32 numbers",
        "direction": "higher",
        "published": None,
    },
    "hoyer": {
        "name": "Hoyer's sparsity of the code on test digits",
        "unit": "0 all equal to 1 one active, mean over digits",
        "direction": "higher",
        "published": None,
    },
}


def build():
    """Return the recipe's autoencoder, compiled, and its encoder.

    The penalty is the recipe's number under the Keras that is installed: from 3.14 on Keras divides it by the batch
    size, as the Keras of 2016 did; in between it did not.
    """
    image = keras.Input((784,))
    penalty = keras.regularizers.L1(1e-4)
    code = layers.Dense(32, activation="relu", activity_regularizer=penalty)(image)
    reconstruction = layers.Dense(784, activation="sigmoid")(code)
    autoencoder = keras.Model(image, reconstruction)
    autoencoder.compile(optimizer="adam", loss="binary_crossentropy")
    return autoencoder, keras.Model(image, code)


def train(data, epochs, callbacks):
    """Train on all training digits of `data`, a Dataset; return the autoencoder and encoder."""
    autoencoder, encoder = build()
    fit_to_copy_flat(autoencoder, data, epochs, callbacks)
    return autoencoder, encoder


def measure(models, data):
    """Return the recipe's figures on the test digits, by the names in MEASURES."""
    autoencoder, encoder = models
    x_test = data.x_test.reshape(-1, 784)
    code = encoder.predict(x_test, verbose=0)
    x_hat = autoencoder.predict(x_test, verbose=0)
    length, total = np.linalg.norm(code, axis=1), code.sum(axis=1)
    root = np.sqrt(code.shape[1])
    ratio = np.divide(total, length, out=np.ones_like(total), where=length > 0)  # An all-zero code counts as 1.
    hoyer = (root - ratio) / (root - 1)
    return {
        "test_bce": float(keras.ops.mean(keras.losses.binary_crossentropy(x_test, x_hat))),
        "test_loss": autoencoder.evaluate(x_test, x_test, batch_size=1000, verbose=0),
        "mean_code": float(code.mean()),
        "share_of_zeros": float(np.mean(code == 0)),
        "hoyer": float(hoyer.mean()),
    }
