"""Colab's way in: where the project is not installed, a notebook's first cell brings the helpers, and it goes on."""

import os
import shutil
import subprocess
import sys
import sysconfig
import venv

import nbformat
import pytest

from tests.short_lesson import REST, ROOT
from tools.repository import read_project

SLUG, VERSION = read_project()


@pytest.fixture
def python(tmp_path):
    """Return the Python of an environment that has what Colab has, but not this project."""
    venv.create(tmp_path / "colab", with_pip=True)
    (python,) = (tmp_path / "colab").glob("*/python")
    # Python 3.11 brings a setuptools too old for us, in place of which pip would fetch a new one.
    subprocess.run([python, "-m", "pip", "uninstall", "--quiet", "--yes", "setuptools"], check=True)
    packages = subprocess.run(
        [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    # A path in a .pth file makes packages importable, and leaves out what is installed there as editable.
    with open(os.path.join(packages, "colab.pth"), "w") as stream:
        stream.write(sysconfig.get_path("purelib") + "\n")
    return python


@pytest.fixture
def address(tmp_path):
    """Return settings with which git takes a copy of this repository, tagged as a release, for the one on GitHub."""
    copy = tmp_path / "repository.git"
    subprocess.run(["git", "clone", "--quiet", "--bare", ROOT, copy], check=True)
    subprocess.run(["git", "-C", copy, "tag", "--force", f"v{VERSION}"], check=True, capture_output=True)
    return {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.{copy.as_uri()}.insteadOf",
        "GIT_CONFIG_VALUE_0": f"https://github.com/{SLUG}",
    }


@pytest.mark.skipif(shutil.which("git") is None or not (ROOT / ".git").exists(), reason="needs git and the repository")
def test_first_cell_brings_the_helpers_where_the_project_is_not_installed(tmp_path, python, address):
    notebook = nbformat.read(ROOT / "notebooks" / "01_dense_autoencoder.ipynb", as_version=4)
    first = next(cell.source for cell in notebook.cells if cell.cell_type == "code")
    (tmp_path / "content" / "notebooks").mkdir(parents=True)
    (tmp_path / "content" / "lesson.ipy").write_text(f"{first}\n{REST}\nprint('from', helpers.__file__)\n")
    # Nothing is fetched: what builds the package is there already.
    variables = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    process = subprocess.run(
        [python, "-m", "IPython", "--no-banner", tmp_path / "content" / "lesson.ipy"],
        cwd=tmp_path / "content" / "notebooks",
        env=variables | address | {"PIP_NO_BUILD_ISOLATION": "false", "IPYTHONDIR": str(tmp_path / "ipython")},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert process.returncode == 0, process.stdout + process.stderr
    assert "losses [" in process.stdout
    assert f"from {tmp_path / 'colab'}" in process.stdout
    assert sys.prefix not in process.stdout
