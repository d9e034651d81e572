"""Render notebooks as web pages with Sphinx and MyST-NB, for the site and for `make run`."""

import base64
import io
import re
import shutil
import sys

import nbformat
from nbformat.v4 import new_markdown_cell, new_notebook
from PIL import Image

from tools.notebooks import FOLDER, RESULTS_TYPE, ROOT, list_outputs


class RunPages:
    """The pages of one `make run` in build/html: a summary table, and a page for each notebook.

    A notebook's page says that it hasn't been executed until `show` replaces it.
    """

    def __init__(self, titles, build):
        """`titles` maps notebook names to titles; all files go to the folder `build`."""
        self.source, self.html, self.doctrees = build / "run_source", build / "html", build / "run_doctrees"
        for folder in (self.source, self.html, self.doctrees):
            shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(ROOT / "site" / "static", self.source / "static")
        shutil.copy(ROOT / "site" / "conf.py", self.source)
        self.titles = titles
        for name in titles:
            self.show_without_outputs(name, "This notebook hasn't been executed.")

    def show(self, name, notebook, failure=""):
        """Write the source of an executed notebook's page, with the failure at its top if there is one."""
        page = prepare(nbformat.from_dict(notebook))
        if failure:
            title, _, rest = page.cells[0].source.partition("\n")
            note = "If a cell failed, the outputs end there. Pictures in the text come from the published run."
            page.cells[0].source = f"{title}\n\n{make_note(f'This notebook failed: {failure}.', note)}\n\n{rest}"
        self._write(name, page)

    def show_without_outputs(self, name, *sentences):
        """Write the source of a page that has a title and a note."""
        self._write(name, new_notebook(cells=[new_markdown_cell(f"# {self.titles[name]}\n\n{make_note(*sentences)}")]))

    def _write(self, name, page):
        path = self.source / "notebooks" / f"{name}.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(nbformat.writes(page), encoding="utf-8")

    def build(self, table):
        """Write the pages that changed, and the index with a summary table in Markdown."""
        entries = "\n".join(f"{title} <notebooks/{name}>" for name, title in self.titles.items())
        index = f"# Notebook run\n\n{table}\n\n```{{toctree}}\n:hidden:\n\n{entries}\n```\n"
        (self.source / "index.md").write_text(index, encoding="utf-8")
        if (FOLDER / "pictures").exists():  # Publishing replaces some during the run.
            shutil.copytree(FOLDER / "pictures", self.source / "notebooks" / "pictures", dirs_exist_ok=True)
        # Links to notebooks outside this run don't resolve here, which doesn't deserve a warning.
        settings = {"extensions": ["myst_nb", "sphinx.ext.mathjax", "sphinx-mathjax-offline"], "html_title": "make run"}
        build(self.source, self.html, self.doctrees, settings)


def make_note(*sentences):
    """Return a box with sentences as MyST Markdown."""
    text = re.sub(r"([`<>{}*_$\[\]\\])", r"\\\1", " ".join(sentences))
    return f"```{{error}}\n{text}\n```"


def build(source, target, doctrees, settings=None, strict=False):
    """Run Sphinx on the folder `source` with its conf.py, changed by `settings`; with `strict`, warnings are errors.

    Unchanged pages aren't rebuilt. Raises Sphinx's errors.
    """
    from sphinx.application import Sphinx  # takes a second to import, and not every user of this module builds pages
    from sphinx.util.docutils import docutils_namespace, patch_docutils

    with patch_docutils(), docutils_namespace():
        app = Sphinx(
            source,
            source,  # where conf.py is
            target,
            doctrees,
            "html",
            confoverrides=settings,
            status=None,
            warning=sys.stderr if strict else None,
            warningiserror=strict,
        )
        app.build()
    if app.statuscode:
        sys.exit(app.statuscode)


def prepare(notebook):
    """Return a notebook ready for MyST-NB, with alt text where that looks for it and with smaller pictures.

    Links to lessons that don't exist yet become text, and machine-readable results are removed.
    """
    for data in (output.get("data", {}) for output in list_outputs(notebook)):
        data.pop(RESULTS_TYPE, None)
        if "image/png" in data:
            data["image/png"] = base64.b64encode(shrink(base64.b64decode(data["image/png"]))).decode()
    for cell in notebook.cells:
        cell.source = re.sub(r"\[([^\]]+)\]\((\w+\.ipynb)\)", keep_if_written, cell.source)
    for cell in notebook.cells:
        if "alt" in cell.metadata:
            cell.metadata["mystnb"] = {"image": {"alt": " ".join(cell.metadata.alt.split())}}
    return notebook


def keep_if_written(link):
    """Return a link to a lesson unchanged, or just its text if the lesson doesn't exist yet."""
    is_written = any((FOLDER / part / link[2]).exists() for part in (".", "solutions"))
    return link[0] if is_written else link[1]


def shrink(png):
    """Return a PNG, reduced to 256 colors if that makes it smaller; this halves the size of the site."""
    stream = io.BytesIO()
    with Image.open(io.BytesIO(png)) as picture:
        picture.convert("RGB").quantize(256, dither=Image.Dither.NONE).save(stream, format="PNG", optimize=True)
    return min(png, stream.getvalue(), key=len)
