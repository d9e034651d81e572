"""Every notebook is valid Python after Jupytext or nbconvert converts it to a script."""

import ast

import jupytext
import nbconvert
import pytest

from tools.notebooks import list_notebooks, name_of, read_notebook


@pytest.mark.parametrize("path", list_notebooks(), ids=name_of)
def test_notebook_converts_to_a_script(path):
    notebook = read_notebook(path)
    ast.parse(jupytext.writes(notebook, fmt="py:percent"))
    script, resources = nbconvert.PythonExporter().from_notebook_node(notebook)
    ast.parse(script)
    assert resources["output_extension"] == notebook.metadata.language_info.file_extension == ".py"
