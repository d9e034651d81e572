"""MNIST and Fashion-MNIST: real data where it can be found, a stand-in where not.

Four sources are tried in this order:

- `folder`: the folder named by the environment variable AUTOENCODER_DATA, with `mnist.npz` and `fashion-mnist/*.gz`;
- `keras-cache`: what Keras has downloaded before, in `~/.keras/datasets` or under KERAS_HOME;
- `network`: Keras's own download, given up after seconds if nothing answers;
- `stand-in`: images made here without network or files; results on them are not results on the real data.
"""

import http.client
import os
import socket
import threading
import urllib.request
from functools import cache
from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np

from helpers.data_files import FASHION_FILES, check_digests, read_fashion_mnist, read_mnist
from helpers.digits_stand_in import make_digits
from helpers.garments_stand_in import make_garments

DIGITS = tuple("0123456789")
GARMENTS = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)
SERVER = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"
SECONDS_TO_ANSWER = 4


class Dataset(NamedTuple):
    """Images float32 (n, 28, 28, 1) in [0, 1], 0 the paper and 1 full ink, with labels uint8 (n,)."""

    x_train: np.ndarray
    x_test: np.ndarray
    y_train: np.ndarray
    y_test: np.ndarray
    class_names: tuple[str, ...]
    source: str

    @property
    def is_real(self):
        """False on a stand-in, whose results are never set beside a published figure."""
        return self.source != "stand-in"

    def first_of_each_class(self):
        """Return the ten test images, (10, 28, 28, 1), that every notebook shows: the first of each class."""
        return self.x_test[[np.flatnonzero(self.y_test == label)[0] for label in range(10)]]


def load_mnist(source=None):
    """Return the 70,000 handwritten digits of MNIST as a Dataset and print where they came from.

    `source` names one of the four sources instead of trying all in order. Raises ValueError if that name is unknown
    or a file is damaged or not MNIST, FileNotFoundError if AUTOENCODER_DATA names no folder or the one source asked
    for has nothing, PermissionError if a file may not be read. No file is changed, whatever happens.
    LeCun, Cortes and Burges, yann.lecun.com/exdb/mnist, CC BY-SA 3.0.
    """
    cached = _keras_cache() / "mnist.npz"
    readers = {
        "folder": lambda: read_mnist(folder / "mnist.npz") if (folder := _data_folder()) else None,
        "keras-cache": lambda: read_mnist(cached),
        # Keras deletes a file in its cache that is not byte for byte its own, so it is asked only if there is none.
        "network": lambda: read_mnist(cached) or _download("MNIST", "mnist.npz", keras.datasets.mnist),
        "stand-in": lambda: _by_name(make_digits()),
    }
    return _load("MNIST", readers, source, DIGITS)


def load_fashion_mnist(source=None):
    """Return the 70,000 garments of Fashion-MNIST as a Dataset and print where they came from.

    `source` and the errors are those of `load_mnist`.
    Xiao, Rasul and Vollgraf, arxiv.org/abs/1708.07747, MIT license.
    """
    cached = _keras_cache() / "fashion-mnist"
    readers = {
        "folder": lambda: read_fashion_mnist(folder / "fashion-mnist") if (folder := _data_folder()) else None,
        # A download that was interrupted leaves some of the files; Keras then fetches the others.
        "keras-cache": lambda: read_fashion_mnist(cached) if _is_complete(cached) else None,
        "network": lambda: _download("Fashion-MNIST", FASHION_FILES["y_test"], keras.datasets.fashion_mnist),
        "stand-in": lambda: _by_name(make_garments()),
    }
    return _load("Fashion-MNIST", readers, source, GARMENTS)


def _load(data_set, readers, source, class_names):
    if source is not None and source not in list(readers):
        raise ValueError(f"unknown source {source!r}; expected one of {', '.join(readers)}, or None to try them all")
    for name in readers if source is None else [source]:
        arrays = readers[name]()
        if arrays is not None:
            break
    else:
        raise FileNotFoundError(f"the source {source!r} has no {data_set}; leave `source` out to try all of them")
    images = {key: _scale(arrays[key]) for key in ("x_train", "x_test")}
    print(f"{data_set}: {len(arrays['x_train']):,} training and {len(arrays['x_test']):,} test images from: {name}")
    if name == "stand-in":
        print(
            f"These are stand-ins, not {data_set}: no figure on them compares with a published one. For the real data, "
            "connect to the network, restart Python and run again, or set AUTOENCODER_DATA to a folder that holds it "
            "(see the README)."
        )
    # Copies, since arrays that were made from a file's bytes cannot be written to.
    labels = {key: np.array(arrays[key]) for key in ("y_train", "y_test")}
    return Dataset(**images, **labels, class_names=class_names, source=name)


def _scale(images):
    """Return uint8 images (n, 28, 28) as float32 (n, 28, 28, 1) in [0, 1], with one copy in memory."""
    return np.divide(images, np.float32(255), dtype=np.float32)[..., None]


def _by_name(arrays):
    return dict(zip(("x_train", "y_train", "x_test", "y_test"), arrays, strict=True))


def _data_folder():
    """Return the folder named by AUTOENCODER_DATA, or None if the variable is not set."""
    name = os.environ.get("AUTOENCODER_DATA")
    if not name:
        return None
    folder = Path(name).expanduser().resolve()
    try:
        is_folder = folder.is_dir()
    except PermissionError as error:
        raise PermissionError(
            f"AUTOENCODER_DATA names {folder}, which may not be looked into. Give yourself permission to read it."
        ) from error
    if not is_folder:
        raise FileNotFoundError(
            f"AUTOENCODER_DATA names {folder}, which is no folder; correct the variable or remove it"
        )
    return folder


def _keras_cache():
    return Path(os.path.expanduser(os.environ.get("KERAS_HOME") or "~/.keras")) / "datasets"


def _is_complete(folder):
    return all((folder / file_name).exists() for file_name in FASHION_FILES.values())


def _download(data_set, file_name, keras_data_set):
    """Return what Keras downloads, or None, saying why, if the network does not give it in time.

    The arrays are taken from Keras, not from its cache, which is in another place where the home cannot be written.
    """
    reason = _why_unreachable(SERVER + file_name)
    if reason is None:
        limit_before = socket.getdefaulttimeout()
        socket.setdefaulttimeout(SECONDS_TO_ANSWER)  # Keras sets no limit of its own: a silent server would hang it.
        try:
            (x_train, y_train), (x_test, y_test) = keras_data_set.load_data()
        except Exception as error:  # Keras raises a bare Exception when a download fails.
            reason = str(error)
        finally:
            socket.setdefaulttimeout(limit_before)
    if reason is not None:
        print(f"The download was given up: {reason}")
        return None
    arrays = _by_name((x_train, y_train, x_test, y_test))
    check_digests(data_set, arrays, dict.fromkeys(arrays, "Keras's download"))
    return arrays


@cache
def _why_unreachable(address):
    """Return None if the address answers in time, else the reason; a name server that hangs is also given up on."""
    outcome = [f"no answer within {SECONDS_TO_ANSWER} seconds"]

    def ask():
        try:
            request = urllib.request.Request(address, method="HEAD")
            urllib.request.urlopen(request, timeout=SECONDS_TO_ANSWER).close()
            outcome[0] = None
        except (OSError, ValueError, http.client.HTTPException) as error:
            outcome[0] = str(error)

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(SECONDS_TO_ANSWER)
    return outcome[0]
