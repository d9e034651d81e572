"""In JupyterLab in a browser, a reader can run all cells from the menu, and again after restarting the kernel."""

import contextlib
import socket
import subprocess
import sys
import time

import nbformat
import pytest
from playwright.sync_api import expect

from tests.slow.short_lesson import make_project
from tools.fast_budget import read_fast_budget, shorten_notebook
from tools.notebooks import FOLDER, list_outputs, read_notebook

pytestmark = pytest.mark.slow
LESSON = "10_fashion_vae"  # It has a progress bar, pictures, a film, and a page with scripts.
PATIENCE = 600  # seconds for a notebook in the short budget on a busy machine


def write_lesson(folder):
    """Write the lesson, in the short budget and without outputs, into a copy of the project; return its path."""
    path = make_project(folder) / f"{LESSON}.ipynb"
    notebook = read_notebook(FOLDER / path.name)
    shorten_notebook(notebook, LESSON, read_fast_budget())
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    nbformat.write(notebook, path)
    return path


@contextlib.contextmanager
def jupyterlab(path):
    """Start JupyterLab on a free local port; yield the address at which it shows the notebook at `path`."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--ip=127.0.0.1", f"--port={port}"]
    command += ["--IdentityProvider.token=short-lived", "--ServerApp.allow_root=True", "--LabApp.news_url="]
    log = path.with_suffix(".log")
    with log.open("w") as stream:
        process = subprocess.Popen(command, cwd=path.parent.parent, stdout=stream, stderr=stream)
    try:
        while "is running at" not in log.read_text():
            assert process.poll() is None, log.read_text()
            time.sleep(1)
        yield f"http://127.0.0.1:{port}/lab/tree/notebooks/{path.name}?token=short-lived&reset"
    finally:
        process.terminate()
        process.wait(60)


def save_until(page, path, is_done):
    """Save the notebook in `page` repeatedly until `is_done` accepts the saved notebook; return that notebook."""
    for _ in range(PATIENCE // 5):
        page.keyboard.press("Control+S")
        time.sleep(5)
        notebook = read_notebook(path)
        if is_done(notebook):
            return notebook
    pytest.fail(f"{path.name} was not saved as expected within {PATIENCE} s")


def has_ended(notebook):
    """Return whether all cells have been executed or one has failed."""
    failed = any(output.output_type == "error" for output in list_outputs(notebook))
    return failed or all(cell.get("execution_count", 1) for cell in notebook.cells)


def check(notebook):
    """Fail unless every cell ran in order and without an error, and the outputs include the pictures and the film."""
    outputs = list_outputs(notebook)
    assert [output for output in outputs if output.output_type == "error"] == []
    counts = [cell.execution_count for cell in notebook.cells if cell.cell_type == "code"]
    assert counts == list(range(1, len(counts) + 1))
    assert sum("image/png" in output.get("data", {}) for output in outputs) >= 5
    assert "data:image/gif" in "".join(output.get("data", {}).get("text/html", "") for output in outputs)


def test_notebook_runs_from_the_menu_and_again_after_a_restart(tmp_path, browser):
    path = write_lesson(tmp_path)
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.set_default_timeout(120_000)  # milliseconds
    with jupyterlab(path) as address:
        page.goto(address)
        expect(page.get_by_text("| Idle")).to_be_visible(timeout=120_000)
        for entry in ("Run All Cells", "Restart Kernel and Run All Cells…"):
            page.get_by_role("menuitem", name="Run", exact=True).click()
            page.get_by_role("menuitem", name=entry, exact=True).click()
            if "Restart" in entry:
                page.get_by_role("button", name="Confirm Kernel Restart").click()
            check(save_until(page, path, has_ended))
            # Clear the outputs, so that the second run can't be mistaken for the first.
            page.get_by_role("menuitem", name="Edit", exact=True).click()
            page.get_by_role("menuitem", name="Clear Outputs of All Cells").click()
            save_until(page, path, lambda notebook: not list_outputs(notebook))
