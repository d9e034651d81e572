"""R14: the VAE of R8 at twice the width, on Fashion-MNIST, with named clusters (GeeksforGeeks, 2025).

It was trained on the test images too, and only pictures were published. Here it trains on the training images alone.
"""

from benchmarks.recipes.r08_convolutional_vae import fit
from benchmarks.recipes.vae import describe_elbo, loss_of_vae, measure_elbo
from helpers import load_fashion_mnist

NOTEBOOK = "11_fashion_clusters"
TITLE = "VAE with named clusters, on Fashion-MNIST"
SOURCE = {
    "name": "GeeksforGeeks, Variational AutoEncoders, revised 2025",
    "url": "https://www.geeksforgeeks.org/variational-autoencoders/",
}
EPOCHS = 10
MEASURES = describe_elbo("test images, trained without them")
RACED_FOR = "test_negative_elbo"
load_data = load_fashion_mnist
measure, loss = measure_elbo, loss_of_vae


def train(data, epochs, callbacks):
    """Return a VAE trained on all training images of `data`, a Dataset."""
    return fit(data.x_train, epochs, callbacks, filters=(64, 128))
