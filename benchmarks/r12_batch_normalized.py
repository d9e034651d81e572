"""R12: a small convolutional VAE with batch normalization after each layer (MachineCurve, 2019).

Published with pictures alone: 100 epochs in batches of 128, the last fifth of the training digits set aside. This names
the figures that notebook 12 measures. The recipe has no stored run yet: the first one, of a model whose layers were
never told that they are in training, normalized nothing and was thrown away.
"""

TITLE = "batch-normalized convolutional VAE"
SOURCE = {
    "name": "C. Versloot, How to create a variational autoencoder with Keras, MachineCurve, 2019",
    "url": "https://machinecurve.com/index.php/2019/12/30/how-to-create-a-variational-autoencoder-with-keras",
}
EPOCHS = None
MEASURES = {
    "test_negative_elbo": {
        "name": "negative ELBO on test digits",
        "unit": "nats per image",
        "direction": "lower",
        "published": None,
    },
    "test_kl": {
        "name": "KL divergence on test digits",
        "unit": "nats per image",
        "direction": None,
        "published": None,
    },
}
