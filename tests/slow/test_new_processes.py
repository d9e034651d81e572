"""What importing the package does in a new process: messages, modules, memory, and oneDNN."""

import os
import platform
import subprocess
import sys

import pytest

from tests.slow.short_lesson import read_first_cell
from tools.notebooks import ROOT

pytestmark = pytest.mark.slow
needs_glibc = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="needs glibc")
# What importing the package sets, as this process has done.
SET = "TF_ENABLE_ONEDNN_OPTS", "TF_ONEDNN_USE_SYSTEM_ALLOCATOR", "TF_CPP_MIN_LOG_LEVEL", "MALLOC_ARENA_MAX"


def run(program, *arguments, folder=ROOT, **environment):
    """Run a program in a new process; return all that it printed, and fail if it fails."""
    inherited = {name: value for name, value in os.environ.items() if name not in SET}
    done = subprocess.run(
        [sys.executable, "-c", program, *map(str, arguments)],
        cwd=folder,
        env=inherited | {"KERAS_BACKEND": "tensorflow"} | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


REPORT = "pathlib.Path(sys.argv[1]).write_text('\\n'.join([helpers.__file__, *sys.modules]))"


def test_first_cell_is_quiet_and_light_and_finds_this_package_before_another_of_its_name(tmp_path):
    (tmp_path / "helpers").mkdir()
    (tmp_path / "helpers" / "__init__.py").write_text("raise SystemExit('another package')\n", encoding="utf-8")
    program, found = f"{read_first_cell()}\n{REPORT}", tmp_path / "found"
    assert run(program, found, folder=ROOT / "notebooks", PYTHONPATH=str(tmp_path)) == ""
    file, *modules = found.read_text().splitlines()
    assert file == str(ROOT / "helpers" / "__init__.py")
    # Keras itself imports the base of scikit-learn; only synthetic data needs its data sets.
    assert not {"sklearn.datasets", "tensorflow_probability"} & set(modules)


# The loss of 40,000 images; then by how many megabytes the process has grown.
COMPUTE_LOSS = """
import helpers, keras, numpy as np, psutil
count_megabytes = lambda: psutil.Process().memory_info().rss / 1e6
images = np.full((40_000, 784), 0.5, np.float32)
keras.losses.binary_crossentropy(images[:10], images[:10])
before = count_megabytes()
keras.losses.binary_crossentropy(images, images)
print(count_megabytes() - before)
"""


@needs_glibc
def test_tensorflow_returns_the_memory_that_it_freed():
    assert float(run(COMPUTE_LOSS)) < 100


ASK = "import helpers; from tensorflow.python.util import _pywrap_util_port as port; print(port.IsMklEnabled())"


@pytest.mark.skipif(platform.machine().lower() not in ("x86_64", "amd64"), reason="needs an Intel or AMD processor")
@pytest.mark.parametrize(("environment", "expected"), [({}, "True\n"), ({"TF_ENABLE_ONEDNN_OPTS": "0"}, "False\n")])
def test_tensorflow_uses_onednn_unless_the_user_decides(environment, expected):
    assert run(ASK, **environment) == expected
