"""What several tests share: an empty world without data or network, and patience on a busy machine."""

from functools import cache

import keras
import pytest
from hypothesis import HealthCheck, settings

from helpers import datasets

# The fixtures that these tests use inside Hypothesis hold the same for every example.
settings.register_profile(
    "helpers",
    deadline=None,
    max_examples=50,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("helpers")

# Stand-ins take seconds to make.
make_digits_once = cache(datasets.make_digits)
make_garments_once = cache(datasets.make_garments)


@pytest.fixture
def nothing_reachable(tmp_path, monkeypatch):
    """Leave only the stand-in: no data folder, a network that refuses at once, and the empty Keras home returned."""
    home = tmp_path / "keras"
    (home / "datasets").mkdir(parents=True)
    monkeypatch.setenv("KERAS_HOME", str(home))
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.delenv("AUTOENCODER_DATA", raising=False)
    # Nothing listens on port 1.
    monkeypatch.setattr(datasets, "SERVER", "http://127.0.0.1:1/")
    # Keras read KERAS_HOME when it was imported, so its own loaders would write into the real cache.
    for data_set in (keras.datasets.mnist, keras.datasets.fashion_mnist):
        monkeypatch.setattr(data_set, "load_data", lambda: pytest.fail("Keras was asked to download"))
    monkeypatch.setattr(datasets, "make_digits", make_digits_once)
    monkeypatch.setattr(datasets, "make_garments", make_garments_once)
    # It remembers which addresses did not answer; a test may put another function in its place.
    remembering = datasets._why_unreachable
    remembering.cache_clear()
    yield home
    remembering.cache_clear()
