"""The short budget: fast.toml, what it does to cells tagged `parameters`, and pytest --fast."""

import os
import subprocess
import sys

import pytest
from nbformat.v4 import new_code_cell, new_notebook

from tools.fast_budget import FastBudgetError, check_every_notebook, read_fast_budget, read_literals, shorten_notebook
from tools.notebooks import list_notebooks, name_of, read_notebook

NAME = "01_dense_autoencoder"
SOURCE = """EPOCHS = 20  # passes
RATE = 4e-3
SHUFFLE = True
BUDGET = "full"
SIDES = (28, 28)
SIZES = [4, 8]
STEPS = 235 * EPOCHS
lower = 1"""


def make_notebook(*sources):
    """Return a notebook with code cells tagged `parameters`, followed by one without the tag."""
    cells = [new_code_cell(source, metadata={"tags": ["parameters"]}) for source in sources]
    return new_notebook(cells=[*cells, new_code_cell("assert EPOCHS == 1")])


def run(source):
    """Run a parameters cell and return the names it defines."""
    names = {}
    exec(source, {}, names)
    return names


def shorten(overrides, *sources):
    """Return the sources of the parameters cells after shortening."""
    notebook = make_notebook(*sources)
    shorten_notebook(notebook, NAME, {NAME: overrides})
    assert notebook.cells[-1].source == "assert EPOCHS == 1"
    return [cell.source for cell in notebook.cells[:-1]]


def test_overrides_go_to_the_cells_that_assign_their_names_and_change_nothing_else():
    (source,) = shorten({"EPOCHS": 1, "SIZES": [4], "SIDES": [8, 8]}, SOURCE)  # TOML has no tuples
    assert source.startswith(SOURCE + "\n")
    assert run(source) == run(SOURCE) | {"EPOCHS": 1, "SIZES": [4], "SIDES": [8, 8]}
    one, two = shorten({"SEEDS": [0], "EPOCHS": 1}, "EPOCHS = 20", "SEEDS = [0, 1, 2]")
    assert (run(one), run(two)) == ({"EPOCHS": 1}, {"SEEDS": [0]})


@pytest.mark.parametrize(
    ("key", "value"),
    [("EPOCS", 1), ("STEPS", 1), ("lower", 1), ("EPOCHS", 1.0), ("EPOCHS", True), ("RATE", 1), ("SIZES", 4)],
)
def test_override_of_an_unknown_name_or_with_another_type_is_rejected(key, value):
    with pytest.raises(FastBudgetError, match=f"sets {key} for {NAME}"):
        shorten({"BUDGET": "fast", key: value}, SOURCE)


def test_name_assigned_in_two_cells_and_missing_entries_are_rejected():
    with pytest.raises(FastBudgetError, match="but 2 of its cells"):
        shorten({"EPOCHS": 1}, "EPOCHS = 20", "EPOCHS = 10")
    with pytest.raises(FastBudgetError, match=f"no entry for {NAME}"):
        shorten_notebook(make_notebook(SOURCE), NAME, {})
    with pytest.raises(FastBudgetError, match="no entry for 01_b"):
        check_every_notebook(["00_a", "01_b"], {"00_a": {}})
    with pytest.raises(FastBudgetError, match="entries for 02_c"):
        check_every_notebook(["00_a"], {"00_a": {}, "02_c": {}})


def test_fast_toml_matches_every_notebook():
    budget = read_fast_budget()
    check_every_notebook([name_of(path) for path in list_notebooks()], budget)
    for path in list_notebooks():
        notebook = read_notebook(path)
        shorten_notebook(notebook, name_of(path), budget)
        sources = [cell.source for cell in notebook.cells if "parameters" in cell.metadata.get("tags", [])]
        # A notebook that reports its budget must not call the short one full.
        assert read_literals("\n".join(sources)).get("BUDGET", "fast") == "fast", path


@pytest.mark.parametrize(
    ("epochs", "status", "message"),
    [("1", pytest.ExitCode.OK, "passed"), ("1.0", pytest.ExitCode.USAGE_ERROR, "fast.toml sets EPOCHS for 00_tiny")],
)
def test_pytest_applies_the_short_budget(project, epochs, status, message):
    project.copy("helpers", "tools", "conftest.py")
    (project.folder / "pytest.ini").write_text("[pytest]\nmarkers =\n    slow\n    scale\n")
    (project.folder / "fast.toml").write_text(f"[00_tiny]\nEPOCHS = {epochs}\n")
    notebook = make_notebook("EPOCHS = 20")
    notebook.cells.append(new_code_cell("import os\nassert os.path.isabs(os.environ['AUTOENCODER_DATA'])"))
    stored = project.store(_00_tiny=notebook)
    options = "-m pytest -p no:cacheprovider --nbval-lax --nbval-current-env --fast notebooks".split()
    variables = os.environ | {"AUTOENCODER_DATA": "data", "PYTEST_ADDOPTS": "", "COLUMNS": "120"}
    done = subprocess.run([sys.executable, *options], cwd=project.folder, env=variables, capture_output=True, text=True)
    assert done.returncode == status, done.stdout + done.stderr
    assert message in done.stdout + done.stderr
    assert project.read() == stored
