"""The race between recipes and lessons: which cells of a notebook run, when a training ends, and what is reported."""

import json
from types import SimpleNamespace

import keras
import numpy as np
import pytest
from nbformat import write
from nbformat.v4 import new_code_cell, new_notebook

from benchmarks import gpu, lessons, race, races, reference
from benchmarks.races import loss_of_copies, summarize
from benchmarks.watch import Watch, report_paced
from tools.results import make_race_table


def test_only_tagged_cells_run_and_the_last_one_trains(tmp_path, monkeypatch):
    sources = ["# race\nEPOCHS = 3", "1 / 0", "# race\nbar = show_progress()\nfound = EPOCHS, bar, rate"]
    cells = [new_code_cell(source, metadata={"tags": ["race"] * ("# race" in source)}) for source in sources]
    write(new_notebook(cells=cells), tmp_path / "00_test.ipynb")
    monkeypatch.setattr(lessons, "FOLDER", tmp_path)
    lesson = lessons.Lesson("00_test")
    lesson.prepare(EPOCHS=2, rate=0.1)
    assert "found" not in lesson.names
    lesson.train("a callback")
    assert lesson.names["found"] == (2, "a callback", 0.1)
    with pytest.raises(ValueError, match="0 cells of 00_test have the tag `deep`"):
        lessons.Lesson("00_test", "deep")


@pytest.mark.parametrize(("target", "epochs", "reached"), [(np.inf, 1, True), (0.0, 3, False)])
def test_training_ends_at_the_target_or_with_the_last_epoch(target, epochs, reached):
    x, x_test = np.random.default_rng(0).random((2, 64, 784), "float32")
    data = SimpleNamespace(x_test=x_test.reshape(-1, 28, 28, 1))
    model = keras.Sequential([keras.Input((784,)), keras.layers.Dense(784, "sigmoid")])
    model.compile("adam", "bce")
    watch = Watch("test", lambda model: loss_of_copies((784,))(model, {}, data), target, last_epoch=3)
    report = watch.run(lambda watch: model.fit(x, x, 32, epochs=5, verbose=0, callbacks=[watch])).report()
    assert (report["reached"], report["epochs"], len(watch.seconds)) == (reached, epochs, epochs)
    assert report["result"] == pytest.approx(model.evaluate(x_test, x_test, verbose=0), rel=1e-3)
    assert report["seconds"] > 0


def make_run(recipe, ours):
    return {"recipe": {"seconds": recipe, "epochs": 7}, "ours": {"seconds": ours, "epochs": 2, "reached": True}}


def test_ratio_is_the_median_over_runs():
    entry = summarize("R1", [make_run(8.0, 1.0), make_run(9.0, 3.0), make_run(10.0, 2.0)])
    assert (entry["ratio"], entry["ratios"]) == (5.0, [8.0, 3.0, 5.0])
    missed = make_run(8.0, 1.0)
    missed["recipe"]["timed"], missed["ours"]["reached"] = [1.0], False
    *_, paced, row, _, mean = make_race_table({"R2": summarize("R2", [missed]), "R1": entry}).splitlines()
    link = "[01 Dense autoencoder](../notebooks/01_dense_autoencoder.ipynb)"
    assert row == f"| {link} | 0.09157 | 9 s (7 of 50 epochs) | 2 s (2 epochs) | **5.0** (3.0 to 8.0) |"
    assert paced.endswith(" | 8 s (7 of 100 epochs, paced) | 1 s (2 epochs, not reached) | **8.0** |")
    assert mean == "The geometric mean of the ratios is **6.3**, the lowest 5.0."


@pytest.mark.parametrize(("ninth", "enough"), [(100.1, 9), (100.2, 10), (90.0, 9)])
def test_recipe_races_until_its_result_is_within_a_thousandth_of_its_last(ninth, enough):
    curve = {"results": [*range(200, 120, -10), ninth, 100.0, 101.0, 100.0], "seconds": [59.0] * 12}
    assert reference.count_enough(curve) == enough
    assert race.plan_race(curve) == {"times": 3, "enough": enough, "paced": None}
    assert race.plan_race(curve | {"seconds": [80.0] * 12}) == {"times": 1, "enough": enough, "paced": 2}
    assert race.plan_race(curve, times=2)["times"] == 2


def test_paced_recipe_counts_its_epochs_at_the_pace_of_those_timed():
    watches = [SimpleNamespace(seconds=seconds) for seconds in ([3.0, 1.0, 1.2], [5.0, 1.4, 1.1])]
    report = report_paced(watches, 50)
    assert report["seconds"] == pytest.approx(4.0 + 49 * 1.15)
    assert (report["epochs"], report["timed"]) == (50, [3.0, 5.0, 1.0, 1.2, 1.4, 1.1])


@pytest.mark.parametrize(
    ("main", "arguments", "message"),
    [
        (race.main, ["--only", "R1,R99"], "no race of 'R99'"),
        (race.main, ["--times", "0"], "--times 0: expected at least 1"),
        (race.main, ["--only", "R4"], "to record it, run\n    make reference SYSTEM=R4 CURVE=1"),
        (reference.main, ["R9", "--curve"], "R9 isn't raced"),
        (gpu.main, ["--only", "R10"], "no training of 'R10'"),
        (gpu.main, [], "set KERAS_BACKEND=jax"),
    ],
)
def test_wrong_arguments_are_refused(main, arguments, message, capsys, monkeypatch):
    monkeypatch.setattr(race, "read_curves", dict)
    with pytest.raises(SystemExit):
        main(arguments)
    assert message in capsys.readouterr().err


def test_races_on_another_backend_need_no_tensorflow_and_have_a_file_of_their_own(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    monkeypatch.setattr(races, "read_versions", dict)
    monkeypatch.setattr(race, "run_in_new_process", lambda race_all, system, times, **how: [make_run(8.0, 1.0)] * times)
    curve = {"results": [1.0], "seconds": [1.0]}
    monkeypatch.setattr(race, "read_curves", lambda: dict.fromkeys(races.RACES, curve))
    monkeypatch.setattr("tools.results.RACES", tmp_path / "results.json")
    race.main([])
    race.main(["--only", "R4", "--times", "2"])
    assert [path.name for path in tmp_path.iterdir()] == ["results_jax.json"]  # and no picture for the site
    stored = json.loads((tmp_path / "results_jax.json").read_text(encoding="utf-8"))
    assert list(stored) == ["R1", "R2", "R3", "R4", "R5", "R6", "R7", "R12"]
    assert (len(stored["R1"]["runs"]), len(stored["R4"]["runs"])) == (3, 2)
    with pytest.raises(SystemExit):
        race.main(["--only", "R1,R8"])
    assert "R8 need TensorFlow" in capsys.readouterr().err
