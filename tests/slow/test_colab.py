"""Colab: where the project is not installed, a notebook's setup cell installs the helpers, and the lesson runs.

The cell installs from a fork on this machine, so this test can't see whether the repository exists on GitHub.
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

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not (shutil.which("git") and (ROOT / ".git").exists()), reason="needs git and the repository"),
]
SLUG, BRANCH = "ada/my-autoencoders", "dev/clearer"


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


def make_fork(folder):
    """Follow the steps to publish a fork up to the push."""
    subprocess.run(["git", "clone", "--quiet", ROOT, folder], check=True)
    author = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
    for command in (
        ["git", "checkout", "--quiet", "-B", BRANCH],
        [sys.executable, "-m", "tools.repository", SLUG, BRANCH],
        [sys.executable, "-m", "tools.repository", "--check"],
        [sys.executable, "-m", "tools.lint", "01"],
        ["git", *author, "commit", "--quiet", "--all", "--message", "fork"],
    ):
        subprocess.run(command, cwd=folder, env=os.environ | {"PYTHONPATH": str(folder)}, check=True)


def test_setup_cell_installs_the_helpers(tmp_path):
    python = make_environment(tmp_path / "colab")
    make_fork(tmp_path / "fork")
    cells = read_notebook(tmp_path / "fork" / "notebooks" / "01_dense_autoencoder.ipynb").cells
    first_cell = next(cell.source for cell in cells if cell.cell_type == "code")
    lesson = tmp_path / "content" / "notebooks" / "lesson.ipy"
    lesson.parent.mkdir(parents=True)
    lesson.write_text(f"{first_cell}\n{REST}\nprint('from', helpers.__file__)\n")
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"} | {
        # git takes the fork for the repository on GitHub.
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.{(tmp_path / 'fork').as_uri()}.insteadOf",
        "GIT_CONFIG_VALUE_0": f"https://github.com/{SLUG}",
        "PIP_NO_BUILD_ISOLATION": "false",  # What builds the package is there already, so nothing is downloaded.
        "IPYTHONDIR": str(tmp_path / "ipython"),
    }
    command = [python, "-m", "IPython", "--no-banner", lesson]
    done = subprocess.run(command, cwd=lesson.parent, env=environment, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "losses [" in done.stdout
    assert f"from {tmp_path / 'colab'}" in done.stdout
    assert sys.prefix not in done.stdout
