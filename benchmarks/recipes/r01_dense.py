"""R1: the dense autoencoder of the Keras blog (2016, revised since), as given there today."""

import keras
from keras import layers

from benchmarks.recipes import Measure
from benchmarks.recipes.keras_blog import count_dead, fit_to_copy_flat, loss_of_copies
from benchmarks.recipes.sources import KERAS_BLOG

NOTEBOOK = "01_dense_autoencoder"
TITLE = "dense autoencoder"
SOURCE = KERAS_BLOG
EPOCHS = 50
MEASURES = {
    "test_bce": Measure("binary cross-entropy on test digits", "nats per pixel, mean", "lower", published=0.09),
    "mean_code": Measure(
        "mean activation of the code on test digits", "mean over digits and 32 numbers", published=7.30
    ),
    "dead_units": Measure("code units that are 0 on every training digit", "of 32"),
}
RACED_FOR = "test_bce"
loss = loss_of_copies((784,))


def build():
    """Return the recipe's compiled autoencoder and its encoder."""
    image = keras.Input((784,))
    code = layers.Dense(32, activation="relu")(image)
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
    x_train, x_test = data.x_train.reshape(-1, 784), data.x_test.reshape(-1, 784)
    return {
        "test_bce": autoencoder.evaluate(x_test, x_test, verbose=0),
        "mean_code": float(encoder.predict(x_test, verbose=0).mean()),
        "dead_units": count_dead(encoder, x_train),
    }
