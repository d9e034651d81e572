"""R14: the VAE of R8 at twice the width, on Fashion-MNIST, with the clusters named (GeeksforGeeks, 2025).

Published with pictures alone, after training on the test images too. Here it trains on the training images only.
"""

from benchmarks import grid_vae
from helpers import load_fashion_mnist

TITLE = "VAE with named clusters, on Fashion-MNIST"
SOURCE = {
    "name": "GeeksforGeeks, Variational AutoEncoders, revised 2025",
    "url": "https://www.geeksforgeeks.org/variational-autoencoders/",
}
EPOCHS = 10
FILTERS = (64, 128)
MEASURES = {
    "test_negative_elbo": {
        "name": "negative ELBO on test images, trained without them",
        "unit": "nats per image",
        "direction": "lower",
        "published": None,
    },
    "test_kl": {
        "name": "KL divergence on test images, trained without them",
        "unit": "nats per image",
        "direction": None,
        "published": None,
    },
}
load_data = load_fashion_mnist


def train(data, epochs, callbacks):
    """Train on all training images of `data`, a Dataset; return the VAE."""
    vae, _ = grid_vae.fit(FILTERS, data.x_train, epochs, callbacks)
    return vae


def measure(vae, data):
    """Return the recipe's figures on the test images."""
    negative_elbo, divergence = grid_vae.measure_loss(vae, data.x_test)
    return {"test_negative_elbo": negative_elbo, "test_kl": divergence}
