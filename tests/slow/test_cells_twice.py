"""Readers sometimes run a cell twice in a row; the second run must not break anything."""

import asyncio
import copy

import pytest

from tools.fast_budget import read_fast_budget, shorten_notebook
from tools.kernel import execute
from tools.notebooks import FOLDER, read_notebook

pytestmark = pytest.mark.slow


# The two lessons in which running a cell again once changed the result of its first run.
@pytest.mark.parametrize("name", ["02_sparse_autoencoder", "04_convolutional_autoencoder"])
def test_every_cell_can_be_run_twice(name):
    notebook = read_notebook(FOLDER / f"{name}.ipynb")
    shorten_notebook(notebook, name, read_fast_budget())
    counts = {"code": 2, "markdown": 1}
    notebook.cells = [copy.deepcopy(cell) for cell in notebook.cells for _ in range(counts[cell.cell_type])]
    for number, cell in enumerate(notebook.cells):
        cell.id = f"cell-{number}"
    asyncio.run(execute(notebook, FOLDER, name))
