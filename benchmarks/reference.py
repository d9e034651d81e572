"""Run one published recipe to its published number of epochs and store its figures in reference.json.

    make reference SYSTEM=R1        or        python -m benchmarks.reference R1 --seeds 0 1 2

With several seeds the recipe is run once with each; what is stored is the median, with every run's value beside it.
"""

import argparse
import importlib
import json
import statistics
import sys
import time
from pathlib import Path

from helpers import load_mnist, set_seed, show_progress
from helpers.results import read_versions
from tools.files import write_text

HERE = Path(__file__).parent
FILE = HERE / "reference.json"


def list_recipes():
    """Return the recipe modules' names by system: {'R1': 'r1_dense', ...}."""
    names = sorted(path.stem for path in HERE.glob("r[0-9]*_*.py"))
    return {name.split("_")[0].upper(): name for name in names}


def run_recipe(recipe, data, seeds, epochs=None):
    """Train a recipe module once for each seed and return its entry of reference.json.

    `data` is a Dataset; `epochs` None is the published number. A recipe that was published with the test images among
    those it trained on has two trainings: `train` leaves them out and is the one that is timed; `measure_as_published`
    trains again with them. A system without a recipe, a module without `train`, gets an entry without a run.
    """
    if not hasattr(recipe, "train"):
        return describe(recipe)
    epochs = epochs or recipe.EPOCHS
    runs, seconds = [], []
    for seed in seeds:
        figures = {}
        if hasattr(recipe, "measure_as_published"):
            set_seed(seed)
            figures = recipe.measure_as_published(data, epochs, [show_progress()])
        set_seed(seed)
        started = time.perf_counter()
        models = recipe.train(data, epochs, [show_progress()])
        seconds.append(round(time.perf_counter() - started, 1))
        runs.append(figures | recipe.measure(models, data))
    entry = describe(recipe) | {
        "epochs": epochs,
        "seconds": statistics.median(seconds),
        "seeds": list(seeds),
        "data_source": data.source,
        "versions": read_versions(),
    }
    for name, measure in entry["measures"].items():
        measure["runs"] = [run[name] for run in runs]
        measure["reproduced"] = statistics.median(measure["runs"])
    return entry


def describe(recipe):
    """Return a system's entry of reference.json as it is before any run."""
    return {
        "title": recipe.TITLE,
        "source": recipe.SOURCE,
        "epochs": None,
        "seconds": None,
        "seeds": [],
        "data_source": None,
        "versions": {},
        "measures": {name: about | {"reproduced": None, "runs": []} for name, about in recipe.MEASURES.items()},
    }


def main(arguments=None):
    recipes = list_recipes()
    parser = argparse.ArgumentParser(description="Run one published recipe and store its figures.")
    parser.add_argument("system", choices=recipes, help="which system's recipe to run")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0], help="one run with each (default: 0)")
    options = parser.parse_args(arguments)
    recipe = importlib.import_module(f"benchmarks.{recipes[options.system]}")
    data = getattr(recipe, "load_data", load_mnist)()
    if not data.is_real:
        sys.exit("A reference figure needs the real data; nothing was stored.")
    entry = run_recipe(recipe, data, options.seeds)
    stored = json.loads(FILE.read_text(encoding="utf-8")) if FILE.exists() else {}
    stored[options.system] = entry
    in_order = dict(sorted(stored.items(), key=lambda item: int(item[0][1:])))
    write_text(FILE, json.dumps(in_order, indent=2) + "\n")
    if not entry["seeds"]:
        print(f"{options.system} has no recipe to run; its description is stored in {FILE.name}")
        return
    for name, about in entry["measures"].items():
        print(f"{options.system} {name}: published {about['published']}, reproduced {about['reproduced']:.5f}")
    print(f"{entry['seconds']} s of training (median of {len(options.seeds)}); stored in {FILE.name}")


if __name__ == "__main__":
    main()
