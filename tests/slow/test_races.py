"""Races and recipes for real, but short: every recipe trains, and a race reports both trainings."""

import json
import math
from functools import partialmethod

import pytest

from benchmarks import gpu, lessons, races, recipes, reference
from benchmarks.processes import run_in_new_process
from helpers import load_mnist
from tools.fast_budget import read_fast_budget

pytestmark = pytest.mark.slow
TRAINED = [system for system, constants in recipes.read_constants().items() if "EPOCHS" in constants]


@pytest.mark.parametrize("system", TRAINED)
def test_recipe_trains_and_measures_all_it_names_with_each_seed(system):
    data = load_mnist(source="synthetic")
    parts = {name: getattr(data, name)[:512] for name in ("x_train", "y_train")}
    parts |= {name: getattr(data, name)[:128] for name in ("x_test", "y_test")}
    recipe = recipes.import_recipe(system)
    entry, curve = reference.run_recipe(recipe, data._replace(**parts), [0, 1], epochs=1)
    assert (len(curve["results"]), len(curve["seconds"])) == (hasattr(recipe, "RACED_FOR"), 1)
    assert (entry["seeds"], entry["epochs"], entry["data_source"]) == ([0, 1], 1, "synthetic")
    for name, measure in entry["measures"].items():
        assert all(isinstance(value, int | float) and math.isfinite(value) for value in measure["runs"]), name
        are_counts = all(isinstance(value, int) for value in measure["runs"])
        assert are_counts or len(set(measure["runs"])) == 2, name
    assert json.loads(json.dumps(entry)) == entry


@pytest.mark.parametrize(("paced", "trained"), [(None, 2), (2, 50)])
def test_race_in_a_new_process_reports_both_trainings(paced, trained, capfd):
    (run,) = run_in_new_process(races.race_all, "R1", times=1, enough=trained, paced=paced, last_epoch=1)
    assert {name: report["epochs"] for name, report in run.items()} == {"recipe": trained, "ours": 1}
    assert len(run["recipe"].get("timed", [])) == (4 if paced else 0)  # before ours and after
    assert min(report["seconds"] for report in run.values()) > 0
    assert math.isfinite(run["ours"]["result"])
    assert "R1 recipe" in capfd.readouterr().err


@pytest.mark.parametrize(("system", "epochs"), [("R1", 1), ("R13", 2)])
def test_training_for_the_gpu_ends_with_its_last_epoch(system, epochs, monkeypatch):
    short = read_fast_budget()[races.describe_race(system).notebook] | {"DEEP_EPOCHS": 2}
    monkeypatch.setattr(lessons.Lesson, "prepare", partialmethod(lessons.Lesson.prepare, **short))
    monkeypatch.setattr(gpu, "measure_memory", lambda: 1)
    run = gpu.train(system)
    assert run["epochs"] == epochs
    assert 0 < run["first_epoch"] <= run["seconds"]
    assert math.isfinite(run["result"])
