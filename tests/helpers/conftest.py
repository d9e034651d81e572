"""Fixtures for tests that load data: no network, a data folder, and small arrays that pass as the real data."""

import hashlib

import matplotlib
import pytest

import helpers
from helpers import datasets
from tests.helpers.small_data import make_small

helpers.start_keras()
matplotlib.use("Agg")


@pytest.fixture
def offline(tmp_path, monkeypatch):
    """Make only synthetic data available, reduced to a few images; return Keras's home folder."""
    home = tmp_path / "keras"
    (home / "datasets").mkdir(parents=True)
    monkeypatch.setenv("KERAS_HOME", str(home))
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.delenv("AUTOENCODER_DATA", raising=False)
    monkeypatch.setattr(datasets, "SERVER", "http://127.0.0.1:1/")  # Nothing listens on port 1.
    for make in ("make_digits", "make_garments"):  # The real ones take seconds.
        monkeypatch.setattr(datasets, make, lambda: tuple(make_small().values()))
    return home


@pytest.fixture
def small(monkeypatch):
    """Return four small arrays that pass as MNIST and as Fashion-MNIST."""
    arrays = make_small()
    monkeypatch.setattr(datasets, "SHAPES", {name: array.shape for name, array in arrays.items()})
    digests = {name: hashlib.sha256(array).hexdigest() for name, array in arrays.items()}
    monkeypatch.setattr(datasets, "DIGESTS", dict.fromkeys(datasets.DIGESTS, digests))
    return arrays


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Return an empty data folder and set AUTOENCODER_DATA to it."""
    path = tmp_path / "data"
    path.mkdir()
    monkeypatch.setenv("AUTOENCODER_DATA", str(path))
    return path
