"""The race between recipes and lessons: what is run of a notebook, when a run ends, and what is told of it."""

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import imageio.v3 as iio
import keras
import numpy as np
import psutil
import pytest
from nbformat import write
from nbformat.v4 import new_code_cell, new_notebook

from benchmarks import bench, card, figure, lessons, reference
from benchmarks.races import RACES, TAPED, loss_of_copies
from helpers import load_mnist, set_seed
from helpers.results import read_reference
from tools.fast_budget import read_fast_budget
from tools.notebooks import FOLDER, list_outputs, read_notebook
from tools.results import make_race_table, read_card


@pytest.fixture
def make_lesson(tmp_path, monkeypatch):
    """Return a function that makes a Lesson of sources; those that begin with # race have the tag."""
    monkeypatch.setattr(lessons, "FOLDER", tmp_path)

    def make(*sources):
        cells = [new_code_cell(source) for source in sources]
        for cell in cells:
            cell.metadata["tags"] = ["race"] * cell.source.startswith("# race")
        write(new_notebook(cells=cells), tmp_path / "00_test.ipynb")
        return lessons.Lesson("00_test")

    return make


def test_only_tagged_cells_run_and_the_last_one_is_timed(make_lesson):
    lesson = make_lesson("# race\nEPOCHS = 3", "1 / 0", "# race\nbar = show_progress()\nfound = EPOCHS, bar, rate")
    lesson.prepare(EPOCHS=2, rate=0.1)
    assert "found" not in lesson.names
    lesson.train("a callback")
    assert lesson.names["found"] == (2, "a callback", 0.1)


def test_on_pytorch_a_lesson_makes_one_update_a_call_and_compiles_nothing(make_lesson, monkeypatch):
    monkeypatch.setattr(keras.backend, "backend", lambda: "torch")
    lesson = make_lesson("# race\nSTEPS_PER_EXECUTION, JIT_COMPILE = 47, True", "# race\n1")
    lesson.prepare()
    assert (lesson.names["STEPS_PER_EXECUTION"], lesson.names["JIT_COMPILE"]) == (1, False)


def test_notebook_without_tagged_cells_is_refused(make_lesson):
    with pytest.raises(ValueError, match="1 cells of 00_test have the tag `race`; expected two or more"):
        make_lesson("# race\n1", "2")


@pytest.mark.parametrize("system", RACES)
def test_tagged_cells_of_a_notebook_define_all_that_they_use(system, tmp_path):
    lesson = lessons.Lesson(RACES[system].notebook)
    given = [f"{name} = {value!r}" for name, value in (RACES[system].given or {}).items()]
    file = tmp_path / "training.py"
    file.write_text("\n".join([*given, *lesson.definitions, lesson.training]), encoding="utf-8")
    command = [sys.executable, "-m", "ruff", "check", "--isolated", "--select", "F821", str(file)]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout


def test_rates_given_are_those_that_the_notebooks_chose():
    def read_printed(system):
        notebook = read_notebook(FOLDER / f"{RACES[system].notebook}.ipynb")
        return "".join(output.get("text", "") for output in list_outputs(notebook))

    (chosen,) = re.findall(r"at a peak of ([\d.]+)", read_printed("R3"))
    assert RACES["R3"].given["best_rate"] == float(chosen)
    tried = re.findall(r"ours, peak ([\d.]+): ELBO (-[\d.]+)", read_printed("R10"))
    assert RACES["R10"].given["best_rate"] == float(max(tried, key=lambda pair: float(pair[1]))[0])


def test_every_race_is_for_a_figure_that_its_recipe_has_reached():
    assert RACES.keys() < reference.list_recipes().keys()
    stored = read_reference()
    for system, race in RACES.items():
        measure = stored[system]["measures"][race.figure]
        assert measure["direction"] == "lower"
        assert measure["reproduced"] is not None


@pytest.mark.parametrize(("target", "epochs", "reached"), [(np.inf, 1, True), (0.0, 3, False)])
def test_run_ends_at_the_target_or_with_the_last_epoch(target, epochs, reached):
    data = load_mnist(source="stand-in")
    set_seed(0)
    model = keras.Sequential([keras.Input((784,)), keras.layers.Dense(784, "sigmoid")])
    model.compile("adam", "bce")
    watch = bench.Watch(target, lambda model: loss_of_copies((784,))(model, {}, data), "test", last_epoch=3)
    digits = data.x_train[:64].reshape(-1, 784)
    with pytest.raises(bench.Finished):
        model.fit(digits, digits, 32, epochs=5, verbose=0, callbacks=[watch])
    report = watch.report()
    assert (report["reached"], report["epochs"], report["updates"]) == (reached, epochs, 2 * epochs)
    assert report["seconds"] > 0
    assert report["memory"] > 50


