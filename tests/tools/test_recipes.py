"""The published recipes: how they are found, and what reference.json says about each."""

import json
import math
import statistics
from types import SimpleNamespace

import pytest

import helpers
from benchmarks import recipes, reference
from benchmarks.recipes import Measure, import_recipe, list_recipes
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
    seeds = entry["seeds"]
    assert bool(seeds) == hasattr(recipe, "train")
    assert entry["measures"].keys() == recipe.MEASURES.keys()
    for name, measure in entry["measures"].items():
        assert recipe.MEASURES[name]._asdict().items() <= measure.items(), name
        assert len(measure["runs"]) == len(seeds) == len(set(seeds)), name
        assert all(math.isfinite(value) for value in measure["runs"]), name
        assert measure["reproduced"] == (statistics.median(measure["runs"]) if seeds else None), name


@pytest.mark.parametrize("is_real", [True, False])
def test_median_and_runs_are_stored_unless_the_data_is_synthetic(is_real, tmp_path, monkeypatch):
    values = iter([0.1, 0.3])
    recipe = SimpleNamespace(
        TITLE="dense",
        SOURCE={},
        EPOCHS=50,
        MEASURES={"loss": Measure("loss", "nats")},
        train=lambda data, epochs, callbacks: epochs,
        measure=lambda models, data: {"loss": next(values)},
    )
    file = tmp_path / "reference.json"
    file.write_text('{"R10": {}}')
    monkeypatch.setattr(results, "REFERENCE_FILE", file)
    monkeypatch.setattr(reference, "import_recipe", lambda system: recipe)
    monkeypatch.setattr(helpers, "load_mnist", lambda: SimpleNamespace(is_real=is_real, source="folder"))
    if not is_real:
        with pytest.raises(SystemExit, match="real data"):
            reference.main(["R1"])
        assert file.read_text() == '{"R10": {}}'
        return
    reference.main(["R1", "--seeds", "4", "5"])
    entries = json.loads(file.read_text())
    assert list(entries) == ["R1", "R10"]
    assert (entries["R1"]["epochs"], entries["R1"]["seeds"]) == (50, [4, 5])
    loss = entries["R1"]["measures"]["loss"]
    assert (loss["runs"], loss["reproduced"]) == ([0.1, 0.3], pytest.approx(0.2))
