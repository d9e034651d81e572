"""MNIST and Fashion-MNIST, from the first of four sources that has them.

- `folder`: the folder named by the environment variable AUTOENCODER_DATA, with `mnist.npz` and `fashion-mnist/*.gz`;
- `keras-cache`: complete downloads by Keras or this module, in `~/.keras/datasets` or under KERAS_HOME;
- `network`: a download from Keras's server, saved to that cache; it gives up after a few seconds without an answer;
- `synthetic`: images generated without a download; results on them aren't results on the real data.
"""

import gzip
import hashlib
import json
import os
import tempfile
import zipfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple
from urllib.request import urlopen

import numpy as np

from helpers.synthetic import make_digits, make_garments
from helpers.validation import replace_file

SHAPES = {"x_train": (60_000, 28, 28), "y_train": (60_000,), "x_test": (10_000, 28, 28), "y_test": (10_000,)}
DIGESTS = json.loads(Path(__file__).with_name("digests.json").read_text(encoding="utf-8"))  # SHA-256 of each array
IDX_FILES = "train-images-idx3-ubyte.gz train-labels-idx1-ubyte.gz t10k-images-idx3-ubyte.gz t10k-labels-idx1-ubyte.gz"
FASHION_FILES = dict(zip(SHAPES, IDX_FILES.split(), strict=True))
FILES = {"MNIST": dict.fromkeys(SHAPES, "mnist.npz"), "Fashion-MNIST": FASHION_FILES}
GARMENTS = tuple("T-shirt/top,Trouser,Pullover,Dress,Coat,Sandal,Shirt,Sneaker,Bag,Ankle boot".split(","))
SERVER = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"
SERVER_TIMEOUT = 4  # seconds


class Dataset(NamedTuple):
    """Images (n, 28, 28, 1), float32 in [0, 1], where 0 is background and 1 is full ink, and labels (n,), uint8."""

    x_train: np.ndarray
    x_test: np.ndarray
    y_train: np.ndarray
    y_test: np.ndarray
    class_names: tuple[str, ...]
    source: str

    @property
    def is_real(self):
        """False for synthetic images; results on them are never compared with published ones."""
        return self.source != "synthetic"

    def first_of_each_class(self):
        """Return the ten test images, (10, 28, 28, 1), that every notebook shows: the first of each class."""
        return self.x_test[[np.flatnonzero(self.y_test == label)[0] for label in range(10)]]


def load_mnist(source=None):
    """Return the 70,000 handwritten digits of MNIST as a Dataset and print where they came from.

    `source` is one of the four sources; by default, they are tried in order. Raises ValueError for an unknown source or
    an unusable file, and FileNotFoundError if AUTOENCODER_DATA isn't a folder or the chosen source has no data. No
    existing file is ever changed. Source: LeCun, Cortes and Burges, yann.lecun.com/exdb/mnist, CC BY-SA 3.0.
    """
    return _load("MNIST", source, "", make_digits, tuple("0123456789"))


def load_fashion_mnist(source=None):
    """Return the 70,000 garments of Fashion-MNIST as a Dataset and print where they came from.

    `source` and errors are as in `load_mnist`. Source: Xiao, Rasul and Vollgraf, arxiv.org/abs/1708.07747, MIT license.
    """
    return _load("Fashion-MNIST", source, "fashion-mnist", make_garments, GARMENTS)


