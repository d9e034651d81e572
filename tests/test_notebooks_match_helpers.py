"""What one notebook writes out and later ones import is the same code: compared as syntax trees, docstrings aside."""

import ast
import importlib
import inspect

import nbformat
import pytest

from tools.notebooks import FOLDER, read_code

# notebook that writes it out, function, module of helpers or, of a published recipe's data, of benchmarks
SHARED = [
    ("01_dense_autoencoder", "warmup_then_cosine", "helpers.schedules"),
    ("07_why_autoencoders_cannot_generate", "spiral", "benchmarks.r9_spiral"),
    ("07_why_autoencoders_cannot_generate", "arc_length", "benchmarks.r9_spiral"),
    ("07_why_autoencoders_cannot_generate", "turns_at", "benchmarks.r9_spiral"),
    ("07_why_autoencoders_cannot_generate", "draw_points", "benchmarks.r9_spiral"),
    ("08_variational_autoencoder", "kl_divergence", "helpers.variational"),
    ("08_variational_autoencoder", "reconstruction_loss", "helpers.variational"),
    ("08_variational_autoencoder", "Sampling", "helpers.variational"),
    ("09_convolutional_vae", "VariationalAutoencoder", "helpers.variational"),
]


def read_definitions(name):
    """Return the functions and classes that a notebook's cells define, as syntax trees by name."""
    notebook = nbformat.read(FOLDER / f"{name}.ipynb", as_version=4)
    definitions = {}
    for cell in notebook.cells:
        if cell.cell_type == "code":
            for statement in ast.parse(read_code(cell)).body:
                if isinstance(statement, ast.FunctionDef | ast.ClassDef):
                    definitions[statement.name] = statement
    return definitions


def without_docstrings(tree):
    """Return a syntax tree as text, its docstrings left out."""
    tree = ast.parse(ast.unparse(tree))
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and ast.get_docstring(node) is not None:
            node.body = node.body[1:] or [ast.Pass()]
    return ast.dump(tree)


@pytest.mark.parametrize(("notebook", "function", "module"), SHARED)
def test_helper_is_what_the_notebook_wrote_out(notebook, function, module):
    helper = inspect.getsource(getattr(importlib.import_module(module), function))
    assert without_docstrings(read_definitions(notebook)[function]) == without_docstrings(ast.parse(helper).body[0])


def test_only_docstrings_may_differ():
    written = ast.parse('def double(x):\n    """Twice x."""\n    return 2 * x')
    assert without_docstrings(written) == without_docstrings(ast.parse("def double(x):\n    return 2 * x"))
    assert without_docstrings(written) != without_docstrings(ast.parse("def double(x):\n    return 3 * x"))
