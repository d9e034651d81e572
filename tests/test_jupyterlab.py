"""JupyterLab itself, in a browser: a reader runs all of a notebook from the menu, and again after a restart."""

import json
import socket
import subprocess
import sys
import time
import urllib.request

import nbformat
import pytest
from browsers import launch, needs_browser

from tests.short_lesson import make_project
from tools.fast_budget import read_fast_budget, shorten_notebook
from tools.notebooks import list_notebooks, name_of, read_notebook

TOKEN = "short-lived"
PATIENCE = 600  # seconds for a notebook in the short budget on a busy machine


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return a copy of the project whose notebooks have short parameters and no outputs."""
    folder = tmp_path_factory.mktemp("lab")
    make_project(folder)
    for number in ("01_", "10_"):
        path = list_notebooks(number)[0]
        notebook = read_notebook(path)
        shorten_notebook(notebook, name_of(path), read_fast_budget())
        for cell in notebook.cells:
            if cell.cell_type == "code":
                cell.outputs, cell.execution_count = [], None
        nbformat.write(notebook, folder / "notebooks" / path.name)
    return folder


@pytest.fixture(scope="module")
def server(folder):
    """Start JupyterLab on a free port of this machine; return its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--ip=127.0.0.1", f"--port={port}"]
    options = [f"--IdentityProvider.token={TOKEN}", "--ServerApp.allow_root=True", "--LabApp.news_url="]
    log = (folder / "log.txt").open("w")
    process = subprocess.Popen([*command, *options], cwd=folder, stdout=log, stderr=log)
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(120):
            try:
                ask(address, "api/status")
                break
            except OSError:
                assert process.poll() is None, (folder / "log.txt").read_text()
                time.sleep(1)
        yield address
    finally:
        process.terminate()
        process.wait(60)
        log.close()


def ask(address, path):
    """Return what JupyterLab's server answers."""
    with urllib.request.urlopen(f"{address}/{path}?token={TOKEN}", timeout=30) as answer:
        return json.load(answer)


def wait_until_idle(address, name):
    """Wait until the kernel of a notebook has had nothing to do for some seconds."""
    quiet = 0
    for _ in range(PATIENCE):
        sessions = [session for session in ask(address, "api/sessions") if session["name"] == name]
        state = sessions[0]["kernel"]["execution_state"] if sessions else "none"
        quiet = quiet + 1 if state == "idle" else 0
        if quiet >= 5:
            return
        time.sleep(1)
    pytest.fail(f"the kernel of {name} was not ready within {PATIENCE} s")


def save_until(page, path, is_done):
    """Save the notebook that `page` shows again and again, until what is saved is as it should be."""
    for _ in range(PATIENCE // 5):
        page.keyboard.press("Control+S")
        time.sleep(5)
        cells = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
        if is_done(cells):
            return
    pytest.fail(f"{path.name} was not saved as expected within {PATIENCE} s")


def is_run(cells):
    """Return whether all cells were executed, or one of them failed."""
    failed = any(output.output_type == "error" for cell in cells for output in cell.outputs)
    return failed or all(cell.execution_count for cell in cells)


def is_cleared(cells):
    """Return whether nothing is left that a run would leave."""
    return not any(cell.outputs or cell.execution_count for cell in cells)


def check(path, film):
    """Fail unless every cell of a saved notebook was executed, without an error, and its pictures are there."""
    notebook = nbformat.read(path, as_version=4)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    outputs = [output for cell in cells for output in cell.outputs]
    assert [output for output in outputs if output.output_type == "error"] == []
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    assert sum("image/png" in output.get("data", {}) for output in outputs) >= 5
    shown = "".join(output.get("data", {}).get("text/html", "") for output in outputs)
    assert ("data:image/gif" in shown) == film


@needs_browser
@pytest.mark.parametrize(("number", "film"), [("01_", False), ("10_", True)])
def test_notebook_runs_from_the_menu_and_again_after_a_restart(folder, server, number, film):
    (path,) = (folder / "notebooks").glob(f"{number}*.ipynb")
    with launch() as browser:
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.set_default_timeout(120_000)
        page.goto(f"{server}/lab/tree/notebooks/{path.name}?token={TOKEN}&reset")
        page.locator(".jp-Notebook").wait_for()
        wait_until_idle(server, path.name)
        for entry in ("Run All Cells", "Restart Kernel and Run All Cells…"):
            page.get_by_role("menuitem", name="Run", exact=True).click()
            page.get_by_role("menuitem", name=entry, exact=True).click()
            if "Restart" in entry:
                page.get_by_role("button", name="Confirm Kernel Restart").click()
            save_until(page, path, is_run)
            check(path, film)
            # So that the second run cannot be taken for the first.
            page.get_by_role("menuitem", name="Edit", exact=True).click()
            page.get_by_role("menuitem", name="Clear Outputs of All Cells").click()
            save_until(page, path, is_cleared)
