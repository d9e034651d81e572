"""The short budget: fast.toml, what it does to the cell tagged `parameters`, and pytest --fast."""

import os
import shutil
import subprocess
import sys

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nbformat.v4 import new_code_cell, new_notebook

from tools.fast_budget import (
    FastBudgetError,
    check_every_notebook,
    read_fast_budget,
    read_literals,
    shorten,
    shorten_notebook,
)
from tools.notebooks import ROOT, list_notebooks, name_of, read_notebook

NAME = "01_dense_autoencoder"
SOURCE = """EPOCHS = 20  # passes
RATE = 4e-3
SHUFFLE = True
BUDGET = "full"
SIDES = (28, 28)
SIZES = [4, 8]
STEPS = 235 * EPOCHS
lower = 1"""
LITERALS = {"EPOCHS": 20, "RATE": 4e-3, "SHUFFLE": True, "BUDGET": "full", "SIDES": (28, 28), "SIZES": [4, 8]}

finite = st.floats(allow_nan=False, allow_infinity=False)
lists = st.lists(st.integers()) | st.lists(finite) | st.lists(st.text())
pairs_of_one_type = st.one_of(
    *(st.tuples(values, values) for values in (st.integers(), finite, st.text(), st.booleans(), lists))
)


def run(source):
    """Return the names that a parameters cell leaves behind."""
    names = {}
    exec(source, names)
    return {name: value for name, value in names.items() if name != "__builtins__"}


@given(pairs_of_one_type)
def test_executed_cell_has_the_override_and_all_else_as_it_was(pair):
    value, override = pair
    source = f"EPOCHS = {value!r}\nOTHER = 1"
    left = run(shorten(source, {"EPOCHS": override}, NAME))
    assert left == {"EPOCHS": override, "OTHER": 1}
    assert type(left["EPOCHS"]) is type(override)


def test_overrides_are_appended_to_a_cell_that_stays_whole():
    shortened = shorten(SOURCE, {"EPOCHS": 1, "SIZES": [4]}, NAME)
    assert shortened.startswith(SOURCE + "\n")
    assert run(shortened) == run(SOURCE) | {"EPOCHS": 1, "SIZES": [4]}


def test_all_upper_case_literals_are_read_and_nothing_else():
    assert read_literals(SOURCE) == LITERALS | {"SIDES": [28, 28]}


@pytest.mark.parametrize(
    "overrides",
    [
        {"EPOCS": 1},
        {"STEPS": 1},
        {"lower": 1},
        {"EPOCHS": 1.0},
        {"EPOCHS": True},
        {"EPOCHS": "1"},
        {"EPOCHS": [1]},
        {"RATE": 1},
        {"SHUFFLE": 1},
        {"BUDGET": 1},
        {"SIZES": 4},
    ],
    ids=repr,
)
def test_override_of_unknown_name_or_other_type_is_refused_by_name(overrides):
    (key,) = overrides
    with pytest.raises(FastBudgetError) as caught:
        shorten(SOURCE, {"BUDGET": "fast"} | overrides, NAME)
    assert NAME in str(caught.value)
    assert f"sets {key} " in str(caught.value)


def test_tuple_may_be_replaced_by_the_list_that_toml_has():
    assert run(shorten(SOURCE, {"SIDES": [8, 8]}, NAME))["SIDES"] == [8, 8]


def test_notebook_without_entry_and_entry_without_notebook_are_refused_by_name():
    check_every_notebook(["00_a", "01_b"], {"00_a": {}, "01_b": {}})
    with pytest.raises(FastBudgetError, match="no entry for 01_b"):
        check_every_notebook(["00_a", "01_b"], {"00_a": {}})
    with pytest.raises(FastBudgetError, match="entries for 02_c"):
        check_every_notebook(["00_a"], {"00_a": {}, "02_c": {}})


def make_notebook(*sources):
    """Return a notebook whose code cells are all tagged `parameters`, and one that is not."""
    cells = [new_code_cell(source, metadata={"tags": ["parameters"]}) for source in sources]
    return new_notebook(cells=[*cells, new_code_cell("print(EPOCHS)")])


