"""Run one published recipe to its published number of epochs and store its results in helpers/reference.json.

    make reference SYSTEM=R1        or        python -m benchmarks.reference R1 --seeds 0 1 2

With several seeds the recipe is run once with each; the median is stored, and every run's value beside it.
"""

import argparse
import json
import statistics
import sys
import time

import helpers
from benchmarks.recipes import import_recipe, list_recipes
from helpers import results
from helpers.validation import replace_file


def run_recipe(recipe, data, seeds, epochs=None):
    """Train a recipe module once with each seed and return its entry of reference.json.

    `data` is a Dataset; `epochs` None is the published number. A recipe that was published with the test images among
    its training images is trained twice: `train` leaves them out and is timed; `measure_as_published` includes them.
    A system that was published without code, a module without `train`, gets an entry without a run.
    """
    entry = {
        "title": recipe.TITLE,
        "source": recipe.SOURCE,
        "epochs": None,
        "seconds": None,
        "seeds": [],
        "data_source": None,
        "versions": {},
        "measures": {
            name: about._asdict() | {"reproduced": None, "runs": []} for name, about in recipe.MEASURES.items()
        },
    }
    if not hasattr(recipe, "train"):
        return entry
    epochs = epochs or recipe.EPOCHS
    runs, seconds = [], []
    for seed in seeds:
        found = {}
        if hasattr(recipe, "measure_as_published"):
            helpers.set_seed(seed)
            found = recipe.measure_as_published(data, epochs, [helpers.show_progress()])
        helpers.set_seed(seed)
        started = time.perf_counter()
        models = recipe.train(data, epochs, [helpers.show_progress()])
        seconds.append(round(time.perf_counter() - started, 1))
        runs.append(found | recipe.measure(models, data))
    for name, measure in entry["measures"].items():
        measure["runs"] = [run[name] for run in runs]
        measure["reproduced"] = statistics.median(measure["runs"])
    return entry | {
        "epochs": epochs,
        "seconds": statistics.median(seconds),
        "seeds": list(seeds),
        "data_source": data.source,
        "versions": results.read_versions(),
    }


def main(arguments=None):
    parser = argparse.ArgumentParser(description="Run one published recipe and store its results.")
    parser.add_argument("system", choices=list_recipes(), help="which system's recipe to run")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0], help="one run with each (default: 0)")
    options = parser.parse_args(arguments)
    if min(options.seeds) < 0 or len(set(options.seeds)) < len(options.seeds):
        parser.error(f"--seeds {' '.join(map(str, options.seeds))}: expected different numbers of at least 0")
    helpers.start_keras()
    recipe = import_recipe(options.system)
    data = getattr(recipe, "load_data", helpers.load_mnist)()
    if not data.is_real:
        sys.exit("Reference results need the real data; nothing was stored.")
    entry = run_recipe(recipe, data, options.seeds)
    stored = results.read_reference() | {options.system: entry}
    in_order = dict(sorted(stored.items(), key=lambda item: int(item[0][1:])))
    replace_file(results.REFERENCE_FILE, (json.dumps(in_order, indent=2) + "\n").encode())
    for name, about in entry["measures"].items():
        if about["runs"]:
            print(f"{options.system} {name}: published {about['published']}, reproduced {about['reproduced']:.5f}")
    print(f"{entry['seconds']} s of training (median of {len(entry['seeds'])}); stored in reference.json")


if __name__ == "__main__":
    main()
