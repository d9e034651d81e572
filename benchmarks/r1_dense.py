"""R1: the dense autoencoder of the Keras blog (2016, revised since), as its text gives it today."""

import keras
from keras import layers

from benchmarks.keras_blog import KERAS_BLOG, fit_to_copy_flat

TITLE = "dense autoencoder"
SOURCE = KERAS_BLOG
EPOCHS = 50
MEASURES = {
    "test_bce": {
        "name": "binary cross-entropy on test digits",
        "unit": "nats per pixel, mean",
        "direction": "lower",
        "published": 0.09,
    },
    "mean_code": {
        "name": "mean activation of the code on test digits",
        "unit": "mean over digits and 32 numbers",
        "direction": None,
        "published": 7.30,
    },
    "dead_units": {
        "name": "code units that are 0 on every training digit",
        "unit": "of 32",
        "direction": None,
        "published": None,
    },
}


def build():
    """Return the recipe's autoencoder, compiled, and its encoder."""
    image = keras.Input((784,))
    code = layers.Dense(32, activation="relu")(image)
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
    x_train, x_test = data.x_train.reshape(-1, 784), data.x_test.reshape(-1, 784)
    return {
        "test_bce": autoencoder.evaluate(x_test, x_test, verbose=0),
        "mean_code": float(encoder.predict(x_test, verbose=0).mean()),
        "dead_units": int((encoder.predict(x_train, verbose=0).max(axis=0) == 0).sum()),
    }