def read_arrays(data_set, folder):
    """Return a data set's four uint8 arrays by name, None if `folder` has no files; raise ValueError for a bad file."""
    arrays, files = {}, set(FILES[data_set].values())
    try:
        missing = files - set(os.listdir(folder)) if os.path.lexists(folder) else files
    except OSError as error:
        raise ValueError(f"{folder} can't be used: {error}. Replace it or make it readable.") from error
    if missing == files:
        return None
    if missing:
        raise ValueError(f"{folder} has only part of {data_set}; add {', '.join(sorted(missing))}")
    for name, shape in SHAPES.items():
        path = Path(folder, FILES[data_set][name])
        try:
            if not os.path.isfile(path):
                raise ValueError("it's a folder, a pipe, a device, or a broken link, not a file")
            if data_set == "MNIST":
                with zipfile.ZipFile(path) as archive, archive.open(f"{name}.npy") as file:
                    if archive.getinfo(f"{name}.npy").file_size > 2**26:
                        raise ValueError(f"{name} is larger than the one in MNIST")
                    array = np.lib.format.read_array(file, allow_pickle=False)
            else:
                with gzip.open(path) as file:
                    file.read(4 + 4 * len(shape))  # a header
                    array = np.frombuffer(bytearray(file.read(np.prod(shape) + 1)), np.uint8).reshape(shape)
            found = array.dtype.name, array.shape, hashlib.sha256(np.ascontiguousarray(array)).hexdigest()
            if found != ("uint8", shape, DIGESTS[data_set][name]):
                raise ValueError(f"{name} isn't the one in {data_set}: its type, shape, and SHA-256 are {found}")
            arrays[name] = array
        except Exception as error:  # zipfile, gzip, and NumPy raise many kinds for a damaged file.
            raise ValueError(f"{path} can't be used: {error}. Replace it or make it readable.") from error
    return arrays


def _load(data_set, source, subfolder, make, class_names):
    folder = os.path.expanduser(os.environ.get("AUTOENCODER_DATA", ""))
    if folder and source in (None, "folder") and not os.path.isdir(folder):
        raise FileNotFoundError(f"AUTOENCODER_DATA is {folder}, which isn't a folder you can open; change or unset it")
    cache = Path(os.path.expanduser(os.environ.get("KERAS_HOME") or "~/.keras"), "datasets", subfolder)
    cached = [cache / file for file in FILES[data_set].values()]
    readers = {
        "folder": lambda: read_arrays(data_set, Path(folder, subfolder)) if folder else None,
        "keras-cache": lambda: read_arrays(data_set, cache) if all(map(os.path.lexists, cached)) else None,
        "network": lambda: _download(data_set, cache),
        "synthetic": lambda: dict(zip(SHAPES, make(), strict=True)),
    }
    if source not in [None, *readers]:
        raise ValueError(f"unknown source {source!r}; expected one of {', '.join(readers)}, or None to try them all")
    for name in readers if source is None else [source]:
        if arrays := readers[name]():
            break
    else:
        raise FileNotFoundError(f"the source {source!r} doesn't have all of {data_set}; omit `source` to try others")
    print(f"{data_set}: {len(arrays['x_train']):,} training and {len(arrays['x_test']):,} test images from: {name}")
    if name == "synthetic":
        verb = "put its files in" if folder else "set"
        print(f"These images are synthetic. For {data_set}, go online or {verb} AUTOENCODER_DATA (see README).")
    images = [np.divide(arrays[key], np.float32(255), dtype=np.float32)[..., None] for key in ("x_train", "x_test")]
    return Dataset(*images, arrays["y_train"], arrays["y_test"], class_names, name)


def _download(data_set, cache):
    """Download a data set's files from Keras's server to `cache` and return its arrays, or print why that failed."""
    executor = ThreadPoolExecutor(1)  # The timeout of urlopen doesn't cover a name server that hangs.
    with tempfile.TemporaryDirectory() as folder:
        try:
            for file in set(FILES[data_set].values()):
                with executor.submit(urlopen, SERVER + file, timeout=SERVER_TIMEOUT).result(SERVER_TIMEOUT) as stream:
                    Path(folder, file).write_bytes(stream.read(2**27))
            arrays = read_arrays(data_set, folder)
        except Exception as error:  # A network or a server can fail in any way.
            print(f"The download failed: {str(error.__cause__ or error) or f'no answer in {SERVER_TIMEOUT} seconds'}")
            return None
        with suppress(OSError):
            cache.mkdir(parents=True, exist_ok=True)
            for path in Path(folder).iterdir():
                if not os.path.lexists(cache / path.name):
                    replace_file(cache / path.name, path.read_bytes())
    return arrays
