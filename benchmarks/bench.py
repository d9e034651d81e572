"""Race the published recipes against ours, each to the recipe's own test figure.

    make bench        or        python -m benchmarks.bench --only R1,R4 --times 3        or with --quick
    make bench PACED=3        times three epochs of each recipe before ours and three after, and counts them for all
    KERAS_BACKEND=jax make bench        stores in results_jax.json, for Keras on another backend

Both run in one process on the same data, in turns; each system has a process of its own. The clock runs while a model
trains and stands still while it is tested, after every epoch. A run ends when it first reaches the recipe's stored test
figure, or with its last epoch. That figure is the one a recipe ends at, so a paced recipe has all its epochs counted.
"""

import argparse
import contextlib
import functools
import gc
import importlib
import json
import math
import multiprocessing
import os
import statistics
import sys
import threading
import time
from concurrent.futures import ProcessPoolExecutor

import keras
import psutil
from tqdm import tqdm

from benchmarks import reference
from benchmarks.figure import draw
from benchmarks.lessons import Lesson
from benchmarks.races import RACES, TAPED
from helpers import set_seed
from helpers.results import read_reference, read_versions
from tools.files import write_text
from tools.results import RACES as FILE
from tools.results import make_race_table, read_races


class Finished(Exception):
    """The figure is reached; raised to end a training from inside."""


class Watch(keras.callbacks.Callback):
    """Time a training, test its model after every epoch, and end it once its figure is as low as `target`."""

    def __init__(self, target, test, title, last_epoch):
        super().__init__()
        self.target, self.test, self.last_epoch = target, test, last_epoch
        self.bar = tqdm(desc=title, unit="epoch", leave=False)
        self.seconds, self.figure, self.memory = [], None, 0  # seconds of each epoch
        self.started = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        self.seconds.append(time.perf_counter() - self.started)
        self.memory = max(self.memory, psutil.Process().memory_info().rss)
        self.figure = self.test(self.model)
        self.bar.total = self.last_epoch or self.params["epochs"]
        self.bar.set_postfix(figure=f"{self.figure:.4g}", target=f"{self.target:.4g}")
        self.bar.update()
        if self.figure <= self.target or len(self.seconds) == self.last_epoch:
            raise Finished
        self.started = time.perf_counter()

    def report(self):
        """Return what came out, as it is stored: seconds of training, updates of the weights, memory in MB."""
        self.bar.close()
        return {
            "reached": self.figure <= self.target,
            "figure": self.figure,
            "seconds": round(sum(self.seconds), 2),
            "epochs": len(self.seconds),
            "updates": len(self.seconds) * self.params["steps"],
            "memory": round(self.memory / 1e6),
        }


def report_paced(watches, epochs):
    """Return a report of a training of `epochs` epochs of which the first few were run and timed, once by each watch.

    The first epoch, in which functions are traced, is counted once; every other one takes the median of those timed.
    The figure was not reached here: it is what the recipe's stored run ended at.
    """
    firsts = [watch.seconds[0] for watch in watches]
    others = [seconds for watch in watches for seconds in watch.seconds[1:]]
    reports = [watch.report() for watch in watches]
    return {
        "reached": None,
        "figure": None,
        "seconds": round(statistics.median(firsts) + (epochs - 1) * statistics.median(others), 2),
        "epochs": epochs,
        "timed_epochs": sum(report["epochs"] for report in reports),
        "seconds_of_epochs": [round(seconds, 2) for seconds in firsts + others],  # to see whether the pace held
        "updates": epochs * reports[0]["updates"] // reports[0]["epochs"],
        "memory": max(report["memory"] for report in reports),
    }


def race(system, seed, last_epoch=None, paced=None):
    """Run a system's recipe and ours once each, ours first for odd seeds; return both reports by name.

    With `paced`, a number of epochs, the recipe runs for those alone, before ours and after it.
    """
    about, entry = RACES[system], read_reference()[system]
    target, data = entry["measures"][about.figure]["reproduced"], about.load()
    lesson = Lesson(about.notebook)
    lesson.prepare(SEED=seed, **(about.given or {}))
    recipe = importlib.import_module(f"benchmarks.{reference.list_recipes()[system]}")
    runners = {
        "recipe": (lambda watch: recipe.train(data, recipe.EPOCHS, [watch]), {}),
        "ours": (lesson.train, lesson.names),
    }

    def run(name, last_epoch, tested=True):
        train, names = runners[name]
        test = functools.partial(about.loss, names=names, data=data) if tested else (lambda model: math.inf)
        set_seed(seed)
        watch = Watch(target, test, f"{system} {name}", last_epoch)
        with contextlib.suppress(Finished):
            train(watch)
        return watch

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


def end_with_parent():
    """End this process as soon as the one that started it is gone, even by SIGKILL."""

    def wait():
        multiprocessing.parent_process().join()
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


def start_process():
    """Return a pool of one new process, which starts with nothing compiled or loaded and ends with this one."""
    spawned = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(1, mp_context=spawned, initializer=end_with_parent)


def race_apart(system, times, last_epoch, paced):
    """Return the reports of `times` races with the seeds 0, 1, ..., run in a process of their own."""
    with start_process() as pool:
        return list(pool.map(functools.partial(race, system, last_epoch=last_epoch, paced=paced), range(times)))


def summarize(system, runs):
    """Return what results.json holds of a system: the target, every run, and the ratio of the times."""
    measure = read_reference()[system]["measures"][RACES[system].figure]
    ratios = [run["recipe"]["seconds"] / run["ours"]["seconds"] for run in runs]
    return {
        "figure": f"{measure['name']} ({measure['unit']})",
        "target": measure["reproduced"],
        "ratio": round(statistics.median(ratios), 2),
        "ratios": [round(ratio, 2) for ratio in ratios],
        "runs": runs,
        "versions": read_versions(),
    }


def main(arguments=None):
    backend = keras.backend.backend()
    in_readme = backend == "tensorflow"
    file = FILE if in_readme else FILE.with_stem(f"{FILE.stem}_{backend}")
    races = [system for system in RACES if in_readme or system not in TAPED]
    parser = argparse.ArgumentParser(description="Race the published recipes against ours.")
    parser.add_argument("--only", default=",".join(races), help="systems, such as R1,R4")
    parser.add_argument("--times", type=int, default=1, help="runs of each, with the seeds 0, 1, ...")
    parser.add_argument("--paced", type=int, help="epochs of each recipe to time, two or more, in place of all")
    parser.add_argument("--quick", action="store_true", help="one epoch of each, and nothing is stored")
    options = parser.parse_args(arguments)
    systems = options.only.split(",")
    if unknown := [system for system in systems if system not in races]:
        parser.error(f"no race of {', '.join(unknown)} on {backend}; there are {', '.join(races)}")
    if options.paced is not None and options.paced < 2:
        parser.error(f"--paced {options.paced}: the first epoch traces; at least 2 tell what the others take")
    stored, found = read_races(file), {}
    last_epoch = 1 if options.quick else None
    for system in tqdm(systems, unit="system"):
        found[system] = summarize(system, race_apart(system, options.times, last_epoch, options.paced))
        if not options.quick:
            merged = {key: (stored | found)[key] for key in RACES if key in stored | found}
            write_text(file, json.dumps(merged, indent=2) + "\n")
            if in_readme:
                draw(merged)
    print(f"Keras on {backend}:\n\n{make_race_table(found)}")


if __name__ == "__main__":
    sys.exit(main())