def test_loss_of_copies_is_that_of_evaluate():
    data = load_mnist(source="stand-in")
    model = keras.Sequential([keras.Input((784,)), keras.layers.Dense(784, "sigmoid")])
    model.compile("adam", "bce")
    flat = data.x_test.reshape(-1, 784)
    expected = model.evaluate(flat, flat, verbose=0)
    np.testing.assert_allclose(loss_of_copies((784,))(model, {}, data), expected, rtol=1e-3)


def make_run(recipe, ours):
    about = {"reached": True, "figure": 0.09, "epochs": 2, "updates": 10, "memory": 900}
    return {"recipe": about | {"seconds": recipe}, "ours": about | {"seconds": ours}}


def test_ratio_is_the_median_over_runs():
    entry = bench.summarize("R1", [make_run(8.0, 1.0), make_run(9.0, 3.0), make_run(10.0, 2.0)])
    assert (entry["ratio"], entry["ratios"]) == (5.0, [8.0, 3.0, 5.0])
    *_, row, last = make_race_table({"R1": entry, "R2": entry | {"ratio": 20.0, "ratios": [20.0]}}).splitlines()
    assert row == "| R2 | 0.09157 | 9 s, 2 epochs, 10 steps, 0.9 GB | 2 s, 2 epochs, 10 steps, 0.9 GB | **20.0** |"
    assert last == "| all | | | | **10.0**, the geometric mean; lowest 5.0 |"


def test_run_that_missed_the_figure_says_so():
    run = make_run(8.0, 1.0)
    run["recipe"]["reached"] = False
    row = make_race_table({"R1": bench.summarize("R1", [run])}).splitlines()[2]
    assert "| 8 s, 2 epochs, 10 steps, 0.9 GB, figure not reached | 1 s, 2 epochs" in row


def test_paced_recipe_counts_all_its_epochs_at_the_pace_of_those_timed():
    watches = []
    for seconds in ([3.0, 1.0, 1.2], [5.0, 1.4, 1.1]):
        watches.append(bench.Watch(0, lambda model: 1.0, "test", last_epoch=3))
        watches[-1].seconds, watches[-1].figure, watches[-1].memory = seconds, np.inf, 9e8
        watches[-1].set_params({"epochs": 50, "steps": 10})
    report = bench.report_paced(watches, 50)
    assert report["seconds"] == pytest.approx(4.0 + 49 * 1.15)
    assert (report["epochs"], report["timed_epochs"], report["updates"], report["reached"]) == (50, 6, 500, None)
    run = make_run(8.0, 1.0) | {"recipe": report}
    row = make_race_table({"R1": bench.summarize("R1", [run])}).splitlines()[2]
    assert "| 60.4 s, 50 epochs at the pace of 6, 500 steps, 0.9 GB |" in row


def test_pace_of_one_epoch_is_refused(capsys):
    with pytest.raises(SystemExit):
        bench.main(["--only", "R1", "--paced", "1"])
    assert "at least 2" in capsys.readouterr().err


def test_picture_shows_every_race(tmp_path, monkeypatch):
    monkeypatch.setattr(figure, "FILE", tmp_path / "results.png")
    figure.draw({system: bench.summarize(system, [make_run(8.0, 1.0)]) for system in ("R1", "R2")})
    small = iio.imread(tmp_path / "results.png").shape[0]
    figure.draw({system: bench.summarize(system, [make_run(8.0, 1.0)]) for system in RACES})
    assert iio.imread(tmp_path / "results.png").shape[0] > 2 * small


def test_unknown_system_is_refused(capsys):
    with pytest.raises(SystemExit):
        bench.main(["--only", "R1,R99"])
    assert "no race of R99" in capsys.readouterr().err


def test_systems_whose_recipes_need_tensorflow_are_those_that_import_it():
    recipes = Path(reference.__file__).parent
    taped = {
        system
        for system in RACES
        if re.search(r"import (tensorflow|grid_vae)", (recipes / f"{reference.list_recipes()[system]}.py").read_text())
    }
    assert taped == TAPED


@pytest.fixture
def jax(monkeypatch):
    """Let the bench believe that Keras runs on JAX, and give it two runs of every race."""
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    monkeypatch.setattr(bench, "read_versions", dict)
    monkeypatch.setattr(bench, "race_apart", lambda system, times, last_epoch, paced: [make_run(8.0, 1.0)] * times)


