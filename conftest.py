"""pytest --fast: run each notebook with the parameters of fast.toml."""

import pytest

from tools.fast_budget import check_every_notebook, read_fast_budget, shorten_notebook
from tools.notebooks import (
    explain_skip,
    list_notebooks,
    name_data_folder_in_full,
    name_of,
    read_extra_packages,
    read_notebook,
)

name_data_folder_in_full()


def pytest_addoption(parser):
    parser.addoption("--fast", action="store_true", help="run notebooks with the parameters of fast.toml")


def pytest_collection_modifyitems(config, items):
    budget = _read_budget() if config.getoption("--fast") else None
    cells = [item for item in items if hasattr(item, "cell")]  # nbval's items carry their notebook cell
    for path in {item.path for item in cells}:
        notebook, name = read_notebook(path), name_of(path)
        own = [item for item in cells if item.path == path]
        for item in own if read_extra_packages(notebook) else []:
            item.add_marker(pytest.mark.scale)
            if reason := explain_skip(notebook):
                item.add_marker(pytest.mark.skip(reason=reason))
        if budget is not None:
            sources = [cell.source for cell in notebook.cells]
            try:
                shorten_notebook(notebook, name, budget)
            except ValueError as error:
                raise pytest.UsageError(str(error)) from error
            shortened = dict(zip(sources, [cell.source for cell in notebook.cells], strict=True))
            for item in own:
                item.cell.source = shortened[item.cell.source]


def _read_budget():
    try:
        budget = read_fast_budget()
        check_every_notebook([name_of(path) for path in list_notebooks()], budget)
    except ValueError as error:
        raise pytest.UsageError(str(error)) from error
    return budget
