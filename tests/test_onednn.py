"""oneDNN: TensorFlow uses it on every Intel or AMD processor, and it keeps no memory that was freed."""

import os
import platform
import subprocess
import sys

import pytest

from helpers.onednn import set_up_onednn
from tools.notebooks import ROOT

ON_OTHERS = platform.machine().lower() not in ("x86_64", "amd64")
ASK = "import helpers; from tensorflow.python.util import _pywrap_util_port as port; print(port.IsMklEnabled())"


def run(program, **environment):
    """Return what a new process prints of a program, with neither of the two variables set but those given."""
    names = ("TF_ENABLE_ONEDNN_OPTS", "TF_ONEDNN_USE_SYSTEM_ALLOCATOR")  # set when this process imported the helpers
    inherited = {name: value for name, value in os.environ.items() if name not in names}
    environment = inherited | {"KERAS_BACKEND": "tensorflow"} | environment
    command = [sys.executable, "-c", program]
    return subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True).stdout


@pytest.mark.skipif(ON_OTHERS, reason="neither Intel nor AMD")
def test_tensorflow_uses_onednn():
    assert run(ASK).strip() == b"True"
    assert run(ASK, TF_ENABLE_ONEDNN_OPTS="0").strip() == b"False"


# The loss of 40,000 images; then by how many megabytes the program has grown.
TAKE_AND_FREE = """
import helpers, keras, numpy as np, psutil
count_megabytes = lambda: psutil.Process().memory_info().rss / 1e6
images = np.full((40_000, 784), 0.5, np.float32)
keras.losses.binary_crossentropy(images[:10], images[:10])
before = count_megabytes()
keras.losses.binary_crossentropy(images, images)
print(count_megabytes() - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library than glibc")
def test_tensorflow_gives_back_what_it_freed():
    assert float(run(TAKE_AND_FREE)) < 100


@pytest.mark.parametrize("machine", ["x86_64", "AMD64", "arm64"])
def test_what_the_user_says_counts_and_other_processors_are_left_alone(monkeypatch, machine):
    monkeypatch.setattr(platform, "machine", lambda: machine)
    monkeypatch.delenv("TF_ENABLE_ONEDNN_OPTS", raising=False)
    monkeypatch.setenv("TF_ONEDNN_USE_SYSTEM_ALLOCATOR", "false")
    set_up_onednn()
    assert os.environ["TF_ONEDNN_USE_SYSTEM_ALLOCATOR"] == "false"
    assert os.environ.get("TF_ENABLE_ONEDNN_OPTS") == (None if machine == "arm64" else "1")
    monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", "0")
    set_up_onednn()
    assert os.environ["TF_ENABLE_ONEDNN_OPTS"] == "0"
