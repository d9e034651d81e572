"""pytest --fast: run each notebook with the parameters of fast.toml."""

import pytest

from tools.fast_budget import check_every_notebook, is_parameters_cell, read_fast_budget, shorten
from tools.notebooks import explain_skip, list_notebooks, name_data_folder_in_full, name_of

name_data_folder_in_full()


def pytest_addoption(parser):
    parser.addoption("--fast", action="store_true", help="run notebooks with the parameters of fast.toml")


def pytest_collection_modifyitems(config, items):
    for item in items:
        # nbval's items carry their notebook cell.
        if hasattr(item, "cell") and (reason := explain_skip(name_of(item.path))):
            item.add_marker(pytest.mark.skip(reason=reason))
    if not config.getoption("--fast"):
        return
    try:
        budget = read_fast_budget()
        check_every_notebook([name_of(path) for path in list_notebooks()], budget)
        for item in items:
            cell = getattr(item, "cell", None)
            if cell is not None and is_parameters_cell(cell):
                name = name_of(item.path)
                cell.source = shorten(cell.source, budget[name], name)
    except ValueError as error:
        raise pytest.UsageError(str(error)) from error
