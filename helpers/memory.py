"""Keep freed memory from staying with the process."""

import ctypes
import gc
import os
import sys

M_ARENA_MAX = -8  # as in malloc.h


def limit_heaps():
    """Let the C library of Linux have no more heaps than the machine has cores, for threads that start later.

    glibc gives threads up to eight heaps for each core, and each heap keeps some of what was freed in it. Keras's
    backends have many threads, so a notebook that trains a dozen networks one after another would grow by hundreds of
    megabytes that nobody uses. Where MALLOC_ARENA_MAX is set, it counts; with another C library nothing happens.
    Source: mallopt(3) in the Linux manual.
    """
    if "MALLOC_ARENA_MAX" not in os.environ:
        _call("mallopt", M_ARENA_MAX, os.cpu_count() or 1)


def return_freed_memory():
    """Clear away what nothing refers to, such as models that were replaced, and give free memory back to the system.

    Only the C library of Linux is asked to give it back: malloc_trim(3) in its manual.
    """
    gc.collect()
    _call("malloc_trim", 0)


def _call(name, *numbers):
    """Call a function of the C library with whole numbers, if this is Linux and the library has it."""
    if sys.platform == "linux":
        function = getattr(ctypes.CDLL(None), name, None)
        if function is not None:
            function(*numbers)
