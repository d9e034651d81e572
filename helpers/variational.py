"""The parts of a variational autoencoder. Notebook 08 writes the terms out, 09 the model."""

import keras
from keras import layers, ops


def kl_divergence(z_mean, z_log_var):
    """Return the Kullback-Leibler divergence of N(z_mean, exp(z_log_var)) from N(0, 1), in nats per image, (n,).

    Both arguments have shape (n, latent_dim); the divergence is summed over the latents. Closed form: D. P. Kingma and
    M. Welling, Auto-Encoding Variational Bayes, 2014, appendix B.
    """
    return 0.5 * ops.sum(ops.square(z_mean) + ops.exp(z_log_var) - z_log_var - 1.0, axis=-1)


def reconstruction_loss(images, decoded):
    """Return the binary cross-entropy of `decoded` to `images`, summed over pixels: nats per image, (n,).

    Both have shape (n, height, width, channels) or (n, pixels) and values in [0, 1]. For pixels that are 0 or 1 this
    is -log p(x given z) of independent Bernoulli pixels; for gray ones it is no likelihood (notebook 14).
    """
    pixels = keras.losses.binary_crossentropy(images, decoded)  # the mean over the last axis
    return ops.sum(ops.reshape(pixels, (ops.shape(pixels)[0], -1)), axis=-1) * images.shape[-1]


@keras.saving.register_keras_serializable(package="autoencoders")
class Sampling(layers.Layer):
    """Draw z from N(z_mean, exp(z_log_var)) so that the gradient reaches both: z = z_mean + sigma * epsilon.

    Input is the pair (z_mean, z_log_var), each (n, latent_dim); output is z, (n, latent_dim). The layer owns its
    generator, so that each call draws anew on every backend. A loaded model begins the sequence of noise again: Keras
    does not save how far a generator has come. Notebook 09 shows what that changes and how to save it.
    """

    def __init__(self, seed=None, **kwargs):
        super().__init__(**kwargs)
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def call(self, inputs):
        z_mean, z_log_var = inputs
        epsilon = keras.random.normal(ops.shape(z_mean), seed=self.seed_generator)
        return z_mean + ops.exp(0.5 * z_log_var) * epsilon

    def get_config(self):
        return super().get_config() | {"seed": self.seed}


@keras.saving.register_keras_serializable(package="autoencoders")
class VariationalAutoencoder(keras.Model):
    """A variational autoencoder that trains with `fit` on images alone, on every backend.

    `encoder` returns [z_mean, z_log_var, z], each (n, latent_dim); `decoder` turns z into images in [0, 1]. The loss is
    reconstruction_loss + beta * kl_divergence, in nats per image: sums over pixels and latents, mean over the batch.
    `fit(images, validation_data=images_held_out)`, `evaluate`, `save` and `load_model` work as for any model. Batch
    normalization and dropout in either network are told whether the model is being trained (notebook 12).
    """

    def __init__(self, encoder, decoder, beta=1.0, **kwargs):
        super().__init__(**kwargs)
        self.encoder, self.decoder, self.beta = encoder, decoder, beta
        self.reconstruction_tracker = keras.metrics.Mean(name="reconstruction_loss")
        self.kl_tracker = keras.metrics.Mean(name="kl_divergence")

    def call(self, images, training=None):
        z_mean, z_log_var, z = self.encoder(images, training=training)
        return z_mean, z_log_var, self.decoder(z, training=training)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        z_mean, z_log_var, decoded = y_pred
        reconstruction = reconstruction_loss(x, decoded)  # (batch,)
        divergence = kl_divergence(z_mean, z_log_var)  # (batch,)
        self.reconstruction_tracker.update_state(reconstruction)
        self.kl_tracker.update_state(divergence)
        return ops.mean(reconstruction + self.beta * divergence)

    def get_config(self):
        parts = {"encoder": self.encoder, "decoder": self.decoder, "beta": self.beta}
        return super().get_config() | keras.saving.serialize_keras_object(parts)

    @classmethod
    def from_config(cls, config):
        return cls(**keras.saving.deserialize_keras_object(config))
