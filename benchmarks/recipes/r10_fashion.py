"""R10: the convolutional VAE with a Monte Carlo ELBO on binarized Fashion-MNIST (AssemblyAI, 2022).

It is trained with a gradient tape, as published: one sample of z gives one estimate of log p(x|z) + log p(z) -
log q(z|x). The article's snapshots during training don't affect the results, so they are left out.
"""

from types import SimpleNamespace

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from benchmarks.recipes import Measure
from benchmarks.recipes.sources import ASSEMBLY_AI
from helpers import load_fashion_mnist

NOTEBOOK = "10_fashion_vae"
TITLE = "convolutional VAE with a Monte Carlo ELBO, on Fashion-MNIST"
SOURCE = ASSEMBLY_AI
EPOCHS = 10
BATCH_SIZE = 32
LATENT_DIM = 2
load_data = load_fashion_mnist
MEASURES = {
    "test_negative_elbo": Measure(
        "negative ELBO on test garments, from one sample", "nats per image, pixels binarized", "lower"
    ),
}
RACED_FOR = "test_negative_elbo"
ON_GPU = None  # The lesson also trains with TensorFlow's gradient tape.


def binarize(images):
    """Return images in [0, 1] binarized at 0.5."""
    return (images > 0.5).astype("float32")


def build():
    """Return the encoder, from (28, 28, 1) to 2 + 2 numbers, and the decoder, from 2 numbers to (28, 28, 1) logits."""
    encoder = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(32, 3, strides=2, activation="relu"),
            layers.Conv2D(64, 3, strides=2, activation="relu"),
            layers.Flatten(),
            layers.Dense(2 * LATENT_DIM),
        ]
    )
    decoder = keras.Sequential(
        [
            keras.Input((LATENT_DIM,)),
            layers.Dense(7 * 7 * 32, activation="relu"),
            layers.Reshape((7, 7, 32)),
            layers.Conv2DTranspose(64, 3, strides=2, padding="same", activation="relu"),
            layers.Conv2DTranspose(32, 3, strides=2, padding="same", activation="relu"),
            layers.Conv2DTranspose(1, 3, padding="same"),
        ]
    )
    return encoder, decoder


def log_normal_pdf(sample, mean, log_var):
    """Return the log density of N(mean, exp(log_var)) at `sample`, summed over the last axis."""
    terms = (sample - mean) ** 2 * tf.exp(-log_var) + log_var + np.log(2 * np.pi)
    return -0.5 * tf.reduce_sum(terms, axis=-1)


def estimate_elbo(encoder, decoder, images):
    """Return a one-sample estimate of the ELBO in nats per image, averaged over the batch."""
    z_mean, z_log_var = tf.split(encoder(images), 2, axis=1)
    z = z_mean + tf.exp(z_log_var / 2) * tf.random.normal(tf.shape(z_mean))
    cross_entropy = tf.nn.sigmoid_cross_entropy_with_logits(logits=decoder(z), labels=images)
    log_px_given_z = -tf.reduce_sum(cross_entropy, axis=[1, 2, 3])
    return tf.reduce_mean(log_px_given_z + log_normal_pdf(z, 0.0, 0.0) - log_normal_pdf(z, z_mean, z_log_var))


def train(data, epochs, callbacks):
    """Return the encoder and decoder, trained on all training images of `data`, a Dataset."""
    encoder, decoder = build()
    optimizer = keras.optimizers.Adam(1e-4)
    batches = tf.data.Dataset.from_tensor_slices(binarize(data.x_train)).shuffle(len(data.x_train)).batch(BATCH_SIZE)
    variables = encoder.trainable_variables + decoder.trainable_variables
    optimizer.build(variables)

    @tf.function
    def step(images):
        with tf.GradientTape() as tape:
            loss = -estimate_elbo(encoder, decoder, images)
        optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))
        return loss

    networks = SimpleNamespace(encoder=encoder, decoder=decoder)  # what callbacks get as their model
    watchers = keras.callbacks.CallbackList(callbacks, model=networks, epochs=epochs, steps=len(batches))
    watchers.on_train_begin()
    for epoch in range(epochs):
        watchers.on_epoch_begin(epoch)
        loss = tf.reduce_mean([step(images) for images in batches])
        watchers.on_epoch_end(epoch, {"loss": float(loss)})
    watchers.on_train_end()
    return encoder, decoder


def measure(models, data):
    """Return the recipe's results on `data`, keyed by the names in MEASURES."""
    images = binarize(data.x_test)
    elbos = [float(estimate_elbo(*models, batch)) for batch in np.split(images, max(1, len(images) // 1000))]
    return {"test_negative_elbo": -float(np.mean(elbos))}


def loss(model, names, data):
    """Return the negative ELBO on binarized test images from one sample of z; `names` is {} for the recipe's model."""
    if not names:
        return measure((model.encoder, model.decoder), data)["test_negative_elbo"]
    return -float(np.mean(names["elbos"](names["encoder"], names["decoder"], binarize(data.x_test))))
