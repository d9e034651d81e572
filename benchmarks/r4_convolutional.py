"""R4: the convolutional autoencoder of the Keras blog (2016, revised since), as its text gives it today.

The blog also logs to TensorBoard while it trains; that changes no figure and is left out.
"""

import keras
from keras import layers

from benchmarks.keras_blog import KERAS_BLOG, fit

TITLE = "convolutional autoencoder"
SOURCE = KERAS_BLOG
EPOCHS = 50
MEASURES = {
    "test_bce": {
        "name": "binary cross-entropy on test digits",
        "unit": "nats per pixel, mean",
        "direction": "lower",
        "published": 0.094,
    },
    "train_bce": {
        "name": "binary cross-entropy on training digits",
        "unit": "nats per pixel, mean",
        "direction": "lower",
        "published": 0.094,
    },
    "dead_channels": {
        "name": "code channels that are 0 on every training digit",
        "unit": "of 8",
        "direction": None,
        "published": None,
    },
}


def build():
    """Return the recipe's autoencoder, compiled, and its encoder, whose code is (4, 4, 8)."""
    same = {"activation": "relu", "padding": "same"}
    image = keras.Input((28, 28, 1))
    x = layers.Conv2D(16, 3, **same)(image)
    x = layers.MaxPooling2D(2, padding="same")(x)
    x = layers.Conv2D(8, 3, **same)(x)
    x = layers.MaxPooling2D(2, padding="same")(x)
    x = layers.Conv2D(8, 3, **same)(x)
    code = layers.MaxPooling2D(2, padding="same")(x)
    x = layers.Conv2D(8, 3, **same)(code)
    x = layers.UpSampling2D(2)(x)
    x = layers.Conv2D(8, 3, **same)(x)
    x = layers.UpSampling2D(2)(x)
    x = layers.Conv2D(16, 3, activation="relu")(x)
    x = layers.UpSampling2D(2)(x)
    reconstruction = layers.Conv2D(1, 3, activation="sigmoid", padding="same")(x)
    autoencoder = keras.Model(image, reconstruction)
    autoencoder.compile(optimizer="adam", loss="binary_crossentropy")
    return autoencoder, keras.Model(image, code)


def train(data, epochs, callbacks):
    """Train on all training digits of `data`, a Dataset; return the autoencoder and encoder."""
    autoencoder, encoder = build()
    images = data.x_train, data.x_test
    fit(autoencoder, images, images, 128, epochs, callbacks)
    return autoencoder, encoder


def measure(models, data):
    """Return the recipe's figures on the training and test digits, by the names in MEASURES."""
    autoencoder, encoder = models
    return {
        "test_bce": autoencoder.evaluate(data.x_test, data.x_test, verbose=0),
        "train_bce": autoencoder.evaluate(data.x_train, data.x_train, verbose=0),
        "dead_channels": int((encoder.predict(data.x_train, verbose=0).max(axis=(0, 1, 2)) == 0).sum()),
    }
