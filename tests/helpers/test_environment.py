"""The check of the environment: what it prints, and what it reports as missing."""

import platform
from importlib import metadata
from types import SimpleNamespace

import keras
import pytest

from helpers import check_environment, environment


@pytest.fixture
def real_data(monkeypatch):
    """Let both data sets be real ones, without loading any."""
    for name in ("load_mnist", "load_fashion_mnist"):
        monkeypatch.setattr(environment, name, lambda: SimpleNamespace(is_real=True))


@pytest.fixture
def versions(monkeypatch):
    """Return the versions of the packages that are installed; a test may change or remove some."""
    versions = {requirement.name: "99.8.7" for requirement in environment.list_requirements()}

    def version(package):
        if package not in versions:
            raise metadata.PackageNotFoundError(package)
        return versions[package]

    monkeypatch.setattr(metadata, "version", version)
    return versions


@pytest.mark.usefixtures("real_data")
def test_complete_environment_is_described(versions, capsys):
    assert check_environment() == []
    printed = capsys.readouterr().out
    assert printed.count("99.8.7") == len(versions)
    assert {"keras", "tensorflow", "tensorflow-probability", "numpy", "matplotlib", "imageio"} <= versions.keys()
    for expected in (*versions, platform.python_version(), " cores", keras.backend.backend(), "Accelerator"):
        assert expected in printed


@pytest.mark.usefixtures("real_data")
def test_missing_and_old_packages_are_reported_with_the_command(versions, capsys):
    del versions["tensorflow-probability"]
    versions["keras"] = "2.15.0"
    old, missing = check_environment()
    assert "keras is 2.15.0" in old
    assert "pip install --upgrade keras" in old
    assert "pip install tensorflow-probability" in missing
    assert missing in capsys.readouterr().out


@pytest.mark.usefixtures("offline", "versions")
def test_stand_ins_are_reported_with_what_to_do(capsys):
    digits, garments = check_environment()
    assert "load_mnist()" in digits
    assert "load_fashion_mnist()" in garments
    for missing in (digits, garments):
        assert "stand-in" in missing
        assert "AUTOENCODER_DATA" in missing


@pytest.mark.usefixtures("offline", "versions")
def test_damaged_data_and_a_missing_data_folder_are_reported_and_not_raised(folder):
    (folder / "mnist.npz").write_bytes(b"damaged")
    digits, garments = check_environment()
    assert str(folder / "mnist.npz") in digits
    assert "stand-in" in garments
    (folder / "mnist.npz").rename(folder.parent / "mnist.npz")
    folder.rmdir()
    assert all(str(folder) in missing for missing in check_environment())
