"""The races between recipes and lessons, gathered from the recipe modules, and how one is run."""

import functools
import gc
import math
import statistics
from typing import NamedTuple

from benchmarks.lessons import Lesson
from benchmarks.recipes import import_recipe, list_recipes
from benchmarks.recipes.keras_blog import loss_of_copies
from benchmarks.watch import Watch, report_paced
from helpers import load_mnist, set_seed
from helpers.results import read_reference, read_versions

__all__ = ["RACES", "Race", "describe_race", "loss_of_copies", "race_all", "summarize"]


class Race(NamedTuple):
    """A system's notebook, the measure raced for, and the function that computes it: loss(model, names, data).

    A lower loss is better. `names` are the notebook's variables, {} for the recipe. `load` returns the data.
    """

    notebook: str
    figure: str | None
    loss: callable
    load: callable


def describe_race(system):
    """Return the Race that a system's recipe module defines; `figure` is None if there is no race."""
    recipe = import_recipe(system)
    return Race(
        recipe.NOTEBOOK,
        getattr(recipe, "RACED_FOR", None),
        getattr(recipe, "loss", None),
        getattr(recipe, "load_data", load_mnist),
    )


RACES = {system: race for system in list_recipes() if (race := describe_race(system)).figure}


def race_all(system, times, last_epoch=None, paced=None):
    """Return the reports of `times` races with the seeds 0, 1, ...; see `run_race`."""
    return [run_race(system, seed, last_epoch, paced) for seed in range(times)]


def run_race(system, seed, last_epoch=None, paced=None):
    """Train a system's recipe and the lesson's model once each, ours first for odd seeds; return both reports by name.

    With `paced`, a number of epochs, only those of the recipe are trained, once before ours and once after.
    """
    race, recipe = RACES[system], import_recipe(system)
    target, data = _read_measure(system)["reproduced"], race.load()
    lesson = Lesson(race.notebook)
    lesson.prepare(SEED=seed)
    runners = {
        "recipe": (lambda watch: recipe.train(data, recipe.EPOCHS, [watch]), {}),
        "ours": (lesson.train, lesson.names),
    }

    def run(name, last_epoch, tested=True):
        train, names = runners[name]
        test = functools.partial(race.loss, names=names, data=data) if tested else (lambda model: math.inf)
        set_seed(seed)
        return Watch(target, test, f"{system} {name}", last_epoch).run(train)

    if paced and paced < recipe.EPOCHS:
        before = run("recipe", paced, tested=False)
        ours = run("ours", last_epoch).report()
        after = run("recipe", paced, tested=False)
        return {"recipe": report_paced([before, after], recipe.EPOCHS), "ours": ours}
    reports = {}
    for name in sorted(runners, reverse=seed % 2 == 0):
        reports[name] = run(name, last_epoch).report()
        gc.collect()
    return reports


def summarize(system, runs):
    """Return what results.json holds of a system: the target, every run, and the ratio of the times."""
    measure = _read_measure(system)
    ratios = [run["recipe"]["seconds"] / run["ours"]["seconds"] for run in runs]
    return {
        "figure": f"{measure['name']} ({measure['unit']})",
        "target": measure["reproduced"],
        "ratio": round(statistics.median(ratios), 2),
        "ratios": [round(ratio, 2) for ratio in ratios],
        "runs": runs,
        "versions": read_versions(),
    }


def _read_measure(system):
    return read_reference()[system]["measures"][RACES[system].figure]
