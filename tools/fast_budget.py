"""The short budget: what fast.toml replaces in the cell tagged `parameters` of each notebook.

A notebook's own literals are the full budget. For the short one, the assignments of fast.toml are appended to that
cell. A name that the cell does not assign, a value of another type, and a notebook without an entry are errors, so
that an override can never silently stop working.
"""

import ast
import tomllib
from pathlib import Path

FILE = Path(__file__).resolve().parent.parent / "fast.toml"


class FastBudgetError(ValueError):
    """fast.toml and a notebook do not fit together."""


def read_fast_budget(path=FILE):
    """Return the overrides by notebook name: {'01_dense_autoencoder': {'EPOCHS': 1}, ...}."""
    return tomllib.loads(Path(path).read_text(encoding="utf-8"))


def check_every_notebook(names, budget):
    """Raise FastBudgetError if a notebook has no entry in `budget` or an entry has no notebook in `names`."""
    if without_entry := sorted(set(names) - set(budget)):
        raise FastBudgetError(f"fast.toml has no entry for {', '.join(without_entry)}; add [{without_entry[0]}]")
    if without_notebook := sorted(set(budget) - set(names)):
        raise FastBudgetError(f"fast.toml has entries for {', '.join(without_notebook)}, and there is no such notebook")


def shorten(source, overrides, name):
    """Return the source of the parameters cell of notebook `name` with `overrides` appended to it.

    Raises FastBudgetError if an override's name is not assigned a literal there, or its type differs.
    """
    literals = read_literals(source)
    for key, value in overrides.items():
        if key not in literals:
            raise FastBudgetError(f"fast.toml sets {key} for {name}, whose parameters are {', '.join(literals)}")
        if type(value) is not type(literals[key]):
            raise FastBudgetError(
                f"fast.toml sets {key} for {name} to {value!r}, a {type(value).__name__}; "
                f"the notebook has {literals[key]!r}, a {type(literals[key]).__name__}"
            )
    lines = [f"{key} = {value!r}" for key, value in overrides.items()]
    return "\n".join([source, "", "# The short budget, from fast.toml.", *lines])


def shorten_notebook(notebook, name, budget):
    """Change the parameters cell of an nbformat notebook in memory to the short budget."""
    if name not in budget:
        raise FastBudgetError(f"fast.toml has no entry for {name}; add [{name}]")
    cells = [cell for cell in notebook.cells if is_parameters_cell(cell)]
    if len(cells) != 1:
        raise FastBudgetError(f"{name} has {len(cells)} cells tagged `parameters`; expected one")
    cells[0].source = shorten(cells[0].source, budget[name], name)


def is_parameters_cell(cell):
    """Return whether a cell carries the tag `parameters`."""
    return "parameters" in cell.get("metadata", {}).get("tags", [])


def read_literals(source):
    """Return the UPPER_CASE names that `source` assigns a literal, with their values."""
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
    """TOML has lists and no tuples, so a tuple in a notebook may be replaced by a list."""
    return list(value) if isinstance(value, tuple) else value
