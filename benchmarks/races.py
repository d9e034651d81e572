"""The races between recipes and lessons, gathered from the recipe modules, and how one is run."""

import functools
import gc
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
    measure: str | None
    loss: callable
    load: callable


def describe_race(system):
    """Return the Race that a system's recipe module defines; `measure` is None if there is no race."""
    recipe = import_recipe(system)
    return Race(
        recipe.NOTEBOOK,
        getattr(recipe, "RACED_FOR", None),
        getattr(recipe, "loss", None),
        getattr(recipe, "load_data", load_mnist),
    )


RACES = {system: race for system in list_recipes() if (race := describe_race(system)).measure}


def race_all(system, times, enough, paced=None, last_epoch=None):
    """Return the reports of `times` races with the seeds 0, 1, ...; see `run_race`."""
    return [run_race(system, seed, enough, paced, last_epoch) for seed in range(times)]


def run_race(system, seed, enough, paced=None, last_epoch=None):
    """Train a system's recipe and the lesson's model once each, ours first for odd seeds; return both reports by name.

    The recipe trains for `enough` epochs; with `paced`, only for that many, once before ours and once after. Ours
    trains until it reaches the recipe's stored result, or until `last_epoch`.
    """
    race, recipe = RACES[system], import_recipe(system)
    data, lesson = race.load(), Lesson(race.notebook)
    lesson.prepare(SEED=seed)

    def train_recipe(epochs):
        set_seed(seed)
        watch = Watch(f"{system} recipe", last_epoch=epochs)
        return watch.run(lambda watch: recipe.train(data, recipe.EPOCHS, [watch]))

    def train_ours():
        set_seed(seed)
        test = functools.partial(race.loss, names=lesson.names, data=data)
        return Watch(f"{system} ours", test, _read_measure(system)["reproduced"], last_epoch).run(lesson.train)

    if paced and paced < enough:
        before, ours, after = train_recipe(paced), train_ours(), train_recipe(paced)
        return {"recipe": report_paced([before, after], enough), "ours": ours.report()}
    trainings = {"recipe": lambda: train_recipe(enough), "ours": train_ours}
    reports = {}
    for name in sorted(trainings, reverse=seed % 2 == 0):
        reports[name] = trainings[name]().report()
        gc.collect()
    return reports


def summarize(system, runs):
    """Return what results.json holds of a system: the result to reach, every run, and the ratio of the seconds."""
    measure = _read_measure(system)
    ratios = [run["recipe"]["seconds"] / run["ours"]["seconds"] for run in runs]
    return {
        "measure": f"{measure['name']} ({measure['unit']})",
        "target": measure["reproduced"],
        "recipe_epochs": import_recipe(system).EPOCHS,
        "ratio": round(statistics.median(ratios), 2),
        "ratios": [round(ratio, 2) for ratio in ratios],
        "runs": runs,
        "versions": read_versions(),
    }


def _read_measure(system):
    return read_reference()[system]["measures"][RACES[system].measure]
