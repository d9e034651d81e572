"""Training in which a whole epoch is one call, for networks so small that an update is mostly bookkeeping."""

import keras

from helpers.checks import as_count

HELD_OUT_BATCH = 1000


def fit_whole_epochs(model, x, y=None, batch_size=32, epochs=1, callbacks=None, validation_data=None):
    """Train a compiled model as its `fit` does, but run each epoch in one call; return Keras's History.

    `fit` fetches a batch, copies it, calls TensorFlow and comes back to Python, for every update. Here `x`, (n, ...),
    and `y`, (n, ...) or None, lie in TensorFlow's memory once, and a loop inside one function takes the batches from
    there. It becomes one program of XLA's if the model was compiled with `jit_compile=True`; notebook 01 shows
    what that gains. Callbacks are told of epochs as `fit` tells them, and of one batch an epoch. `validation_data`, a
    pair or images alone, is measured after every epoch.

    Each epoch has a new order, drawn from the seed of `set_seed`. As every batch of a compiled loop has the same size,
    the fewer than `batch_size` images that are over at the end of an epoch are left out of it. On other backends than
    TensorFlow, and for a model that runs eagerly, this is `fit` itself; on JAX it makes 50 updates a call. Raises
    ValueError if the model was not compiled, if there are fewer images than a batch holds, or not as many targets as
    images.
    """
    as_count(epochs, "epochs")
    if as_count(batch_size, "batch_size") > len(x):
        raise ValueError(f"there are {len(x)} images and a batch holds {batch_size}; expected a whole batch at least")
    if y is not None and len(y) != len(x):
        raise ValueError(f"there are {len(y)} targets for {len(x)} images; expected one for each")
    if not model.compiled:
        raise ValueError("the model was not compiled; expected one that was: call model.compile(...) first")
    held_out = validation_data if isinstance(validation_data, tuple | list | None) else (validation_data,)
    if keras.backend.backend() == "jax" and not model.run_eagerly:
        model.steps_per_execution = min(50, len(x) // batch_size)
    if keras.backend.backend() != "tensorflow" or model.run_eagerly:
        options = {"validation_data": held_out, "validation_batch_size": HELD_OUT_BATCH, "callbacks": callbacks}
        return model.fit(x, y, batch_size, epochs, verbose=0, **options)

    run_epoch, steps = _make_epoch(model, x, y, batch_size), len(x) // batch_size
    callbacks = keras.callbacks.CallbackList(callbacks, add_history=True, model=model, epochs=epochs, steps=steps)
    model.stop_training = False
    callbacks.on_train_begin()
    for epoch in range(epochs):
        model.reset_metrics()
        callbacks.on_epoch_begin(epoch)
        callbacks.on_train_batch_begin(0)
        logs = {name: float(value) for name, value in run_epoch().items()}
        callbacks.on_train_batch_end(steps - 1, logs)
        if held_out is not None:
            found = model.evaluate(*held_out, batch_size=HELD_OUT_BATCH, verbose=0, return_dict=True)
            logs |= {f"val_{name}": value for name, value in found.items()}
        callbacks.on_epoch_end(epoch, logs)
        if model.stop_training:
            break
    callbacks.on_train_end(logs)
    return model.history


def _make_epoch(model, x, y, batch_size):
    """Return a function that trains for one epoch and returns the model's metrics, means over the epoch."""
    import tensorflow as tf

    steps = len(x) // batch_size
    if not model.optimizer.built:
        model.optimizer.build(model.trainable_variables)

    @tf.function(jit_compile=model.jit_compile, autograph=False)
    def run(order, *tensors):  # (steps, batch_size)
        def update(step):
            batches = [tf.gather(tensor, order[step]) for tensor in tensors]
            model.train_step((batches[0],) if y is None else (batches[0], batches[-1]))
            return (step + 1,)

        tf.while_loop(lambda step: step < steps, update, (0,))
        return model.get_metrics_result()

    # Handed over with each call: what a compiled function holds is kept long after training.
    tensors = [tf.constant(array) for array in ([x] if y is None or y is x else [x, y])]
    run = run.get_concrete_function(tf.TensorSpec((steps, batch_size), "int32"), *tensors)

    def run_epoch():
        order = tf.random.shuffle(tf.range(len(x)))[: steps * batch_size]
        return run(tf.reshape(order, (steps, batch_size)), *tensors)

    return run_epoch
