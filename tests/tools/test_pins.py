"""pyproject.toml, requirements.lock, and environment.yml agree, and pin one version of every package."""

import re
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from tools import lock, setup_venv

PROJECT = tomllib.loads(lock.PYPROJECT.read_text(encoding="utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
LOCK = lock.LOCK.read_text(encoding="utf-8").splitlines()
CONDA = lock.CONDA.read_text(encoding="utf-8")
PIN = re.compile(r"(?P<name>[a-z0-9-]+)==(?P<version>[\w.]+)(?: ; (?P<marker>.+))?")
NOT_LOCKED = {"backends", "scale"}  # gigabytes that most readers don't need
LOCKED = [Requirement(line) for line in PROJECT["dependencies"]] + [
    Requirement(line) for extra, lines in EXTRAS.items() if extra not in NOT_LOCKED for line in lines
]


def read_lock():
    """Return the pinned version of every package in requirements.lock."""
    return {pin["name"]: pin["version"] for pin in map(PIN.fullmatch, LOCK) if pin}


def test_every_line_of_the_lock_is_a_package_with_one_version():
    """Index addresses, paths, hashes, options, open ranges, and repeated packages all fail here."""
    assert [line for line in LOCK if not PIN.fullmatch(line)] == []
    assert len(read_lock()) == len(LOCK)


def test_lock_satisfies_pyproject():
    versions = read_lock()
    assert [str(wanted) for wanted in LOCKED if not wanted.specifier.contains(versions.get(wanted.name, "0"))] == []


@pytest.mark.parametrize("requirement", [line for extra in sorted(NOT_LOCKED) for line in EXTRAS[extra]])
def test_extras_outside_the_lock_pin_exact_versions(requirement):
    (specifier,) = Requirement(requirement).specifier
    assert specifier.operator == "=="
    assert "*" not in specifier.version


def test_environment_yml_pins_direct_requirements_at_the_locked_versions():
    pinned = dict(re.findall(r"^ +- ([a-z0-9-]+)==(\S+)$", CONDA, flags=re.MULTILINE))
    assert pinned == {requirement.name: read_lock()[requirement.name] for requirement in LOCKED}
    assert not re.search("://|index-url", CONDA)


def test_all_files_support_the_same_versions_of_python():
    supported = SpecifierSet(PROJECT["requires-python"])
    versions = [(3, minor) for minor in range(30) if f"3.{minor}" in supported]
    assert (versions[0], versions[-1]) == (setup_venv.OLDEST, setup_venv.NEWEST)
    assert f"- python=3.{versions[0][1]}\n" in CONDA
