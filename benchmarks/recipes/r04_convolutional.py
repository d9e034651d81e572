"""R4: the convolutional autoencoder of the Keras blog (2016, revised since), as given there today.

The blog also logs to TensorBoard while it trains; that doesn't affect the results, so it is left out.
"""

import keras
from keras import layers

from benchmarks.recipes import Measure
from benchmarks.recipes.keras_blog import count_dead, fit, loss_of_copies
from benchmarks.recipes.sources import KERAS_BLOG

NOTEBOOK = "04_convolutional_autoencoder"
TITLE = "convolutional autoencoder"
SOURCE = KERAS_BLOG
EPOCHS = 50
MEASURES = {
    "test_bce": Measure("binary cross-entropy on test digits", "nats per pixel, mean", "lower", published=0.094),
    "train_bce": Measure("binary cross-entropy on training digits", "nats per pixel, mean", "lower", published=0.094),
    "dead_channels": Measure("code channels that are 0 on every training digit", "of 8"),
}
RACED_FOR = "test_bce"
loss = loss_of_copies((28, 28, 1))


def build():
    """Return the recipe's compiled autoencoder and its encoder, which returns codes of shape (4, 4, 8)."""
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
    """Train on all training digits of `data`, a Dataset; return the autoencoder and its encoder."""
    images = data.x_train, data.x_test
    return fit(build(), images, images, 128, epochs, callbacks)


def measure(models, data):
    """Return the recipe's results on `data`, keyed by the names in MEASURES."""
    autoencoder, encoder = models
    return {
        "test_bce": autoencoder.evaluate(data.x_test, data.x_test, verbose=0),
        "train_bce": autoencoder.evaluate(data.x_train, data.x_train, verbose=0),
        "dead_channels": count_dead(encoder, data.x_train),
    }
