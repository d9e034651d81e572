"""The published recipes: what reference.json says of each, and that each of them trains."""

import importlib
import json
import math
import statistics
from functools import cache
from types import SimpleNamespace

import pytest

from benchmarks import reference
from helpers import load_mnist
from helpers.results import read_reference

SYSTEMS = reference.list_recipes()
STORED = read_reference()
FACTS_OF_A_MEASURE = {"name", "unit", "direction", "published", "reproduced", "runs"}


def import_recipe(system):
    return importlib.import_module(f"benchmarks.{SYSTEMS[system]}")


RECIPES = [system for system in SYSTEMS if hasattr(import_recipe(system), "train")]


@cache
def few_digits():
    """Return a Dataset of a few stand-in digits, made only once for all tests."""
    data = load_mnist(source="stand-in")
    return data._replace(
        x_train=data.x_train[:512], y_train=data.y_train[:512], x_test=data.x_test[:128], y_test=data.y_test[:128]
    )


@cache
def run_once(system):
    """Return the entry that two seeds of a recipe's single epoch give, made only once for all tests."""
    return reference.run_recipe(import_recipe(system), few_digits(), [0, 1], epochs=1)


def test_reference_has_an_entry_for_each_system_and_no_other():
    assert STORED.keys() == SYSTEMS.keys()
    assert list(STORED) == sorted(STORED, key=lambda system: int(system[1:]))


@pytest.mark.parametrize("system", sorted(SYSTEMS.keys() - set(RECIPES)))
def test_system_without_a_recipe_is_described_and_has_no_run(system):
    assert STORED[system] == reference.describe(import_recipe(system))
    assert STORED[system].keys() == STORED["R1"].keys()
    assert all(measure["reproduced"] is None for measure in STORED[system]["measures"].values())


@pytest.mark.parametrize("system", RECIPES)
def test_stored_figures_are_of_the_whole_recipe_on_real_data(system):
    entry, recipe = STORED[system], import_recipe(system)
    assert entry["data_source"] not in ("stand-in", None)
    assert entry["epochs"] == recipe.EPOCHS
    assert entry["seconds"] > 0
    assert (entry["title"], entry["source"]) == (recipe.TITLE, recipe.SOURCE)
    assert entry["source"]["url"].startswith("https://")
    assert {"python", "keras", "tensorflow", "numpy"} <= entry["versions"].keys()


@pytest.mark.parametrize("system", SYSTEMS)
def test_stored_measures_are_those_of_the_recipe(system):
    measures, recipe = STORED[system]["measures"], import_recipe(system)
    assert measures.keys() == recipe.MEASURES.keys()
    for name, measure in measures.items():
        assert measure.keys() == FACTS_OF_A_MEASURE, name
        assert recipe.MEASURES[name].items() <= measure.items(), name
        assert measure["direction"] in ("lower", "higher", None), name
        assert measure["published"] is None or math.isfinite(measure["published"]), name


@pytest.mark.parametrize("system", RECIPES)
def test_stored_figures_are_the_medians_of_the_stored_runs(system):
    entry = STORED[system]
    for name, measure in entry["measures"].items():
        assert len(measure["runs"]) == len(entry["seeds"]) == len(set(entry["seeds"])), name
        assert all(math.isfinite(value) for value in measure["runs"]), name
        assert measure["reproduced"] == statistics.median(measure["runs"]), name


@pytest.mark.parametrize("system", RECIPES)
def test_recipe_trains_and_measures_all_it_names(system):
    entry = run_once(system)
    assert entry["measures"].keys() == import_recipe(system).MEASURES.keys()
    assert entry.keys() == STORED[system].keys()
    for name, measure in entry["measures"].items():
        assert measure.keys() == FACTS_OF_A_MEASURE, name
        assert all(isinstance(value, int | float) and math.isfinite(value) for value in measure["runs"]), name
    assert json.loads(json.dumps(entry)) == entry


@pytest.mark.parametrize("system", RECIPES)
def test_recipe_run_with_two_seeds_gives_two_runs(system):
    entry = run_once(system)
    assert entry["seeds"] == [0, 1]
    assert entry["epochs"] == 1
    assert entry["data_source"] == "stand-in"
    for name, measure in entry["measures"].items():
        are_counts = all(isinstance(value, int) for value in measure["runs"])
        assert are_counts or len(set(measure["runs"])) == 2, name


def make_recipe(values):
    """Return a recipe whose runs measure these values one after the other and train nothing."""
    remaining = iter(values)
    return SimpleNamespace(
        TITLE="",
        SOURCE={},
        EPOCHS=50,
        MEASURES={"loss": {"name": "loss", "unit": "nats", "direction": "lower", "published": None}},
        train=lambda data, epochs, callbacks: (epochs, callbacks),
        measure=lambda models, data: {"loss": next(remaining)},
    )


def test_median_of_the_runs_is_stored_beside_them():
    entry = reference.run_recipe(make_recipe([3.0, 1.0, 7.0]), few_digits(), [4, 5, 6])
    assert entry["epochs"] == 50
    assert entry["measures"]["loss"]["runs"] == [3.0, 1.0, 7.0]
    assert entry["measures"]["loss"]["reproduced"] == 3.0


@pytest.fixture
def stored(tmp_path, monkeypatch):
    """Return the file in which `make reference` would store, with one entry; nothing is trained."""
    file = tmp_path / "reference.json"
    file.write_text('{"R10": {}}')
    monkeypatch.setattr(reference, "FILE", file)
    monkeypatch.setattr(reference.importlib, "import_module", lambda name: make_recipe([0.1, 0.2]))
    return file


def test_figures_are_stored_in_order_beside_those_of_other_systems(stored, monkeypatch, capsys):
    monkeypatch.setattr(reference, "load_mnist", lambda: few_digits()._replace(source="folder"))
    reference.main(["R1", "--seeds", "0", "1"])
    entries = json.loads(stored.read_text())
    assert list(entries) == ["R1", "R10"]
    assert entries["R1"]["measures"]["loss"]["reproduced"] == pytest.approx(0.15)
    assert "R1 loss: published None, reproduced 0.15" in capsys.readouterr().out


def test_figures_on_a_stand_in_are_not_stored(stored, monkeypatch):
    monkeypatch.setattr(reference, "load_mnist", few_digits)
    with pytest.raises(SystemExit, match="needs the real data"):
        reference.main(["R1"])
    assert stored.read_text() == '{"R10": {}}'


def test_unknown_system_is_refused_with_the_known_ones(stored, capsys):
    with pytest.raises(SystemExit):
        reference.main(["R99"])
    assert "R1" in capsys.readouterr().err
