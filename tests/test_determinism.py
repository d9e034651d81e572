"""Same seed, same machine, same versions: every lesson's model ends with the same losses and draws the same images."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest

from tests.train_all_lessons import NOTEBOOKS
from tools.notebooks import ROOT


@pytest.fixture(scope="module")
def both():
    """Return what two processes report that train all models at the same time."""
    command = [sys.executable, "-m", "tests.train_all_lessons"]
    started = [
        subprocess.Popen(
            command,
            cwd=ROOT,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    finished = [(process, *process.communicate(timeout=1200)) for process in started]
    for process, _, errors in finished:
        assert process.returncode == 0, errors
    return [json.loads(output.splitlines()[-1]) for _, output, _ in finished]


@pytest.mark.parametrize("notebook", NOTEBOOKS)
def test_same_seed_gives_equal_losses_and_images_in_every_lesson(both, notebook):
    one, other = (report[notebook] for report in both)
    difference = np.abs(np.subtract(one["image"], other["image"])).max()
    assert one["losses"] == other["losses"]
    assert one["digest"] == other["digest"], f"pixels of the first image differ by up to {difference:g}"
    assert np.all(np.isfinite(one["image"]))
