"""The check of the environment, what it prints and reports as missing, and the output folder."""

import platform
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace

import keras
import pytest

from helpers import check_environment, environment, output_folder


@pytest.fixture
def real_data(monkeypatch):
    """Pretend that both data sets are real, without loading them."""
    for name in ("load_mnist", "load_fashion_mnist"):
        monkeypatch.setattr(environment, name, lambda: SimpleNamespace(is_real=True))


@pytest.fixture
def versions(monkeypatch):
    """Return a dict of package versions, or of errors to raise; packages that aren't in it have version 99.8.7."""
    versions = {}

    def version(package):
        if isinstance(versions.get(package), Exception):
            raise versions[package]
        return versions.get(package, "99.8.7")

    monkeypatch.setattr(metadata, "version", version)
    return versions


@pytest.mark.usefixtures("real_data", "versions")
def test_complete_environment_is_described(capsys):
    assert check_environment() == []
    printed = capsys.readouterr().out
    for package in ("keras", "tensorflow", "tensorflow-probability", "numpy", "matplotlib", "imageio"):
        assert f"{package:<22} 99.8.7" in printed
    for expected in (platform.python_version(), " cores", keras.backend.backend(), "Accelerator"):
        assert expected in printed


@pytest.mark.usefixtures("real_data")
@pytest.mark.parametrize(
    ("package", "version", "problem"),
    [
        ("keras", "2.15.0", "2.15.0"),
        ("tensorflow-probability", metadata.PackageNotFoundError("gone"), "not known to pip"),
        ("scipy", None, "None"),
    ],
)
def test_unsuitable_package_is_reported_with_the_command_to_fix_it(versions, package, version, problem, capsys):
    versions[package] = version
    (missing,) = check_environment()
    for expected in (f"{package}>=", problem, f"pip install --upgrade {package}"):
        assert expected in missing
    assert missing in capsys.readouterr().out


@pytest.mark.usefixtures("real_data")
def test_importable_package_is_not_reported_as_missing(versions):
    for error in (metadata.PackageNotFoundError("tensorflow-cpu"), OSError("no METADATA")):
        versions["tensorflow"] = error
        assert check_environment() == []


@pytest.mark.usefixtures("offline", "versions")
def test_synthetic_damaged_and_missing_data_are_reported_without_raising(folder, monkeypatch):
    (folder / "mnist.npz").write_bytes(b"damaged")
    digits, garments = check_environment()
    assert str(folder / "mnist.npz") in digits
    for expected in ("load_fashion_mnist()", "synthetic", "AUTOENCODER_DATA"):
        assert expected in garments
    monkeypatch.setenv("AUTOENCODER_DATA", "~nosuchuser/data")
    assert [missing.count("AUTOENCODER_DATA is ~nosuchuser/data") for missing in check_environment()] == [1, 1]


def test_output_folder_is_in_the_checkout_or_else_in_the_working_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    checkout = Path(__file__).resolve().parents[2]
    assert [output_folder().resolve(), list(tmp_path.iterdir())] == [checkout / "build", []]
    assert not output_folder().is_absolute()
    monkeypatch.setattr(environment, "__file__", str(tmp_path / "site-packages" / "helpers" / "environment.py"))
    assert output_folder() == Path("build")
    assert (tmp_path / "build").is_dir()
