"""Training that runs each epoch in one call, for networks so small that most of the time per batch is overhead."""

import keras
from keras.callbacks import CallbackList

from helpers.validation import as_count


def fit_compiled_epochs(
    model, x, y=None, batch_size=32, epochs=1, callbacks=None, validation_data=None, initial_epoch=0
):
    """Train a compiled model as `fit` does, but run each epoch in one call; return Keras's History.

    The arrays `x` (n, ...) and `y`, (n, ...) or None, are copied to TensorFlow's memory once, and one function loops
    over their batches. It is one XLA program if the model was compiled with `jit_compile=True`. `validation_data`, a
    tuple (x, y) or x alone, is evaluated after every epoch. Callbacks see each epoch as one batch. Samples are
    reshuffled every epoch, as determined by `set_seed`, and the last, incomplete batch is dropped. On other backends
    than TensorFlow, and for a model that runs eagerly, this calls `fit`. Raises TypeError for anything but arrays of
    numbers, and ValueError for fewer samples than a batch, unequal lengths, or a model that isn't compiled.
    """
    as_count(epochs, "epochs")
    as_count(initial_epoch, "initial_epoch", 0)
    if as_count(batch_size, "batch_size") > _count_samples(x, "x"):
        raise ValueError(f"x has {len(x)} samples, but batch_size is {batch_size}; expected at least one full batch")
    held_out = validation_data if isinstance(validation_data, tuple | list | None) else (validation_data,)
    for samples, targets, *_ in ((x, y), (*(held_out or (x,)), None)):
        if _count_samples(samples, "x") != (len(samples) if targets is None else _count_samples(targets, "y")):
            raise ValueError(f"there are {len(targets)} targets for {len(samples)} samples; expected one per sample")
    if not getattr(model, "compiled", False):
        raise ValueError("the model isn't compiled; call model.compile(...) first")
    if keras.backend.backend() != "tensorflow" or model.run_eagerly:
        return model.fit(x, y, batch_size, epochs, 0, callbacks, validation_data=held_out, initial_epoch=initial_epoch)
    run_epoch, steps = _make_epoch(model, x, y, batch_size), len(x) // batch_size
    if not isinstance(callbacks, CallbackList):
        callbacks = CallbackList(callbacks, add_history=True, model=model, verbose=0, epochs=epochs, steps=steps)
    model.stop_training, logs = False, None
    callbacks.on_train_begin()
    first, model._initial_epoch = model._initial_epoch or initial_epoch, None  # where a callback resumes
    for epoch in range(first, epochs):
        model.reset_metrics()
        callbacks.on_epoch_begin(epoch)
        callbacks.on_train_batch_begin(0)
        logs = {name: float(value) for name, value in run_epoch().items()}
        callbacks.on_train_batch_end(steps - 1, logs)
        if held_out is not None:
            found = model.evaluate(*held_out, batch_size=batch_size, verbose=0, callbacks=callbacks, return_dict=True)
            logs |= {f"val_{name}": value for name, value in found.items()}
        callbacks.on_epoch_end(epoch, logs)
        if model.stop_training:
            break
    model.optimizer.finalize_variable_values(model.trainable_weights)
    callbacks.on_train_end(logs)
    return model.history


def _count_samples(array, name):
    """Return the length of an array of numbers. Raises TypeError for anything else."""
    kind = str(getattr(array, "dtype", type(array).__name__))
    if not getattr(array, "shape", ()) or not any(number in kind for number in ("float", "int", "bool")):
        raise TypeError(f"{name} is {kind}; expected an array of numbers (for datasets and generators, use model.fit)")
    return len(array)


def _make_epoch(model, x, y, batch_size):
    """Return a function that trains for one epoch and returns the model's metrics, averaged over the epoch."""
    import tensorflow as tf

    shape = len(x) // batch_size, batch_size
    if not all(layer.built for layer in model.layers):
        model(keras.Input(x.shape[1:], dtype=x.dtype))
    if not model.optimizer.built:
        model.optimizer.build(model.trainable_variables)

    @tf.function(jit_compile=model.jit_compile, autograph=False)
    def run(order, *tensors):  # (steps, batch_size)
        def update(step):
            batches = [tf.gather(tensor, order[step]) for tensor in tensors]
            model.train_step((batches[0],) if y is None else (batches[0], batches[-1]))
            return (step + 1,)

        tf.while_loop(lambda step: step < shape[0], update, (0,))
        return model.get_metrics_result()

    # Passed with each call, because tensors captured by a compiled function stay in memory long after training.
    arrays, floatx = [x] if y is None or y is x else [x, y], keras.config.floatx()
    tensors = [keras.ops.convert_to_tensor(array, floatx if "float" in str(array.dtype) else None) for array in arrays]
    run = run.get_concrete_function(tf.TensorSpec(shape, "int32"), *tensors)
    return lambda: run(tf.reshape(tf.random.shuffle(tf.range(len(x)))[: shape[0] * shape[1]], shape), *tensors)
