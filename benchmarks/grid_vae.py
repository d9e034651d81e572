"""What the recipes of convolutional VAEs share: the taped model and the layers of R8 and R14, and a measure."""

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from helpers.variational import Sampling, kl_divergence, reconstruction_loss

LATENT_DIM = 2
BATCH_SIZE = 128


class TapedVae(keras.Model):
    """A VAE trained as in the Keras code example: a custom step with a gradient tape and three trackers."""

    def __init__(self, encoder, decoder):
        super().__init__()
        self.encoder, self.decoder = encoder, decoder
        names = "total_loss", "reconstruction_loss", "kl_loss"
        self.trackers = [keras.metrics.Mean(name=name) for name in names]

    @property
    def metrics(self):
        return self.trackers

    def train_step(self, images):
        with tf.GradientTape() as tape:
            z_mean, z_log_var, z = self.encoder(images)
            reconstruction = tf.reduce_mean(reconstruction_loss(images, self.decoder(z)))
            divergence = tf.reduce_mean(kl_divergence(z_mean, z_log_var))
            total = reconstruction + divergence
        gradients = tape.gradient(total, self.trainable_weights)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_weights, strict=True))
        for tracker, value in zip(self.trackers, (total, reconstruction, divergence), strict=True):
            tracker.update_state(value)
        return {tracker.name: tracker.result() for tracker in self.trackers}


def build(filters):
    """Return encoder and decoder; `filters` are those of the two convolutions, (32, 64) in R8."""
    images = keras.Input((28, 28, 1))
    x = images
    for count in filters:
        x = layers.Conv2D(count, 3, strides=2, padding="same", activation="relu")(x)
    x = layers.Dense(16, activation="relu")(layers.Flatten()(x))
    z_mean, z_log_var = layers.Dense(LATENT_DIM)(x), layers.Dense(LATENT_DIM)(x)
    encoder = keras.Model(images, [z_mean, z_log_var, Sampling()([z_mean, z_log_var])])
    z = keras.Input((LATENT_DIM,))
    x = layers.Reshape((7, 7, 64))(layers.Dense(7 * 7 * 64, activation="relu")(z))
    for count in reversed(filters):
        x = layers.Conv2DTranspose(count, 3, strides=2, padding="same", activation="relu")(x)
    decoder = keras.Model(z, layers.Conv2DTranspose(1, 3, padding="same", activation="sigmoid")(x))
    return encoder, decoder


def fit(filters, images, epochs, callbacks):
    """Return a VAE trained on `images` with Adam at its default rate, and the History of its training."""
    vae = TapedVae(*build(filters))
    vae.compile(optimizer=keras.optimizers.Adam())
    history = vae.fit(images, epochs=epochs, batch_size=BATCH_SIZE, callbacks=callbacks, verbose=0)
    return vae, history


def fit_to_all(filters, data, epochs, callbacks):
    """Train on training and test images of `data`, a Dataset; return the last epoch's total loss and KL part."""
    _, history = fit(filters, np.concatenate([data.x_train, data.x_test]), epochs, callbacks)
    return history.history["total_loss"][-1], history.history["kl_loss"][-1]


def measure_loss(vae, images):
    """Return the negative ELBO from one sample of z and its KL part on `images`, nats per image, means."""
    z_mean, z_log_var, z = vae.encoder.predict(images, verbose=0)
    reconstruction = reconstruction_loss(images, vae.decoder.predict(z, verbose=0))
    divergence = kl_divergence(z_mean, z_log_var)
    return float(np.mean(reconstruction + divergence)), float(np.mean(divergence))
