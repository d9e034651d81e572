"""Data sets of a few images, packed as the files of the real ones are."""

import gzip
import hashlib
import io
import struct
import zipfile

import numpy as np


def make_few():
    """Return four small arrays by the names of a data set's."""
    generator = np.random.default_rng(0)
    return {
        "x_train": generator.integers(0, 256, (6, 28, 28), np.uint8),
        "y_train": np.array([3, 1, 4, 1, 5, 9], np.uint8),
        "x_test": generator.integers(0, 256, (20, 28, 28), np.uint8),
        "y_test": generator.permutation(np.repeat(np.arange(10, dtype=np.uint8), 2)),
    }


def digest_all(arrays):
    """Return the SHA-256 of each array, by name."""
    return {name: hashlib.sha256(array).hexdigest() for name, array in arrays.items()}


def pack_npy(array):
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


def pack_npz(contents, compression=zipfile.ZIP_DEFLATED):
    """Return the bytes of an .npz file; `contents` are arrays or the bytes of their .npy files, by name."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", compression) as archive:
        for name, content in contents.items():
            archive.writestr(f"{name}.npy", content if isinstance(content, bytes) else pack_npy(content))
    return stream.getvalue()


def pack_idx(array, level=9):
    header = struct.pack(f">4B{array.ndim}I", 0, 0, 8, array.ndim, *array.shape)
    return gzip.compress(header + array.tobytes(), level)
