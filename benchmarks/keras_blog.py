"""What the recipes of the Keras blog share: where they were published, and the call that trains them."""

KERAS_BLOG = {
    "name": "F. Chollet, Building Autoencoders in Keras, 2016, revised since",
    "url": "https://blog.keras.io/building-autoencoders-in-keras.html",
}


def fit(autoencoder, inputs, targets, batch_size, epochs, callbacks):
    """Train a compiled model as the blog does; inputs and targets are pairs (training, test) of arrays."""
    autoencoder.fit(
        inputs[0],
        targets[0],
        epochs=epochs,
        batch_size=batch_size,
        validation_data=(inputs[1], targets[1]),
        callbacks=callbacks,
        verbose=0,
    )


def fit_to_copy_flat(autoencoder, data, epochs, callbacks):
    """Train a compiled model to copy the digits of `data`, a Dataset, as (n, 784), in batches of 256."""
    flat = data.x_train.reshape(-1, 784), data.x_test.reshape(-1, 784)
    fit(autoencoder, flat, flat, 256, epochs, callbacks)
