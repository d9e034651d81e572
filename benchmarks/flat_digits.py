"""What the dense recipes share: training on flat digits as the Keras blog does it."""


def fit_to_copy(autoencoder, data, epochs, callbacks):
    """Train a compiled model to copy the digits of `data`, a Dataset, as (n, 784), in batches of 256."""
    x_train, x_test = data.x_train.reshape(-1, 784), data.x_test.reshape(-1, 784)
    autoencoder.fit(
        x_train,
        x_train,
        epochs=epochs,
        batch_size=256,
        validation_data=(x_test, x_test),
        callbacks=callbacks,
        verbose=0,
    )
