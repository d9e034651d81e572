"""Importing the package: quiet, light, and this package even where another of its name is installed."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import helpers
from helpers.quiet import native_messages_held_back
from tests.short_lesson import read_first_cell

ROOT = Path(helpers.__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def first_cell(tmp_path_factory):
    """Run a notebook's first cell where a foreign package has this one's name; return the process and what it found."""
    folder = tmp_path_factory.mktemp("foreign")
    (folder / "helpers").mkdir()
    (folder / "helpers" / "__init__.py").write_text("raise SystemExit('this package is foreign')\n", encoding="utf-8")
    lines = [read_first_cell()]
    report = folder / "report.json"
    lines.append("import json; found = json.dumps([helpers.__file__, *sys.modules])")
    lines.append(f"pathlib.Path({str(report)!r}).write_text(found, encoding='utf-8')")
    inherited = {name: value for name, value in os.environ.items() if name != "TF_CPP_MIN_LOG_LEVEL"}
    process = subprocess.run(
        [sys.executable, "-c", "\n".join(lines)],
        cwd=ROOT / "notebooks",
        env=inherited | {"PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert process.returncode == 0, process.stderr
    file, *modules = json.loads(report.read_text(encoding="utf-8"))
    return process, file, modules


def test_import_shows_nothing(first_cell):
    process, _, _ = first_cell
    assert (process.stdout, process.stderr) == ("", "")


def test_import_leaves_slow_packages_alone(first_cell):
    _, _, modules = first_cell
    assert "keras" in modules
    # Keras itself imports the base of scikit-learn; its data sets are what only a stand-in needs.
    assert not {"sklearn.datasets", "tensorflow_probability"} & set(modules)


def test_first_cell_of_a_notebook_finds_this_package_before_another_of_its_name(first_cell):
    _, file, _ = first_cell
    assert Path(file) == ROOT / "helpers" / "__init__.py"


def test_names_that_the_package_promises_are_there():
    for name in helpers.__all__:
        assert callable(getattr(helpers, name))


def test_native_messages_are_held_back_if_all_goes_well(capfd):
    with native_messages_held_back():
        os.write(2, b"no GPU was found\n")
    os.write(2, b"and then\n")
    assert capfd.readouterr().err == "and then\n"


def test_native_messages_are_shown_if_something_fails(capfd):
    def fail():
        with native_messages_held_back():
            os.write(2, b"a library is missing\n")
            raise ImportError

    with pytest.raises(ImportError):
        fail()
    assert capfd.readouterr().err == "a library is missing\n"
