"""The check of the environment: what it prints and what it reports as missing."""

import os
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
def every_package(monkeypatch):
    """Return the versions of the packages, which a test may change; all are installed until it does."""
    versions = dict.fromkeys(environment.PACKAGES, "9.8.7")

    def version(package):
        if package not in versions:
            raise metadata.PackageNotFoundError(package)
        return versions[package]

    monkeypatch.setattr(metadata, "version", version)
    return versions


@pytest.mark.usefixtures("real_data", "every_package")
def test_complete_environment_lacks_nothing_and_is_described(capsys):
    assert check_environment() == []
    printed = capsys.readouterr().out
    for package in environment.PACKAGES:
        assert f"{package} " in printed
    assert printed.count("9.8.7") == len(environment.PACKAGES)
    assert platform.python_version() in printed
    assert f"{environment.count_cores()} cores" in printed
    assert keras.backend.backend() in printed
    assert "Accelerator" in printed
    assert printed.endswith("Nothing is missing.\n")


@pytest.mark.usefixtures("real_data")
def test_versions_are_those_that_are_installed(capsys):
    check_environment()
    printed = capsys.readouterr().out
    for package in ("keras", "tensorflow", "numpy"):
        assert any(line.split() == [package, metadata.version(package)] for line in printed.splitlines())


@pytest.mark.usefixtures("real_data")
@pytest.mark.parametrize("package", ["tensorflow-probability", "imageio"])
def test_missing_package_is_reported_with_its_notebooks_and_the_command(every_package, package, capsys):
    del every_package[package]
    (missing,) = check_environment()
    assert missing == f"{package} is not installed ({environment.PACKAGES[package]}): pip install {package}"
    assert f"Missing: {missing}" in capsys.readouterr().out


@pytest.mark.usefixtures("real_data", "every_package")
def test_keras_2_is_reported(monkeypatch):
    monkeypatch.setattr(keras, "__version__", "2.15.0")
    (missing,) = check_environment()
    assert "Keras is 2.15.0" in missing
    assert "pip install --upgrade keras" in missing


@pytest.mark.usefixtures("nothing_reachable", "every_package")
def test_stand_ins_are_reported_with_what_to_do(capsys):
    missing = check_environment()
    assert len(missing) == 2
    for name, piece in zip(("load_mnist", "load_fashion_mnist"), missing, strict=True):
        assert piece.startswith(f"{name}() gives a stand-in")
        assert "AUTOENCODER_DATA" in piece
    assert "from: stand-in" in capsys.readouterr().out


@pytest.mark.usefixtures("nothing_reachable", "every_package")
def test_damaged_data_is_reported_and_not_raised(tmp_path, monkeypatch):
    (tmp_path / "mnist.npz").write_bytes(b"damaged")
    monkeypatch.setenv("AUTOENCODER_DATA", str(tmp_path))
    digits, garments = check_environment()
    assert digits.startswith("load_mnist() fails: ")
    assert str(tmp_path / "mnist.npz") in digits
    assert garments.startswith("load_fashion_mnist() gives a stand-in")
    assert (tmp_path / "mnist.npz").read_bytes() == b"damaged"


@pytest.mark.usefixtures("nothing_reachable", "every_package")
def test_folder_that_is_not_there_is_reported_and_not_raised(tmp_path, monkeypatch):
    monkeypatch.setenv("AUTOENCODER_DATA", str(tmp_path / "absent"))
    missing = check_environment()
    assert [piece.split("()")[0] for piece in missing] == ["load_mnist", "load_fashion_mnist"]
    assert all(str(tmp_path / "absent") in piece for piece in missing)


def test_cores_are_those_that_this_process_may_use(monkeypatch):
    assert 1 <= environment.count_cores() <= os.cpu_count()
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {0, 5}, raising=False)
    assert environment.count_cores() == 2
    monkeypatch.delattr(os, "sched_getaffinity")
    assert environment.count_cores() == os.cpu_count()


@pytest.mark.usefixtures("real_data", "every_package")
@pytest.mark.parametrize(
    ("devices", "expected"), [(["cpu:0"], "none, and none is needed"), (["cpu:0", "gpu:0", "gpu:1"], "gpu:0, gpu:1")]
)
def test_accelerators_are_listed_without_the_processor(monkeypatch, capsys, devices, expected):
    monkeypatch.setattr(keras.distribution, "list_devices", lambda: devices)
    check_environment()
    (line,) = (line for line in capsys.readouterr().out.splitlines() if line.startswith("Accelerator"))
    assert line.removeprefix("Accelerator").strip() == expected
