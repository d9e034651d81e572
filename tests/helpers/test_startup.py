"""Importing the package has no side effects; `start_keras` configures memory and oneDNN, and silences libraries."""

import logging
import os
import platform
import subprocess
import sys
import weakref

import keras
import numpy as np
import psutil
import pytest

import helpers
from helpers import startup

# Compares a new interpreter's environment, open files, and modules before and after the import.
IMPORT = """
import os, sys, time
def look(): return dict(os.environ), sorted(os.listdir("/proc/self/fd")) if os.path.exists("/proc/self/fd") else []
before, modules, start = look(), set(sys.modules), time.perf_counter()
import helpers
seconds = time.perf_counter() - start
assert look() == before
print(seconds, *(set(sys.modules) - modules))
"""


def test_import_is_fast_and_has_no_side_effects():
    runs = [subprocess.check_output([sys.executable, "-c", IMPORT], text=True).split() for _ in range(3)]
    assert min(float(seconds) for seconds, *_ in runs) < 0.3
    assert not {"keras", "numpy", "tensorflow", "matplotlib"} & set(runs[0])
    assert "start_keras" in dir(helpers)


@pytest.mark.parametrize("name", helpers.__all__)
def test_every_public_name_can_be_imported(name):
    assert callable(getattr(helpers, name))


def test_native_messages_can_be_held_without_standard_error(tmp_path):
    program = "import os, sys; sys.stderr = None; os.close(2); from helpers import startup\n"
    program += "with startup.hold_native_messages(): print('started')"
    assert subprocess.check_output([sys.executable, "-c", program], text=True) == "started\n"


@pytest.mark.slow
@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="needs glibc")
def test_freed_memory_is_returned_to_the_system():
    blocks = [np.ones(100_000, np.uint8) for _ in range(2000)]  # 200 MB in blocks small enough for the heap
    last = blocks[-1]  # keeps the end of the heap in use, so glibc returns nothing by itself
    blocks.clear()
    before = psutil.Process().memory_info().rss
    startup.return_freed_memory()
    assert before - psutil.Process().memory_info().rss > 150e6
    assert last.all()


def test_unreferenced_models_are_freed_when_training_ends():
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(4)])
    replaced, model.itself = weakref.ref(model), model  # Only the garbage collector can free it.
    del model
    callback = helpers.show_progress()
    callback.on_train_begin()
    callback.on_train_end()
    assert replaced() is None


@pytest.mark.parametrize(("system", "library"), [("darwin", None), ("win32", None), ("linux", lambda name: object())])
def test_other_systems_and_c_libraries_are_supported(monkeypatch, system, library):
    monkeypatch.delenv("MALLOC_ARENA_MAX", raising=False)
    monkeypatch.setattr("sys.platform", system)
    monkeypatch.setattr("ctypes.CDLL", library)  # Calling None would fail.
    startup.start_keras()
    startup.return_freed_memory()


@pytest.mark.parametrize(("machine", "expected"), [("x86_64", "1"), ("AMD64", "1"), ("arm64", None)])
def test_onednn_is_on_for_intel_and_amd_and_user_settings_are_kept(monkeypatch, machine, expected):
    monkeypatch.setattr(platform, "machine", lambda: machine)
    monkeypatch.delenv("TF_ENABLE_ONEDNN_OPTS", raising=False)
    monkeypatch.setenv("TF_ONEDNN_USE_SYSTEM_ALLOCATOR", "false")
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "0")
    startup.start_keras()
    assert os.environ["TF_ONEDNN_USE_SYSTEM_ALLOCATOR"] == "false"
    assert os.environ.get("TF_ENABLE_ONEDNN_OPTS") == expected
    assert os.environ["TF_CPP_MIN_LOG_LEVEL"] == "0"


def test_native_messages_are_shown_only_if_something_fails(capfd):
    with startup.hold_native_messages():
        os.write(2, b"no GPU was found\n")
    assert capfd.readouterr().err == ""
    with pytest.raises(ImportError), startup.hold_native_messages():  # noqa: PT012
        os.write(2, b"a library is missing\n")
        raise ImportError
    os.write(2, b"and then\n")
    assert capfd.readouterr().err == "a library is missing\nand then\n"


def test_keras_trains_on_arrays_without_the_tuning_thread_of_tf_data():
    from keras.src.trainers.data_adapters.array_data_adapter import ArrayDataAdapter

    startup.start_keras()
    assert ArrayDataAdapter(np.zeros((4, 2))).get_tf_dataset().options().autotune.enabled is False


def test_only_advice_on_retracing_is_dropped_from_the_log():
    messages = "5 out of the last 5 calls to f triggered tf.function retracing. Tracing is", "the loss is NaN"
    records = [logging.LogRecord("tensorflow", logging.WARNING, "", 0, text, (), None) for text in messages]
    assert [startup._needs_action(record) for record in records] == [False, True]
