"""R6: the sequence-to-sequence autoencoder of the Keras blog (2016, revised since), a sketch there, run here on digits.

The blog gives the layers and the encoder as a model of its own. It names no data, no size of the code, no loss, no
optimizer and no number of epochs. Those are our choice, as plain as can be: MNIST digits read row by row (28 steps of
28 pixels), 32 numbers, mean squared error, Adam at its default rate of 0.001, batches of 256 and 20 epochs.
"""

import keras
import numpy as np
from keras import layers

from benchmarks.keras_blog import KERAS_BLOG, fit

TITLE = "sequence-to-sequence LSTM autoencoder"
SOURCE = KERAS_BLOG
EPOCHS = 20
STEPS, STEP_SIZE, CODE_SIZE = 28, 28, 32
MEASURES = {
    "test_mse": {
        "name": "mean squared error on test digits",
        "unit": "mean over pixels, then digits",
        "direction": "lower",
        "published": None,
    },
    "test_mse_share": {
        "name": "mean squared error as a share of predict-the-mean's",
        "unit": "1 for the mean training digit",
        "direction": "lower",
        "published": None,
    },
}


def build():
    """Return the recipe's autoencoder, compiled, and its encoder."""
    rows = keras.Input((STEPS, STEP_SIZE))
    code = layers.LSTM(CODE_SIZE)(rows)
    repeated = layers.RepeatVector(STEPS)(code)
    reconstruction = layers.LSTM(STEP_SIZE, return_sequences=True)(repeated)
    autoencoder = keras.Model(rows, reconstruction)
    autoencoder.compile(optimizer="adam", loss="mean_squared_error")
    return autoencoder, keras.Model(rows, code)


def train(data, epochs, callbacks):
    """Train on all training digits of `data`, a Dataset; return the autoencoder and encoder."""
    autoencoder, encoder = build()
    rows = data.x_train[..., 0], data.x_test[..., 0]
    fit(autoencoder, rows, rows, 256, epochs, callbacks)
    return autoencoder, encoder


def measure(models, data):
    """Return the recipe's figures on the test digits, by the names in MEASURES."""
    autoencoder, _ = models
    x_test = data.x_test[..., 0]
    test_mse = autoencoder.evaluate(x_test, x_test, verbose=0)
    mse_of_mean = float(np.mean((x_test - data.x_train[..., 0].mean(axis=0)) ** 2))
    return {"test_mse": test_mse, "test_mse_share": test_mse / mse_of_mean}
