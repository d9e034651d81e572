"""Functions and classes that notebooks define, without the rest of their code."""

import ast
import math
from functools import cache

import keras
import numpy as np
from keras import layers, ops

from tools.notebooks import FOLDER, read_code, read_notebook


@cache
def read_definitions(notebook):
    """Return the functions and classes that a notebook defines, as syntax trees by name."""
    cells = [cell for cell in read_notebook(FOLDER / f"{notebook}.ipynb").cells if cell.cell_type == "code"]
    statements = ast.parse("\n".join(read_code(cell) for cell in cells)).body
    return {statement.name: statement for statement in statements if hasattr(statement, "name")}


def define(notebook, name, **names):
    """Return one function or class that a notebook defines."""
    names |= {"keras": keras, "layers": layers, "ops": ops, "math": math, "np": np}
    exec(compile(ast.Module([read_definitions(notebook)[name]], []), notebook, "exec"), names)
    return names[name]
