"""Training and measuring code that the recipes of the Keras blog share."""

import keras
import numpy as np


def fit(models, inputs, targets, batch_size, epochs, callbacks):
    """Train the first of `models`, which is compiled, as the blog does; return all of them.

    `inputs` and `targets` are pairs of arrays: (training, test).
    """
    models[0].fit(
        inputs[0],
        targets[0],
        epochs=epochs,
        batch_size=batch_size,
        validation_data=(inputs[1], targets[1]),
        callbacks=callbacks,
        verbose=0,
    )
    return models


def fit_to_copy_flat(models, data, epochs, callbacks):
    """Train the first of `models` to copy the digits of `data`, flattened to (n, 784); return all of them."""
    flat = data.x_train.reshape(-1, 784), data.x_test.reshape(-1, 784)
    return fit(models, flat, flat, 256, epochs, callbacks)


def count_dead(encoder, images):
    """Return how many units (or channels) of the code are 0 for every image."""
    codes = encoder.predict(images, verbose=0)
    return int((codes.max(axis=tuple(range(codes.ndim - 1))) == 0).sum())


def loss_of_copies(shape, loss="binary_crossentropy", corrupt=lambda images: images):
    """Return a function that computes an autoencoder's mean loss per pixel on test images of `shape`."""

    def measure(model, names, data):
        clean = data.x_test.reshape(-1, *shape)
        given, loss_of = corrupt(clean), keras.losses.get(loss)
        parts = np.split(np.arange(len(clean)), max(1, len(clean) // 500))
        losses = [keras.ops.convert_to_numpy(loss_of(clean[part], model(given[part]))) for part in parts]
        return float(np.mean([part.mean() for part in losses]))

    return measure