@pytest.mark.usefixtures("jax")
def test_recipe_that_needs_tensorflow_is_refused_on_another_backend(capsys):
    with pytest.raises(SystemExit):
        bench.main(["--only", "R1,R8"])
    assert "no race of R8 on jax; there are R1, R2" in capsys.readouterr().err


@pytest.mark.usefixtures("jax")
def test_races_on_another_backend_have_a_file_of_their_own(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(bench, "FILE", tmp_path / "results.json")
    monkeypatch.setattr(bench, "draw", lambda results: pytest.fail("the README's picture is of TensorFlow"))
    bench.main(["--only", "R1"])
    bench.main(["--only", "R4", "--times", "2"])
    assert [path.name for path in tmp_path.iterdir()] == ["results_jax.json"]
    stored = json.loads((tmp_path / "results_jax.json").read_text(encoding="utf-8"))
    assert {system: len(entry["runs"]) for system, entry in stored.items()} == {"R1": 1, "R4": 2}
    assert "Keras on jax" in capsys.readouterr().out


def test_race_in_a_process_of_its_own_reports_both(capfd):
    (run,) = bench.race_apart("R1", times=1, last_epoch=1, paced=None)
    assert {name: report["epochs"] for name, report in run.items()} == {"recipe": 1, "ours": 1}
    assert all(report["seconds"] > 0 and np.isfinite(report["figure"]) for report in run.values())
    assert "R1 recipe" in capfd.readouterr().err


def test_race_ends_with_the_process_that_started_it(tmp_path):
    started = tmp_path / "started"
    script = f"""
import multiprocessing, os, pathlib, time
from concurrent.futures import ProcessPoolExecutor
from benchmarks.bench import end_with_parent

def work():
    pathlib.Path({str(started)!r}).write_text(str(os.getpid()))
    time.sleep(600)

if __name__ == "__main__":
    spawned = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=spawned, initializer=end_with_parent) as pool:
        pool.submit(work).result()
"""
    file = tmp_path / "race.py"
    file.write_text(script)
    environment = os.environ | {"PYTHONPATH": str(FOLDER.parent)}
    parent = subprocess.Popen([sys.executable, str(file)], env=environment)
    try:
        wait_until(lambda: started.exists() and started.read_text(), 120)
    finally:
        parent.kill()
        parent.wait()
    child = psutil.Process(int(started.read_text()))
    wait_until(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE, 20)


def wait_until(holds, seconds):
    """Wait until holds() does; fail after so many seconds."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.1)


def test_paced_race_trains_the_recipe_before_ours_and_after():
    (run,) = bench.race_apart("R1", times=1, last_epoch=1, paced=2)
    assert run["recipe"] | {"epochs": 50, "timed_epochs": 4, "updates": 50 * 235} == run["recipe"]
    assert run["ours"]["epochs"] == 1


def test_what_ran_on_a_graphics_card_reached_the_recipes_figures():
    runs, reference = read_card()["runs"], read_reference()
    assert runs.keys() == card.ON_A_CARD.keys()
    for system, run in runs.items():
        if system != "R13":  # Its recipe's figure is that of a sixteenth of the filters; on the card it has all.
            assert run["figure"] <= reference[system]["measures"][RACES[system].figure]["reproduced"], system
        assert 0 < run["first_epoch"] < run["seconds"]


@pytest.mark.parametrize(("system", "epochs"), [("R1", 1), ("R13", 2)])
def test_training_for_the_card_ends_with_its_last_epoch(system, epochs, monkeypatch):
    about, tag, _ = card.ON_A_CARD[system]
    short = read_fast_budget()[about.notebook] | {"DEEP_EPOCHS": 2}
    about = about._replace(given=short | (about.given or {}))
    monkeypatch.setitem(card.ON_A_CARD, system, (about, tag, "DEEP_EPOCHS"))
    monkeypatch.setattr(card, "measure_card_memory", lambda: 1)
    run = card.train(system)
    assert run["epochs"] == epochs
    assert 0 < run["first_epoch"] <= run["seconds"]
    assert np.isfinite(run["figure"])
    assert ("changed" in run) == (system == "R13")


def test_card_training_refuses_unknown_systems_and_other_backends(capsys):
    for arguments, message in ((["--only", "R10"], "no training of R10"), ([], "expected jax: set KERAS_BACKEND=jax")):
        with pytest.raises(SystemExit):
            card.main(arguments)
        assert message in capsys.readouterr().err