def test_only_the_tagged_cell_is_shortened():
    notebook = make_notebook("EPOCHS = 20")
    shorten_notebook(notebook, NAME, {NAME: {"EPOCHS": 1}})
    assert run(notebook.cells[0].source) == {"EPOCHS": 1}
    assert notebook.cells[1].source == "print(EPOCHS)"


def test_notebook_without_an_entry_is_refused():
    with pytest.raises(FastBudgetError, match=f"no entry for {NAME}"):
        shorten_notebook(make_notebook("EPOCHS = 20"), NAME, {})


@pytest.mark.parametrize("sources", [[], ["EPOCHS = 1", "EPOCHS = 2"]], ids=["none", "two"])
def test_notebook_with_no_or_two_tagged_cells_is_refused(sources):
    with pytest.raises(FastBudgetError, match=f"{NAME} has {len(sources)} cells tagged"):
        shorten_notebook(make_notebook(*sources), NAME, {NAME: {"EPOCHS": 1}})


def test_stored_budget_has_an_entry_for_every_notebook_and_no_other():
    check_every_notebook([name_of(path) for path in list_notebooks()], read_fast_budget())


@pytest.mark.parametrize("path", list_notebooks(), ids=name_of)
def test_stored_budget_fits_the_parameters_of_the_notebook(path):
    name, budget = name_of(path), read_fast_budget()
    notebook = read_notebook(path)
    before = run_parameters(notebook)
    shorten_notebook(notebook, name, budget)
    assert run_parameters(notebook) == before | budget[name]
    # A notebook that says which budget it ran on says so in the short one, too.
    assert run_parameters(notebook).get("BUDGET", "fast") == "fast"


def run_parameters(notebook):
    """Return the parameters of a notebook by name."""
    (cell,) = [cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", [])]
    return run(cell.source)


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """Return a folder with the tools, one notebook that only the short budget lets pass, and its fast.toml."""
    folder = tmp_path_factory.mktemp("project")
    shutil.copytree(ROOT / "tools", folder / "tools", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "conftest.py", folder)
    (folder / "pytest.ini").write_text("[pytest]\n")
    (folder / "notebooks").mkdir()
    notebook = make_notebook("EPOCHS = 20")
    notebook.cells[
        1
    ].source = "import os\nassert EPOCHS == 1\nassert os.path.isabs(os.environ['AUTOENCODER_DATA'])\nEPOCHS"
    nbformat.write(notebook, folder / "notebooks" / "00_tiny.ipynb")
    return folder


def run_pytest(project, fast_toml, *options):
    """Return exit code and output of pytest on a project of one notebook."""
    (project / "fast.toml").write_text(fast_toml, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--nbval-lax", "--nbval-current-env"]
    done = subprocess.run(
        [*command, *options, "notebooks"],
        cwd=project,
        env=os.environ | {"AUTOENCODER_DATA": "data", "PYTEST_ADDOPTS": "", "COLUMNS": "120"},
        capture_output=True,
        text=True,
    )
    return done.returncode, done.stdout + done.stderr


def test_notebook_passes_with_fast_and_runs_in_full_without(project):
    fast_toml = "[00_tiny]\nEPOCHS = 1\n"
    stored = (project / "notebooks" / "00_tiny.ipynb").read_bytes()
    code, output = run_pytest(project, fast_toml, "--fast")
    assert code == pytest.ExitCode.OK, output
    code, output = run_pytest(project, fast_toml)
    assert code == pytest.ExitCode.TESTS_FAILED, output
    assert "assert EPOCHS == 1" in output
    assert (project / "notebooks" / "00_tiny.ipynb").read_bytes() == stored


@pytest.mark.parametrize(
    ("fast_toml", "message"),
    [
        ("[00_tiny]\nEPOCHS = 1.0\n", "fast.toml sets EPOCHS for 00_tiny"),
        ("[00_tiny\n", "Expected ']'"),
    ],
    ids=["other type", "no TOML"],
)
def test_override_that_does_not_fit_stops_pytest_with_a_sentence(project, fast_toml, message):
    code, output = run_pytest(project, fast_toml, "--fast")
    assert code == pytest.ExitCode.USAGE_ERROR, output
    assert message in output
    assert "Traceback" not in output
