"""Colab: where the project is not installed, a notebook's setup cell installs the helpers, and the lesson runs.

The cell installs from a copy of this repository, as it is or as a fork made by the documented steps. So this test can't
see whether the repository exists on GitHub.
"""

import os
import shutil
import subprocess
import sys
import sysconfig
import venv

import pytest

from tests.slow.short_lesson import REST
from tools.notebooks import ROOT, read_notebook
from tools.repository import read_branch, read_project

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not (shutil.which("git") and (ROOT / ".git").exists()), reason="needs git and the repository"),
]
AS_IT_IS = read_project()[0], read_branch()
FORK = "ada/my-autoencoders", "dev/clearer"
AUTHOR = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"]


def make_environment(folder):
    """Return the Python of a new environment with the packages that Colab has, but not this project."""
    venv.create(folder, with_pip=True)
    (python,) = folder.glob("*/python")
    # Python 3.11 brings a setuptools that is too old to build this project.
    subprocess.run([python, "-m", "pip", "uninstall", "--quiet", "--yes", "setuptools"], check=True)
    # A .pth file makes the packages of this environment importable, but not those installed as editable.
    (packages,) = folder.glob("lib/*/site-packages")
    (packages / "colab.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return python


def publish(checkout, bare, slug, branch):
    """Clone this repository, point it to `slug` and `branch` unless it does so already, and push it to `bare`."""

    def run(*command):
        subprocess.run(command, cwd=checkout, env=os.environ | {"PYTHONPATH": str(checkout)}, check=True)

    subprocess.run(["git", "clone", "--quiet", ROOT, checkout], check=True)
    run("git", "init", "--quiet", "--bare", bare)
    run("git", "checkout", "--quiet", "-B", branch)
    if (slug, branch) != AS_IT_IS:
        run(sys.executable, "-m", "tools.repository", slug, branch)
        run(sys.executable, "-m", "tools.repository", "--check")
        run(sys.executable, "-m", "tools.lint", "01")
        run("git", *AUTHOR, "commit", "--quiet", "--all", "--message", "Point every link to this fork")
    run("git", "push", "--quiet", bare, branch)


@pytest.mark.parametrize(("slug", "branch"), [AS_IT_IS, FORK])
def test_setup_cell_installs_the_helpers(tmp_path, slug, branch):
    python = make_environment(tmp_path / "colab")
    checkout, bare = tmp_path / "checkout", tmp_path / "repository.git"
    publish(checkout, bare, slug, branch)
    notebook = read_notebook(checkout / "notebooks" / "01_dense_autoencoder.ipynb")
    first_cell = next(cell.source for cell in notebook.cells if cell.cell_type == "code")
    lesson = tmp_path / "content" / "notebooks" / "lesson.ipy"
    lesson.parent.mkdir(parents=True)
    lesson.write_text(f"{first_cell}\n{REST}\nprint('from', helpers.__file__)\n")
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"} | {
        # git takes the copy for the repository on GitHub.
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.{bare.as_uri()}.insteadOf",
        "GIT_CONFIG_VALUE_0": f"https://github.com/{slug}",
        "PIP_NO_BUILD_ISOLATION": "false",  # What builds the package is there already, so nothing is downloaded.
        "IPYTHONDIR": str(tmp_path / "ipython"),
    }
    command = [python, "-m", "IPython", "--no-banner", lesson]
    done = subprocess.run(command, cwd=lesson.parent, env=environment, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "losses [" in done.stdout
    assert f"from {tmp_path / 'colab'}" in done.stdout
    assert sys.prefix not in done.stdout
