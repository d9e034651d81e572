"""The first cell of a notebook in a new process: what it prints and what it imports."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.slow.short_lesson import read_first_cell
from tools.notebooks import ROOT

pytestmark = pytest.mark.slow
# what `start_keras` sets, and has already set in this process
SET = "TF_ENABLE_ONEDNN_OPTS", "TF_ONEDNN_USE_SYSTEM_ALLOCATOR", "TF_CPP_MIN_LOG_LEVEL"


def run(program, *arguments, folder=ROOT, **environment):
    """Run a program in a new process and return its output; fail if the program fails."""
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


# Without AVX-512, oneDNN would print that it can't transpose integers.
TRANSPOSE = "import tensorflow as tf; tf.function(tf.transpose)(tf.ones((2, 3), 'int32'))"
REPORT = "import pathlib; pathlib.Path(sys.argv[1]).write_text('\\n'.join([helpers.__file__, *sys.modules]))"


def test_first_cell_is_quiet_and_light_and_prefers_these_helpers_to_another_package(tmp_path):
    (tmp_path / "helpers").mkdir()
    (tmp_path / "helpers" / "__init__.py").write_text("raise SystemExit('another package')\n", encoding="utf-8")
    program, found = f"{read_first_cell()}\n{TRANSPOSE}\n{REPORT}", tmp_path / "found"
    assert run(program, found, folder=ROOT / "notebooks", PYTHONPATH=str(tmp_path)) == ""
    file, *modules = found.read_text().splitlines()
    assert Path(file).resolve() == ROOT / "helpers" / "__init__.py"
    # Keras itself imports scikit-learn's base; only synthetic data needs its data sets.
    assert not {"sklearn.datasets", "tensorflow_probability"} & set(modules)


TRAIN_ON_REPLICAS = """
import sys, tensorflow as tf
cpu, half = tf.config.list_physical_devices("CPU")[0], tf.config.LogicalDeviceConfiguration()
tf.config.set_logical_device_configuration(cpu, [half] * 2)
import keras, numpy as np
from helpers import build_vae, set_seed
with tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"][: int(sys.argv[1])]).scope():
    set_seed(0)
    vae = build_vae((8, 8, 1), 2, width=2)
    vae.compile(keras.optimizers.SGD(0.0), jit_compile=False)
logs = vae.evaluate(np.random.default_rng(0).random((64, 8, 8, 1), "float32"), verbose=0, return_dict=True)
print(abs(logs["loss"] - logs["reconstruction_loss"] - logs["kl_divergence"]) < 1e-4, round(logs["loss"]))
"""


def test_loss_is_the_sum_of_its_parts_for_any_number_of_replicas():
    results = [run(TRAIN_ON_REPLICAS, count).split()[:2] for count in (1, 2)]
    assert results[0] == results[1] == ["True", results[0][1]]
