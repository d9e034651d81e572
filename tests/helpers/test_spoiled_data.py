"""Damaged and wrong data files are rejected with their path and the cause, and aren't changed."""

import gzip
import os

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers import load_fashion_mnist, load_mnist
from helpers.datasets import FASHION_FILES
from tests.helpers.file_checks import rejected, unchanged
from tests.helpers.small_data import pack_idx, pack_npz, write_fashion_mnist, write_mnist

pytestmark = pytest.mark.usefixtures("offline")

SPOILED_FILE = FASHION_FILES["x_train"]
ONE_PIXEL = (np.arange(784) == 147).astype(np.uint8).reshape(28, 28)


def replace(**changes):
    """Return a function that packs mnist.npz with some arrays replaced."""
    return lambda _, arrays: pack_npz(arrays | {name: change(arrays[name]) for name, change in changes.items()})


# By name: a function from valid bytes and arrays to spoiled bytes, and words from the error message.
SPOILED_MNIST = {
    "cut in half": (lambda content, _: content[: len(content) // 2], "not a zip file"),
    "web page": (lambda *_: b"<!DOCTYPE html><title>404 Not Found</title>", "not a zip file"),
    "missing array": (lambda _, arrays: pack_npz({"x_train": arrays["x_train"]}), "y_train"),
    "other shape": (replace(x_train=lambda x: x[:5]), "(5, 28, 28)"),
    "other type": (replace(y_train=lambda y: y.astype(np.int64)), "int64"),
    "one pixel changed": (replace(x_test=lambda x: x ^ ONE_PIXEL), "x_test"),
}
# The same for a single file of Fashion-MNIST and its array.
SPOILED_FASHION_MNIST = {
    "cut in half": (lambda content, _: content[: len(content) // 2], "ended before"),
    "not compressed": (lambda content, _: gzip.decompress(content), "gzip"),
    "other shape": (lambda _, x: pack_idx(x[:5]), "(6,28,28)"),
    "bytes after the array": (lambda content, _: content + gzip.compress(b"more"), "(6,28,28)"),
    "one pixel changed": (lambda _, x: pack_idx(x ^ ONE_PIXEL), "x_train"),
}
NOT_FILES = {
    "empty": (lambda path: path.touch(), "mnist"),
    "folder": (lambda path: path.mkdir(), "folder"),
    "pipe": (getattr(os, "mkfifo", None), "pipe"),
    "broken link": (lambda path: path.symlink_to("nowhere"), "broken link"),
    "link to an endless device": (lambda path: path.symlink_to("/dev/zero"), "device"),
}


@pytest.mark.parametrize(("spoil", "cause"), SPOILED_MNIST.values(), ids=SPOILED_MNIST)
def test_spoiled_mnist_is_rejected_with_the_cause(small, folder, spoil, cause):
    path = folder / "mnist.npz"
    path.write_bytes(spoil(pack_npz(small), small))
    with rejected(folder, path, cause):
        load_mnist("folder")


@pytest.mark.parametrize(("spoil", "cause"), SPOILED_FASHION_MNIST.values(), ids=SPOILED_FASHION_MNIST)
def test_spoiled_fashion_mnist_is_rejected_with_the_cause(small, folder, spoil, cause):
    write_fashion_mnist(folder, small)
    path = folder / "fashion-mnist" / SPOILED_FILE
    path.write_bytes(spoil(path.read_bytes(), small["x_train"]))
    with rejected(folder, path, cause):
        load_fashion_mnist("folder")


@pytest.mark.skipif(os.name == "nt", reason="needs pipes, and links that any user can create")
@pytest.mark.parametrize(("make", "cause"), NOT_FILES.values(), ids=NOT_FILES)
def test_paths_that_are_not_data_files_are_rejected(small, folder, make, cause):
    write_fashion_mnist(folder, {key: small[key] for key in ("y_train", "x_test", "y_test")})
    for load, path in ((load_mnist, "mnist.npz"), (load_fashion_mnist, f"fashion-mnist/{SPOILED_FILE}")):
        make(folder / path)
        with rejected(folder, folder / path, cause):
            load("folder")


@pytest.mark.parametrize("present", [["y_test"], ["x_train", "y_train", "x_test"]])
def test_incomplete_fashion_mnist_is_rejected(small, folder, present):
    write_fashion_mnist(folder, {name: small[name] for name in present})
    missing = [FASHION_FILES[name] for name in set(small) - set(present)]
    with rejected(folder, "has only part of Fashion-MNIST", *missing):
        load_fashion_mnist()


@pytest.mark.parametrize("source", [None, "keras-cache"])
def test_wrong_file_in_the_keras_cache_is_rejected_and_kept(small, offline, source):
    # Keras itself would delete it and download the data again.
    write_mnist(offline / "datasets", small | {"y_test": small["y_test"][::-1]})
    with rejected(offline, offline / "datasets" / "mnist.npz", "y_test"):
        load_mnist(source)


@pytest.mark.parametrize("load", [load_mnist, load_fashion_mnist])
@given(st.sampled_from(list(FASHION_FILES.values())), st.floats(0, 1), st.integers(0, 255))
def test_damage_anywhere_is_rejected_unless_the_arrays_are_the_same(small, folder, load, file_name, place, byte):
    """Replace a byte at some place, given as a fraction of the file's length."""
    write_mnist(folder, small)
    write_fashion_mnist(folder, small)
    path = folder / "mnist.npz" if load is load_mnist else folder / "fashion-mnist" / file_name
    content = bytearray(path.read_bytes())
    content[int(place * (len(content) - 1))] = byte
    path.write_bytes(content)
    message = ""
    with unchanged(folder):
        try:
            data = load("folder")
        except ValueError as error:
            message = str(error)
    if message:
        assert str(path) in message
    else:
        np.testing.assert_array_equal(data.x_train[..., 0], small["x_train"] / np.float32(255))
        np.testing.assert_array_equal(data.y_test, small["y_test"])
