"""The models of lessons train on JAX and PyTorch; `make test-backends` installs both.

Tested is every lesson whose cells tagged `race` do without TensorFlow. Other cells of 08 and 09 use its gradient tape.
"""

import importlib.util
import re
from functools import cache

import pytest

from tests.slow.train_lessons import train_at_once
from tools.notebooks import list_notebooks, name_of, read_notebook

pytestmark = [pytest.mark.slow, pytest.mark.backends]


def trains_on_any_backend(path):
    """Return whether a notebook has cells tagged `race`, and none of them uses TensorFlow."""
    cells = [cell.source for cell in read_notebook(path).cells if "race" in cell.metadata.get("tags", [])]
    return bool(cells) and not re.search(r"\b(tf|tfp|tfd)\.", "\n".join(cells))


LESSONS = [name_of(path) for path in list_notebooks() if trains_on_any_backend(path)]


@cache
def train_all(backend):
    """Return what a process with this backend reports on each lesson's training."""
    (reports,) = train_at_once(1, backend, LESSONS)
    return reports


@pytest.mark.parametrize("notebook", LESSONS)
@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_lesson_trains_on_another_backend(backend, notebook):
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed; `make test-backends` sets up an environment with it")
    report = train_all(backend)[notebook]
    assert "failed" not in report, report["failed"]
    assert report["backend"] == backend
    assert report["errors"][-1] < report["errors"][0]
    low, high = report["range"]
    assert 0 <= low < high <= 1
