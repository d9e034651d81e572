"""R5: the denoising autoencoder of the Keras blog (2016, revised since), as given there today.

The noise is drawn once, before training, and stays the same in every epoch. The blog also logs to TensorBoard while it
trains; that doesn't affect the results, so it is left out.
"""

import keras
import numpy as np
from keras import layers
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from benchmarks.recipes import Measure
from benchmarks.recipes.keras_blog import fit, loss_of_copies
from benchmarks.recipes.sources import KERAS_BLOG

NOTEBOOK = "05_denoising_autoencoder"
TITLE = "denoising autoencoder"
SOURCE = KERAS_BLOG
EPOCHS = 100
NOISE_FACTOR = 0.5
MEASURES = {
    "test_bce": Measure("binary cross-entropy of denoised test digits to clean ones", "nats per pixel, mean", "lower"),
    "test_psnr": Measure("peak signal-to-noise ratio of denoised test digits", "decibels, mean over images", "higher"),
    "test_ssim": Measure(
        "structural similarity of denoised test digits to clean ones", "1 for equal images, mean over images", "higher"
    ),
}
RACED_FOR = "test_bce"


def add_noise(images):
    """Return images in [0, 1] with added normal noise of standard deviation NOISE_FACTOR, clipped to [0, 1].

    The noise comes from NumPy's global generator, which `make reference` seeds with `set_seed`.
    """
    noise = np.random.normal(size=images.shape).astype("float32")  # noqa: NPY002
    return np.clip(images + NOISE_FACTOR * noise, 0.0, 1.0)


def add_fixed_noise(images):
    """Return images with noise that is the same in every call, so that all models in a race denoise the same digits."""
    noise = np.random.default_rng(0).standard_normal(images.shape, dtype="float32")
    return np.clip(images + NOISE_FACTOR * noise, 0, 1)


loss = loss_of_copies((28, 28, 1), corrupt=add_fixed_noise)


def build():
    """Return the recipe's compiled autoencoder; its codes have the shape (7, 7, 32)."""
    same = {"activation": "relu", "padding": "same"}
    noisy = keras.Input((28, 28, 1))
    x = layers.Conv2D(32, 3, **same)(noisy)
    x = layers.MaxPooling2D(2, padding="same")(x)
    x = layers.Conv2D(32, 3, **same)(x)
    x = layers.MaxPooling2D(2, padding="same")(x)
    x = layers.Conv2D(32, 3, **same)(x)
    x = layers.UpSampling2D(2)(x)
    x = layers.Conv2D(32, 3, **same)(x)
    x = layers.UpSampling2D(2)(x)
    clean = layers.Conv2D(1, 3, activation="sigmoid", padding="same")(x)
    autoencoder = keras.Model(noisy, clean)
    autoencoder.compile(optimizer="adam", loss="binary_crossentropy")
    return autoencoder


def train(data, epochs, callbacks):
    """Train on all training digits of `data`, a Dataset; return the autoencoder and the noisy test digits."""
    autoencoder = build()
    noisy_train, noisy_test = add_noise(data.x_train), add_noise(data.x_test)
    fit([autoencoder], (noisy_train, noisy_test), (data.x_train, data.x_test), 128, epochs, callbacks)
    return autoencoder, noisy_test


def measure(models, data):
    """Return the recipe's results on `data`, keyed by the names in MEASURES."""
    autoencoder, noisy_test = models
    denoised = autoencoder.predict(noisy_test, verbose=0)[..., 0]
    pairs = list(zip(data.x_test[..., 0], denoised, strict=True))
    return {
        "test_bce": autoencoder.evaluate(noisy_test, data.x_test, verbose=0),
        "test_psnr": float(np.mean([peak_signal_noise_ratio(*pair, data_range=1.0) for pair in pairs])),
        "test_ssim": float(np.mean([structural_similarity(*pair, data_range=1.0) for pair in pairs])),
    }
