"""The race between recipes and lessons: which cells of a notebook run, when a training ends, and what is reported."""

import json
from types import SimpleNamespace

import keras
import numpy as np
import pytest
from nbformat import write
from nbformat.v4 import new_code_cell, new_notebook

from benchmarks import gpu, lessons, race, races
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
    watch = Watch(target, lambda model: loss_of_copies((784,))(model, {}, data), "test", last_epoch=3)
    report = watch.run(lambda watch: model.fit(x, x, 32, epochs=5, verbose=0, callbacks=[watch])).report()
    assert (report["reached"], report["epochs"], report["updates"]) == (reached, epochs, 2 * epochs)
    assert report["figure"] == pytest.approx(model.evaluate(x_test, x_test, verbose=0), rel=1e-3)
    assert min(report["seconds"], report["memory"]) > 0


def make_run(recipe, ours):
    about = {"reached": True, "figure": 0.09, "epochs": 2, "updates": 10, "memory": 900}
    return {"recipe": about | {"seconds": recipe}, "ours": about | {"seconds": ours}}


def test_ratio_is_the_median_over_runs():
    entry = summarize("R1", [make_run(8.0, 1.0), make_run(9.0, 3.0), make_run(10.0, 2.0)])
    assert (entry["ratio"], entry["ratios"]) == (5.0, [8.0, 3.0, 5.0])
    *_, row, last = make_race_table({"R1": entry, "R2": entry | {"ratio": 20.0, "ratios": [20.0]}}).splitlines()
    assert row == "| R2 | 0.09157 | 9 s, 2 epochs, 10 steps, 0.9 GB | 2 s, 2 epochs, 10 steps, 0.9 GB | **20.0** |"
    assert "**10.0**, the geometric mean; lowest 5.0" in last


def test_paced_recipe_counts_all_its_epochs_at_the_pace_of_those_timed():
    watches = [Watch(0, lambda model: 1.0, "test", last_epoch=3) for _ in range(2)]
    for watch, seconds in zip(watches, ([3.0, 1.0, 1.2], [5.0, 1.4, 1.1]), strict=True):
        watch.seconds, watch.figure, watch.memory = seconds, np.inf, 9e8
        watch.set_params({"epochs": 50, "steps": 10})
    report = report_paced(watches, 50)
    assert report["seconds"] == pytest.approx(4.0 + 49 * 1.15)
    assert (report["epochs"], report["timed_epochs"], report["updates"], report["reached"]) == (50, 6, 500, None)
    run = make_run(8.0, 1.0) | {"recipe": report}
    run["ours"]["reached"] = False
    row = make_race_table({"R1": summarize("R1", [run])}).splitlines()[2]
    assert "| 60.4 s, 50 epochs at the pace of 6, 500 steps, 0.9 GB | 1 s, 2 epochs" in row
    assert row.count("figure not reached") == 1


@pytest.mark.parametrize(
    ("main", "arguments", "message"),
    [
        (race.main, ["--only", "R1,R99"], "no race of 'R99'"),
        (race.main, ["--times", "0"], "--times 0: expected at least 1"),
        (race.main, ["--paced", "0"], "--paced 0: expected at least 2"),
        (gpu.main, ["--only", "R10"], "no training of 'R10'"),
        (gpu.main, [], "set KERAS_BACKEND=jax"),
    ],
)
def test_wrong_arguments_are_refused(main, arguments, message, capsys):
    with pytest.raises(SystemExit):
        main(arguments)
    assert message in capsys.readouterr().err


def test_races_on_another_backend_need_no_tensorflow_and_have_a_file_of_their_own(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    monkeypatch.setattr(races, "read_versions", dict)
    monkeypatch.setattr(race, "run_in_new_process", lambda race_all, system, times, *how: [make_run(8.0, 1.0)] * times)
    monkeypatch.setattr("tools.results.RACES", tmp_path / "results.json")
    race.main([])
    race.main(["--only", "R4", "--times", "2"])
    assert [path.name for path in tmp_path.iterdir()] == ["results_jax.json"]  # and no figure for the README
    stored = json.loads((tmp_path / "results_jax.json").read_text(encoding="utf-8"))
    assert list(stored) == ["R1", "R2", "R3", "R4", "R5", "R6", "R7", "R12"]
    assert (len(stored["R1"]["runs"]), len(stored["R4"]["runs"])) == (1, 2)
    with pytest.raises(SystemExit):
        race.main(["--only", "R1,R8"])
    assert "R8 need TensorFlow" in capsys.readouterr().err
