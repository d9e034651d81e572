"""Loading data never runs code from the file: NumPy doesn't unpickle it."""

import pickle
from pathlib import Path

import numpy as np
import pytest

from helpers import load_mnist
from tests.helpers.small_data import pack_npz


class Intruder:
    """Creates a folder when it's unpickled."""

    def __reduce__(self):
        return Path.mkdir, (self.path,)


@pytest.mark.usefixtures("offline")
@pytest.mark.parametrize("place", ["objects in an array", "pickle for an array", "pickle for the file"])
def test_pickled_data_is_rejected_and_not_unpickled(small, folder, place):
    intruder = Intruder()
    intruder.path = folder / "intruder"
    pickled = pickle.dumps(intruder)
    labels = np.array([intruder]) if place == "objects in an array" else pickled
    content = pickled if place == "pickle for the file" else pack_npz(small | {"y_train": labels})
    (folder / "mnist.npz").write_bytes(content)
    with pytest.raises(ValueError, match=r"mnist\.npz"):
        load_mnist("folder")
    assert not intruder.path.exists()
    pickle.loads(pickled)
    assert intruder.path.exists(), "unpickling would have created the folder"
