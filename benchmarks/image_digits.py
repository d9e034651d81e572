"""What the convolutional recipes share: training on digits as images as the Keras blog does it."""


def fit_images(autoencoder, inputs_train, inputs_test, data, epochs, callbacks):
    """Train a compiled model to turn the inputs, (n, 28, 28, 1), into the digits of `data`, in batches of 128."""
    autoencoder.fit(
        inputs_train,
        data.x_train,
        epochs=epochs,
        batch_size=128,
        validation_data=(inputs_test, data.x_test),
        callbacks=callbacks,
        verbose=0,
    )
