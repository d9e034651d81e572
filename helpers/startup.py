"""Setup before Keras is imported: `start_keras()`, which every notebook calls in its first cell."""

import ctypes
import gc
import os
import platform
import sys
import tempfile
from contextlib import contextmanager, suppress
from functools import cache


def start_keras():
    """Configure memory and oneDNN, then import Keras and start its backend without messages that need no action.

    Call it before anything imports TensorFlow. Environment variables that the user has set keep their values.
    """
    # By default, glibc uses eight heaps per core, and a notebook that trains many networks grows by hundreds of MB.
    if "MALLOC_ARENA_MAX" not in os.environ:
        _call_libc("mallopt", -8, os.cpu_count() or 1)  # M_ARENA_MAX in malloc.h
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # native errors, no warnings
    if platform.machine().lower() in ("x86_64", "amd64"):
        os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")  # faster on old processors, too, where it's off by default
    # oneDNN's own allocator never returns memory: a gigabyte after computing the loss of 60,000 images.
    os.environ.setdefault("TF_ONEDNN_USE_SYSTEM_ALLOCATOR", "true")
    with hold_native_messages():
        from keras import backend, ops

        ops.zeros(1)
        if backend.backend() == "tensorflow":  # Its oneDNN logs once that some CPUs don't support integers.
            sys.modules["tensorflow"].function(ops.transpose)(ops.zeros((2, 2), "int32"))
            sys.modules["tensorflow"].get_logger().addFilter(_needs_action)
            with suppress(ImportError, AttributeError):  # in case Keras changes inside
                _stop_autotuning(sys.modules["tensorflow"])


@contextmanager
def hold_native_messages():
    """Hold back what C++ libraries write to standard error in the `with` block; show it only if the block fails."""
    if sys.stderr is not None:
        sys.stderr.flush()
    try:
        visible = os.dup(2)
    except OSError:  # There's no standard error, as under pythonw.
        yield
        return
    with tempfile.TemporaryFile() as held_back:
        os.dup2(held_back.fileno(), 2)
        try:
            yield
        except BaseException:
            held_back.seek(0)
            os.write(visible, held_back.read())
            raise
        finally:
            os.dup2(visible, 2)
            os.close(visible)


def return_freed_memory():
    """Collect garbage, such as replaced models, and with glibc return free memory to the system (malloc_trim(3))."""
    gc.collect()
    _call_libc("malloc_trim", 0)


@cache  # once per process
def _stop_autotuning(tf):
    """Turn off tf.data's tuning thread, which can miss the end of an epoch and delay it by up to its duration."""
    from keras.src.trainers.data_adapters.array_data_adapter import ArrayDataAdapter

    make_dataset, options = ArrayDataAdapter.get_tf_dataset, tf.data.Options()
    options.autotune.enabled = False
    ArrayDataAdapter.get_tf_dataset = lambda self: make_dataset(self).with_options(options)


def _needs_action(record):
    """Return whether a log record is more than advice on retracing, which batches of different sizes cause."""
    return "triggered tf.function retracing" not in record.getMessage()


def _call_libc(name, *numbers):
    """Call a function of the C library on Linux, if it has one by that name."""
    if sys.platform == "linux":
        function = getattr(ctypes.CDLL(None), name, None)
        if function is not None:
            function(*numbers)
