"""The published recipes: how they are found, and what is stored about each."""

import json
import math
import statistics
from types import SimpleNamespace
from unittest.mock import Mock

import pytest

import helpers
from benchmarks import recipes, reference
from benchmarks.recipes import import_recipe, list_recipes
from helpers import results

STORED = results.read_reference()


def test_new_module_is_a_new_system(tmp_path, monkeypatch):
    monkeypatch.setattr(recipes, "HERE", tmp_path)
    (tmp_path / "r09_old.py").write_text('import tensorflow as tf\n\nNOTEBOOK = "07_old"\n')
    (tmp_path / "r15_new.py").write_text('from benchmarks.recipes.r09_old import fit\n\nNOTEBOOK = "16_new"\n')
    assert recipes.read_lessons() == {"R9": "07_old", "R15": "16_new"}
    assert recipes.needs_tensorflow("r15_new")


@pytest.mark.parametrize("system", list_recipes())
def test_stored_entry_has_the_medians_of_the_whole_recipe_on_real_data(system):
    entry, recipe = STORED[system], import_recipe(system)
    assert (entry["title"], entry["source"]) == (recipe.TITLE, recipe.SOURCE)
    if hasattr(recipe, "train"):
        assert (entry["epochs"], entry["data_source"] in ("folder", "network")) == (recipe.EPOCHS, True)
    if hasattr(recipe, "RACED_FOR"):
        assert recipe.MEASURES[recipe.RACED_FOR].direction == "lower"
    if curve := reference.read_curves().get(system):
        assert (curve["measure"], curve["seed"]) == (recipe.RACED_FOR, entry["seeds"][0])
        assert len(curve["results"]) == len(curve["seconds"]) == recipe.EPOCHS
    seeds = entry["seeds"]
    assert bool(seeds) == hasattr(recipe, "train")
    assert entry["measures"].keys() == recipe.MEASURES.keys()
    for name, measure in entry["measures"].items():
        assert recipe.MEASURES[name]._asdict().items() <= measure.items(), name
        assert len(measure["runs"]) == len(seeds) == len(set(seeds)), name
        assert all(math.isfinite(value) for value in measure["runs"]), name
        assert measure["reproduced"] == (statistics.median(measure["runs"]) if seeds else None), name


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Return where results are stored; the recipe of R1 takes three epochs, and its result after epoch n is 0.1 / n."""
    recipe, values = import_recipe("R1"), iter([0.1, 0.3])

    def train(data, epochs, callbacks):
        callbacks[0].set_params({"epochs": epochs})
        for epoch in range(epochs):
            callbacks[0].set_model(epoch + 1)
            callbacks[0].on_epoch_end(epoch)

    monkeypatch.setattr(recipe, "EPOCHS", 3)
    monkeypatch.setattr(recipe, "train", train)
    monkeypatch.setattr(recipe, "measure", lambda models, data: dict.fromkeys(recipe.MEASURES, next(values)))
    monkeypatch.setattr(recipe, "loss", lambda model, names, data: 0.1 / model)
    monkeypatch.setattr(results, "REFERENCE_FILE", tmp_path / "results.json")
    monkeypatch.setattr(reference, "CURVES", tmp_path / "curves.json")
    monkeypatch.setattr(helpers, "load_mnist", lambda: SimpleNamespace(is_real=True, source="folder"))
    for name in ("results", "curves"):
        (tmp_path / f"{name}.json").write_text('{"R10": {}}')
    return tmp_path


def test_reference_stores_median_runs_and_curve_and_the_option_only_the_curve(folder, capsys):
    reference.main(["R1", "--seeds", "4", "5"])
    stored = (folder / "results.json").read_bytes()
    (folder / "curves.json").write_text('{"R10": {}}')
    reference.main(["R1", "--curve"])
    assert (folder / "results.json").read_bytes() == stored
    entries, curves = json.loads(stored), json.loads((folder / "curves.json").read_text())
    assert list(entries) == list(curves) == ["R1", "R10"]
    assert (entries["R1"]["epochs"], entries["R1"]["seeds"]) == (3, [4, 5])
    loss = entries["R1"]["measures"]["test_bce"]
    assert (loss["runs"], loss["reproduced"]) == ([0.1, 0.3], pytest.approx(0.2))
    assert (curves["R1"]["seed"], curves["R1"]["results"]) == (4, [0.1, 0.05, 0.0333333])
    assert "these differ by 66.7%" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [["R1"], ["R1", "--curve"]])
def test_nothing_is_stored_of_an_interrupted_run_or_of_synthetic_data(arguments, folder, monkeypatch):
    (folder / "results.json").write_text('{"R1": {"seeds": [0]}}')
    before = [path.read_bytes() for path in folder.iterdir()]
    monkeypatch.setattr(import_recipe("R1"), "loss", Mock(side_effect=[0.1, KeyboardInterrupt]))
    with pytest.raises(KeyboardInterrupt):
        reference.main(arguments)
    monkeypatch.setattr(helpers, "load_mnist", lambda: SimpleNamespace(is_real=False))
    with pytest.raises(SystemExit, match="real data"):
        reference.main(arguments)
    assert [path.read_bytes() for path in folder.iterdir()] == before
