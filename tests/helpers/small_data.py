"""Data sets of a few images, written in the format of the real files."""

import gzip
import io
import struct
import zipfile

import numpy as np

from helpers.datasets import FASHION_FILES


def make_small():
    """Return four small arrays by the names of a data set's arrays."""
    generator = np.random.default_rng(0)
    return {
        "x_train": generator.integers(0, 256, (6, 28, 28), np.uint8),
        "y_train": np.array([3, 1, 4, 1, 5, 9], np.uint8),
        "x_test": generator.integers(0, 256, (20, 28, 28), np.uint8),
        "y_test": generator.permutation(np.repeat(np.arange(10, dtype=np.uint8), 2)),
    }


def pack_npz(contents, compression=zipfile.ZIP_DEFLATED):
    """Return the bytes of an .npz file; `contents` holds arrays, or the bytes of .npy files, by name."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", compression) as archive:
        for name, content in contents.items():
            with archive.open(f"{name}.npy", "w") as entry:
                entry.write(content) if isinstance(content, bytes) else np.save(entry, content)
    return stream.getvalue()


def pack_idx(array, level=9):
    """Return the bytes of a gzip IDX file."""
    header = struct.pack(f">4B{array.ndim}I", 0, 0, 8, array.ndim, *array.shape)
    return gzip.compress(header + array.tobytes(), level)


def write_mnist(folder, arrays, compression=zipfile.ZIP_DEFLATED):
    (folder / "mnist.npz").write_bytes(pack_npz(arrays, compression))


def write_fashion_mnist(folder, arrays, level=9):
    (folder / "fashion-mnist").mkdir(exist_ok=True)
    for name, array in arrays.items():
        (folder / "fashion-mnist" / FASHION_FILES[name]).write_bytes(pack_idx(array, level))
