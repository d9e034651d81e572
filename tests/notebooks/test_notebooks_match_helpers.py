"""What one notebook writes out and others import is the same code, apart from docstrings."""

import ast
import importlib
import inspect

import pytest

from tools.notebooks import FOLDER, read_code, read_notebook

# notebook, the module that others import from, and the functions and classes that both define
SHARED = [
    ("01_dense_autoencoder", "helpers.schedules", "warmup_then_cosine"),
    ("07_why_autoencoders_cannot_generate", "benchmarks.recipes.r09_spiral", "spiral arc_length turns_at draw_points"),
    ("08_variational_autoencoder", "helpers.variational", "kl_divergence reconstruction_loss Sampling"),
    ("09_convolutional_vae", "helpers.variational", "VariationalAutoencoder"),
]


def describe(code, name):
    """Return the definition of a function or class as a syntax tree in text form, without its docstrings."""
    (definition,) = [statement for statement in ast.parse(code).body if getattr(statement, "name", None) == name]
    for node in ast.walk(definition):
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and ast.get_docstring(node) is not None:
            node.body = node.body[1:]
    return ast.dump(definition)


@pytest.mark.parametrize(("notebook", "module", "names"), SHARED)
def test_shared_definitions_are_those_of_the_notebook(notebook, module, names):
    cells = [cell for cell in read_notebook(FOLDER / f"{notebook}.ipynb").cells if cell.cell_type == "code"]
    written = "\n".join(read_code(cell) for cell in cells)
    shared = inspect.getsource(importlib.import_module(module))
    for name in names.split():
        assert describe(written, name) == describe(shared, name), name
