"""Apply the short budget in fast.toml to the cells tagged `parameters` in each notebook.

The values in a notebook are its full budget. For the short budget, the assignments in fast.toml are appended to the
cells that assign the same names. It is an error if a name isn't assigned in exactly one such cell, if a value has a
different type, or if a notebook has no entry, so an override can't silently stop working.
"""

import ast
import tomllib
from pathlib import Path

FILE = Path(__file__).resolve().parent.parent / "fast.toml"


class FastBudgetError(ValueError):
    """fast.toml and a notebook don't match."""


def read_fast_budget(path=FILE):
    """Return the overrides by notebook name: {'01_dense_autoencoder': {'EPOCHS': 1}, ...}."""
    return tomllib.loads(Path(path).read_text(encoding="utf-8"))


def check_every_notebook(names, budget):
    """Raise FastBudgetError if a notebook has no entry in `budget` or an entry has no notebook in `names`."""
    if without_entry := sorted(set(names) - set(budget)):
        raise FastBudgetError(f"fast.toml has no entry for {', '.join(without_entry)}; add [{without_entry[0]}]")
    if without_notebook := sorted(set(budget) - set(names)):
        raise FastBudgetError(f"fast.toml has entries for {', '.join(without_notebook)}, which aren't notebooks")


def shorten_notebook(notebook, name, budget):
    """Apply the short budget to the parameters cells of an nbformat notebook in memory.

    Raises FastBudgetError if the notebook has no entry, or an override doesn't match exactly one of the cells.
    """
    if name not in budget:
        raise FastBudgetError(f"fast.toml has no entry for {name}; add [{name}]")
    cells = [cell for cell in notebook.cells if is_parameters_cell(cell)]
    literals = [read_literals(cell.source) for cell in cells]
    for key, value in budget[name].items():
        places = [place for place, own in enumerate(literals) if key in own]
        if len(places) != 1:
            known = ", ".join(name for own in literals for name in own)
            raise FastBudgetError(
                f"fast.toml sets {key} for {name}, but {len(places)} of its cells tagged `parameters` assign it; "
                f"expected exactly 1. They assign: {known}"
            )
        check_type(key, value, literals[places[0]][key], name)
    for cell, own in zip(cells, literals, strict=True):
        lines = [f"{key} = {value!r}" for key, value in budget[name].items() if key in own]
        if lines:
            cell.source = "\n".join([cell.source, "", "# The short budget, from fast.toml.", *lines])


def check_type(key, value, literal, name):
    """Raise FastBudgetError if an override has a different type from the notebook's literal."""
    if type(value) is not type(literal):
        raise FastBudgetError(
            f"fast.toml sets {key} for {name} to {value!r}, a {type(value).__name__}; "
            f"the notebook has {literal!r}, a {type(literal).__name__}"
        )


def is_parameters_cell(cell):
    """Return whether a cell is tagged `parameters`."""
    return "parameters" in cell.get("metadata", {}).get("tags", [])


def read_literals(source):
    """Return the UPPER_CASE names that `source` assigns literals to, with their values."""
    literals = {}
    for statement in ast.parse(source).body:
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            name = statement.targets[0].id
            try:
                literals[name] = _as_toml_value(ast.literal_eval(statement.value))
            except ValueError:
                continue
    return {name: value for name, value in literals.items() if name.isupper()}


def _as_toml_value(value):
    """Convert a tuple to a list: TOML has no tuples, so a list may replace one in a notebook."""
    return list(value) if isinstance(value, tuple) else value
