"""The heaps of the C library: no more of them than cores, and what they hold free goes back when a training ends."""

import os
import platform
import re
import subprocess
import sys
import weakref

import keras
import numpy as np
import psutil
import pytest

from helpers import memory, show_progress
from helpers.memory import return_freed_memory
from tools.notebooks import ROOT

# 16 threads for each core, alive together, that each ask the C library for memory; then its own report.
ASK = """
import ctypes, os, sys, threading
{first}
libc = ctypes.CDLL(None)
libc.malloc.restype, libc.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
libc.fopen.restype = ctypes.c_void_p
threads = 16 * os.cpu_count()
barrier = threading.Barrier(threads)

def ask():
    libc.malloc(1000)
    barrier.wait()

all_of_them = [threading.Thread(target=ask) for _ in range(threads)]
for thread in all_of_them:
    thread.start()
for thread in all_of_them:
    thread.join()
report = ctypes.c_void_p(libc.fopen(sys.argv[1].encode(), b"w"))
libc.malloc_info(0, report)
libc.fclose(report)
"""


def count_heaps(path, first, **environment):
    """Return how many heaps a new process has after its threads asked for memory."""
    command = [sys.executable, "-c", ASK.format(first=first), str(path)]
    subprocess.run(command, cwd=ROOT, env=os.environ | environment, check=True)
    return len(re.findall(r"<heap nr=", path.read_text()))


needs_glibc = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library than glibc")


@needs_glibc
def test_there_are_no_more_heaps_than_cores(tmp_path):
    call = "from helpers.memory import limit_heaps; limit_heaps()"
    assert count_heaps(tmp_path / "few", call) <= os.cpu_count() + 1  # one may be there before
    assert count_heaps(tmp_path / "own", call, MALLOC_ARENA_MAX="6") == 6
    assert count_heaps(tmp_path / "many", "") > os.cpu_count() + 1


@needs_glibc
def test_freed_memory_goes_back_to_the_system():
    def count_megabytes():
        return psutil.Process().memory_info().rss / 1e6

    blocks = [np.ones(100_000, np.uint8) for _ in range(2000)]  # 200 MB in blocks that lie on the heap
    last = blocks[-1]  # holds the end of the heap, so that nothing is given back by itself
    blocks.clear()
    before = count_megabytes()
    return_freed_memory()
    assert before - count_megabytes() > 150
    assert last.all()


def test_what_nothing_refers_to_is_cleared_away_when_a_training_ends():
    images = np.zeros((8, 4), np.float32)
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(4)])
    model.compile("sgd", "mse")
    replaced, model.itself = weakref.ref(model), model
    del model
    assert replaced() is not None
    another = keras.Sequential([keras.Input((4,)), keras.layers.Dense(4)])
    another.compile("sgd", "mse")
    another.fit(images, images, verbose=0, callbacks=[show_progress()])
    assert replaced() is None


@pytest.mark.parametrize("name", ["darwin", "win32"])
def test_nothing_is_asked_of_other_systems(monkeypatch, name):
    monkeypatch.setattr(sys, "platform", name)
    monkeypatch.setattr(memory.ctypes, "CDLL", None)  # would fail
    memory.limit_heaps()
    memory.return_freed_memory()


def test_another_c_library_is_left_alone(monkeypatch):
    monkeypatch.delenv("MALLOC_ARENA_MAX", raising=False)
    monkeypatch.setattr(memory.ctypes, "CDLL", lambda name: object())
    memory.limit_heaps()
    memory.return_freed_memory()
