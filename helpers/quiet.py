"""Import Keras without the start-up messages of its backend."""

import os
import sys
import tempfile
from contextlib import contextmanager


@contextmanager
def native_messages_held_back():
    """Hold back what C++ libraries write to standard error inside the `with` block; show it if the block fails.

    TensorFlow reports processor features and a missing GPU driver on file descriptor 2 before any setting can
    reach it, so the descriptor itself is pointed at a temporary file for the time being.
    """
    sys.stderr.flush()
    visible = os.dup(2)
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


def import_keras_quietly():
    """Import Keras and wake its backend up, so that a notebook's first cell shows no warnings that ask for nothing."""
    # At 2, recurrent networks still report what the processor lacks; what fails is raised in Python in any case.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with native_messages_held_back():
        from keras import ops

        ops.zeros(1)
