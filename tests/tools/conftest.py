"""Small temporary projects for testing the tools."""

import shutil

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from tools.notebooks import ROOT


def make_notebook(*sources, outputs=(), tags=()):
    """Return a notebook with an opening, a code cell for each source, and outputs and tags on the first one."""
    cells = [new_markdown_cell("# Compress a digit\n\n*How much is left?*"), *map(new_code_cell, sources)]
    for cell in cells[1:2]:
        cell.outputs, cell.metadata["tags"] = list(outputs), list(tags)
    return new_notebook(cells=cells)


class Project:
    """A temporary project with the files that a test copies and the notebooks it writes."""

    def __init__(self, folder):
        self.folder = folder
        (folder / "notebooks" / "solutions").mkdir(parents=True)

    def copy(self, *names):
        """Copy files and folders from the real project."""
        ignore = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints")
        for name in names:
            if (ROOT / name).is_dir():
                shutil.copytree(ROOT / name, self.folder / name, ignore=ignore, dirs_exist_ok=True)
            else:
                shutil.copy(ROOT / name, self.folder / name)

    def store(self, **by_name):
        """Write notebooks with names such as _00_one or solutions__00_one; return the bytes of all notebooks."""
        for name, notebook in by_name.items():
            path = name.removeprefix("_").replace("__", "/")
            nbformat.write(notebook, self.folder / "notebooks" / f"{path}.ipynb")
        return self.read()

    def read(self):
        """Return the bytes of each notebook by name."""
        return {path.stem: path.read_bytes() for path in (self.folder / "notebooks").rglob("*.ipynb")}

    def page(self, name):
        """Return the HTML of a page that `make run` wrote."""
        return (self.folder / "build" / "html" / f"{name}.html").read_text(encoding="utf-8")


@pytest.fixture
def project(tmp_path):
    """Return a Project for tests that start processes in its folder."""
    return Project(tmp_path)


@pytest.fixture
def patched(tmp_path, monkeypatch):
    """Return a Project that the imported tools use instead of the real one."""
    from tools import execute, notebooks, pages, repository, results

    own = Project(tmp_path)
    own.copy("pyproject.toml")
    for module in (notebooks, pages):
        monkeypatch.setattr(module, "FOLDER", tmp_path / "notebooks")
    monkeypatch.setattr(execute, "BUILD", tmp_path / "build")
    monkeypatch.setattr(execute, "ROOT", tmp_path)
    monkeypatch.setattr(repository, "ROOT", tmp_path)
    monkeypatch.setattr(repository, "PYPROJECT", tmp_path / "pyproject.toml")
    for name in ("RESULTS", "README", "CONTRIBUTING", "MAP", "PAGE", "CARD", "RACES"):
        stored = getattr(results, name)
        monkeypatch.setattr(results, name, tmp_path / stored.relative_to(notebooks.ROOT))
    return own
