"""A new lesson takes only the steps that CONTRIBUTING.md lists."""

import os
import subprocess
import sys

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from tools.notebooks import ROOT, list_notebooks, read_notebook
from tools.repository import name_in_colab

pytestmark = pytest.mark.slow
NAME = "90_two_lines"
OPENING = f"""# Two lines: draw them

*Do two lines cross?*

![Two lines that cross](pictures/{NAME}.png)

[Open in Colab]({name_in_colab(NAME)})"""
CLOSING = f"""## Takeaways

They cross.

## Exercises

[Solutions](solutions/{NAME}.ipynb)

## Further reading

[Lesson 00](00_start_here.ipynb)"""
SLOPE = new_code_cell("SLOPE = 1", metadata={"tags": ["parameters"]})
DRAW = new_code_cell(
    "import matplotlib.pyplot as plt\n\nplt.plot([[0, SLOPE], [1, 0]]);",
    metadata={"tags": ["destination"], "alt": "Two lines that cross in the middle of a plot."},
)


def write(path, *cells):
    """Write a notebook; strings become Markdown cells."""
    made = [new_markdown_cell(cell) if isinstance(cell, str) else cell for cell in cells]
    nbformat.write(new_notebook(cells=made), path)


@pytest.fixture
def copy(tmp_path):
    """Return a copy of this project: its tracked files, and new files that git doesn't ignore."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    for name in subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0"):
        if name and (ROOT / name).is_file():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    return tmp_path


def run(folder, *arguments):
    """Run a Python module in a folder, as make does, and return its output; fail with that output if it fails."""
    variables = os.environ | {"PYTHONPATH": str(folder), "PYTEST_ADDOPTS": ""}
    done = subprocess.run([sys.executable, "-m", *arguments], cwd=folder, env=variables, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_lesson_added_by_the_documented_steps_passes_every_check(copy):
    setup = next(cell for cell in read_notebook(list_notebooks()[0]).cells if cell.cell_type == "code")
    half, folder = new_code_cell("SLOPE / 2"), copy / "notebooks"
    lesson = [OPENING, setup, "Two lines have two slopes.", SLOPE, "Here they are.", DRAW, CLOSING]
    write(folder / f"{NAME}.ipynb", *lesson)
    title = f"# Two lines: solutions\n\nOf [the lesson](../{NAME}.ipynb)."
    write(folder / "solutions" / f"{NAME}.ipynb", title, setup, "Their slope:", SLOPE, "They cross here:", half)
    with (copy / "fast.toml").open("a") as stream:
        stream.write(f'\n[{NAME}]\nSLOPE = 2\n\n["solutions/{NAME}"]\n')
    run(copy, "tools.execute", "--publish", "--notebook", NAME)
    run(copy, "tools.results")
    assert "0 errors and 0 warnings" in run(copy, "tools.lint", NAME)
    names = ("test_lint.py", "test_recipes.py", "test_fast_budget.py", "test_repository.py")
    checks = ["tests/notebooks", *(f"tests/tools/{name}" for name in names)]
    notebooks = [f"notebooks/{NAME}.ipynb", f"notebooks/solutions/{NAME}.ipynb"]
    options = ["-q", "-m", "not slow", "--fast", "--nbval-lax", "--nbval-current-env", "-p", "no:cacheprovider"]
    run(copy, "pytest", *options, *checks, *notebooks)
    assert f"[90 Two lines](notebooks/{NAME}.ipynb)" in (copy / "README.md").read_text(encoding="utf-8")
