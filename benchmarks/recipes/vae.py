"""Measures that the recipes of variational autoencoders share."""

import keras
import numpy as np

from benchmarks.recipes import Measure
from helpers.vae import kl_divergence, reconstruction_loss, returns_logits


def describe_elbo(images):
    """Return the MEASURES that `measure_elbo` computes; `images` describes the test images in words."""
    return {
        "test_negative_elbo": Measure(f"negative ELBO on {images}", "nats per image", "lower"),
        "test_kl": Measure(f"KL divergence on {images}", "nats per image"),
    }


def measure_elbo(vae, data):
    """Return the mean negative ELBO from one sample of z and the mean KL divergence on the test images, in nats."""
    z_mean, z_log_var, z = vae.encoder.predict(data.x_test, verbose=0)
    reconstruction = reconstruction_loss(data.x_test, vae.decoder.predict(z, verbose=0))
    divergence = kl_divergence(z_mean, z_log_var)
    return {"test_negative_elbo": float(np.mean(reconstruction + divergence)), "test_kl": float(np.mean(divergence))}


def loss_of_vae(model, names, data):
    """Return the mean negative ELBO on the test images from one sample of z, in nats; this works on every backend."""
    losses, from_logits = [], returns_logits(model.decoder)
    for images in np.split(data.x_test, max(1, len(data.x_test) // 1000)):
        z_mean, z_log_var, z = model.encoder(images)
        reconstruction = reconstruction_loss(images, model.decoder(z), from_logits=from_logits)
        losses.append(keras.ops.convert_to_numpy(reconstruction + kl_divergence(z_mean, z_log_var)))
    return float(np.mean(np.concatenate(losses)))
