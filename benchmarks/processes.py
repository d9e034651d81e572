"""Run a function in a new process, where nothing has been compiled or loaded yet."""

import multiprocessing
import os
import threading
from concurrent.futures import ProcessPoolExecutor

import helpers


def run_in_new_process(function, *arguments, **options):
    """Return what a function returns in a new process, which ends with this one even if this one is killed."""
    spawned = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=spawned, initializer=_start) as pool:
        return pool.submit(function, *arguments, **options).result()


def _start():
    def end_with_parent():
        multiprocessing.parent_process().join()
        os._exit(1)

    threading.Thread(target=end_with_parent, daemon=True).start()
    helpers.start_keras()
