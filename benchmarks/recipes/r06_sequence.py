"""R6: the sequence-to-sequence autoencoder of the Keras blog (2016, revised since), which only sketches it.

The blog gives the layers, and the encoder as a separate model. It doesn't specify the data, code size, loss, optimizer,
or number of epochs. We chose plain ones: MNIST digits read row by row (28 steps of 28 pixels), a code of 32 numbers,
mean squared error, Adam at its default rate of 0.001, batches of 256, and 20 epochs.
"""

import keras
import numpy as np
from keras import layers

from benchmarks.recipes import Measure
from benchmarks.recipes.keras_blog import fit, loss_of_copies
from benchmarks.recipes.sources import KERAS_BLOG

NOTEBOOK = "06_sequence_autoencoder"
TITLE = "sequence-to-sequence LSTM autoencoder"
SOURCE = KERAS_BLOG
EPOCHS = 20
STEPS, STEP_SIZE, CODE_SIZE = 28, 28, 32
MEASURES = {
    "test_mse": Measure("mean squared error on test digits", "mean over pixels, then digits", "lower"),
    "test_mse_share": Measure(
        "mean squared error as a share of predict-the-mean's", "1 for the mean training digit", "lower"
    ),
}
RACED_FOR = "test_mse"
loss = loss_of_copies((STEPS, STEP_SIZE), "mean_squared_error")


def build():
    """Return the recipe's compiled autoencoder and its encoder."""
    rows = keras.Input((STEPS, STEP_SIZE))
    code = layers.LSTM(CODE_SIZE)(rows)
    repeated = layers.RepeatVector(STEPS)(code)
    reconstruction = layers.LSTM(STEP_SIZE, return_sequences=True)(repeated)
    autoencoder = keras.Model(rows, reconstruction)
    autoencoder.compile(optimizer="adam", loss="mean_squared_error")
    return autoencoder, keras.Model(rows, code)


def train(data, epochs, callbacks):
    """Train on all training digits of `data`, a Dataset; return the autoencoder and its encoder."""
    rows = data.x_train[..., 0], data.x_test[..., 0]
    return fit(build(), rows, rows, 256, epochs, callbacks)


def measure(models, data):
    """Return the recipe's results on `data`, keyed by the names in MEASURES."""
    autoencoder, _ = models
    x_test = data.x_test[..., 0]
    test_mse = autoencoder.evaluate(x_test, x_test, verbose=0)
    mse_of_mean = float(np.mean((x_test - data.x_train[..., 0].mean(axis=0)) ** 2))
    return {"test_mse": test_mse, "test_mse_share": test_mse / mse_of_mean}
