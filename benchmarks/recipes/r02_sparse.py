"""R2: the sparse autoencoder of the Keras blog (2016): R1 with an L1 penalty on the code and twice the epochs."""

import keras
import numpy as np
from keras import layers

from benchmarks.recipes import Measure
from benchmarks.recipes.keras_blog import fit_to_copy_flat, loss_of_copies
from benchmarks.recipes.sources import KERAS_BLOG

NOTEBOOK = "02_sparse_autoencoder"
TITLE = "sparse autoencoder"
SOURCE = KERAS_BLOG
EPOCHS = 100
MEASURES = {
    "test_bce": Measure(
        "binary cross-entropy on test digits, without the penalty", "nats per pixel, mean", "lower", published=0.10
    ),
    "test_loss": Measure(
        "loss on test digits, the recipe's penalty included",
        "nats per pixel, mean, plus 1e-4 x sum of the code, mean over digits",
        "lower",
    ),
    "mean_code": Measure(
        "mean activation of the code on test digits", "mean over digits and 32 numbers", published=3.33
    ),
    "share_of_zeros": Measure("exact zeros in the code of test digits", "share of digits x 32 numbers", "higher"),
    "hoyer": Measure(
        "Hoyer's sparsity of the code on test digits", "0 all equal to 1 one active, mean over digits", "higher"
    ),
}
RACED_FOR = "test_bce"
loss = loss_of_copies((784,))


def build():
    """Return the recipe's compiled autoencoder and its encoder.

    The penalty has the recipe's weight, but its effect depends on the version of Keras: since 3.14, Keras divides it by
    the batch size, as it did in 2016; the versions in between don't.
    """
    image = keras.Input((784,))
    penalty = keras.regularizers.L1(1e-4)
    code = layers.Dense(32, activation="relu", activity_regularizer=penalty)(image)
    reconstruction = layers.Dense(784, activation="sigmoid")(code)
    autoencoder = keras.Model(image, reconstruction)
    autoencoder.compile(optimizer="adam", loss="binary_crossentropy")
    return autoencoder, keras.Model(image, code)


def train(data, epochs, callbacks):
    """Train on all training digits of `data`, a Dataset; return the autoencoder and its encoder."""
    return fit_to_copy_flat(build(), data, epochs, callbacks)


def measure(models, data):
    """Return the recipe's results on `data`, keyed by the names in MEASURES."""
    autoencoder, encoder = models
    x_test = data.x_test.reshape(-1, 784)
    code = encoder.predict(x_test, verbose=0)
    x_hat = autoencoder.predict(x_test, verbose=0)
    length, total = np.linalg.norm(code, axis=1), code.sum(axis=1)
    root = np.sqrt(code.shape[1])
    ratio = np.divide(total, length, out=np.ones_like(total), where=length > 0)  # An all-zero code has sparsity 1.
    hoyer = (root - ratio) / (root - 1)
    return {
        "test_bce": float(keras.ops.mean(keras.losses.binary_crossentropy(x_test, x_hat))),
        "test_loss": autoencoder.evaluate(x_test, x_test, batch_size=1000, verbose=0),
        "mean_code": float(code.mean()),
        "share_of_zeros": float(np.mean(code == 0)),
        "hoyer": float(hoyer.mean()),
    }
