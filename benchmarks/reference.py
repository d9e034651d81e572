"""Run one published recipe in full and store its results in helpers/reference.json.

    make reference SYSTEM=R1        or        python -m benchmarks.reference R1 --seeds 0 1 2
    make reference SYSTEM=R1 CURVE=1        trains once more and stores only the curve

With several seeds, the recipe is run once with each; the median is stored, and every run's value with it. The curve of
a raced system is the test result and the training seconds of every epoch with the first seed; all curves are in
benchmarks/reference.json.
"""

import argparse
import functools
import json
import os
import statistics
import sys
from pathlib import Path

import helpers
from benchmarks.recipes import import_recipe, list_recipes, read_constants
from helpers import results
from helpers.validation import replace_file

CURVES = Path(__file__).with_name("reference.json")
CLOSE = 0.001  # A result that is worse than the last one by this share, or less, is enough.
EQUAL = 0.005  # Last results of one seed are expected to agree to this share.


def read_curves():
    """Return what benchmarks/reference.json holds: the curve of every raced system recorded so far."""
    return json.loads(CURVES.read_text(encoding="utf-8")) if CURVES.exists() else {}


def count_enough(curve):
    """Return how many epochs a recipe needs until its test result is within 0.1% of its last one; lower is better."""
    last = curve["results"][-1]
    return next(epoch for epoch, result in enumerate(curve["results"], 1) if result <= last + CLOSE * abs(last))


def train(recipe, data, seed, epochs=None, tested=True):
    """Train a recipe module once; return its models and its curve, without results unless `tested` and raced.

    Testing a VAE draws random numbers, so that its training isn't that of the same seed without tests.
    """
    from benchmarks.watch import Watch  # By now, Keras has been started without messages.

    test = functools.partial(recipe.loss, names={}, data=data) if tested and hasattr(recipe, "RACED_FOR") else None
    helpers.set_seed(seed)
    watch = Watch(f"{recipe.TITLE}, seed {seed}", test)
    models = recipe.train(data, epochs or recipe.EPOCHS, [watch])
    return models, {
        "measure": getattr(recipe, "RACED_FOR", None),
        "seed": seed,
        "results": [float(f"{result:.6g}") for result in watch.results],
        "seconds": [round(seconds, 2) for seconds in watch.seconds],
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "versions": results.read_versions(),
    }


def run_recipe(recipe, data, seeds, epochs=None):
    """Train a recipe module once with each seed; return its entry of helpers/reference.json and the first seed's curve.

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
        return entry, None
    runs, curves = [], []
    for seed in seeds:
        found = {}
        if hasattr(recipe, "measure_as_published"):
            helpers.set_seed(seed)
            found = recipe.measure_as_published(data, epochs or recipe.EPOCHS, [helpers.show_progress()])
        models, curve = train(recipe, data, seed, epochs, tested=not curves)
        runs.append(found | recipe.measure(models, data))
        curves.append(curve)
    for name, measure in entry["measures"].items():
        measure["runs"] = [run[name] for run in runs]
        measure["reproduced"] = statistics.median(measure["runs"])
    return entry | {
        "epochs": epochs or recipe.EPOCHS,
        "seconds": round(statistics.median(sum(curve["seconds"]) for curve in curves), 1),
        "seeds": list(seeds),
        "data_source": data.source,
        "versions": results.read_versions(),
    }, curves[0]


def store_curve(system, curve, entry):
    """Store a system's curve and print how it ends, next to the run with the same seed in helpers/reference.json."""
    curves = read_curves() | {system: curve}
    lines = [f'"{name}": {json.dumps(curves[name])}' for name in sorted(curves, key=lambda name: int(name[1:]))]
    replace_file(CURVES, ("{\n" + ",\n".join(lines) + "\n}\n").encode())
    last, known = curve["results"][-1], entry["measures"][curve["measure"]]["runs"][0]
    enough = count_enough(curve)
    print(f"{system} is within {CLOSE:.1%} of its last result after {enough} of {len(curve['results'])} epochs", end="")
    print(f" and {sum(curve['seconds'][:enough]):.0f} s; stored in benchmarks/reference.json")
    print(f"last {curve['measure']} with seed {curve['seed']}: {last:.5g}; in helpers/reference.json: {known:.5g}")
    if (apart := abs(last / known - 1)) > EQUAL:
        print(f"WARNING: these differ by {apart:.1%}, more than {EQUAL:.1%}; check the versions stored with both.")


def main(arguments=None):
    raced = [system for system, constants in read_constants().items() if "RACED_FOR" in constants]
    parser = argparse.ArgumentParser(description="Run one published recipe and store its results.")
    parser.add_argument("system", choices=list_recipes(), help="which system's recipe to run")
    either = parser.add_mutually_exclusive_group()
    either.add_argument("--seeds", type=int, nargs="+", default=[0], help="one run with each (default: 0)")
    either.add_argument("--curve", action="store_true", help="train with the first stored seed; store only the curve")
    options = parser.parse_args(arguments)
    system, seeds = options.system, options.seeds
    if min(seeds) < 0 or len(set(seeds)) < len(seeds):
        parser.error(f"--seeds {' '.join(map(str, seeds))}: expected different numbers of at least 0")
    if options.curve and system not in raced:
        parser.error(f"{system} isn't raced, so it needs no curve; expected one of {', '.join(raced)}")
    if "EPOCHS" not in read_constants()[system]:
        parser.error(f"{system} was published without code, so there is nothing to run")
    stored = results.read_reference()
    if options.curve and system not in stored:
        parser.error(f"no stored run of {system}; `make reference SYSTEM={system}` stores one, with its curve")
    helpers.start_keras()
    recipe = import_recipe(system)
    data = getattr(recipe, "load_data", helpers.load_mnist)()
    if not data.is_real:
        sys.exit("Reference results need the real data; nothing was stored.")
    if options.curve:
        entry = stored[system]
        _, curve = train(recipe, data, entry["seeds"][0])
    else:
        entry, curve = run_recipe(recipe, data, seeds)
        in_order = dict(sorted((stored | {system: entry}).items(), key=lambda item: int(item[0][1:])))
        replace_file(results.REFERENCE_FILE, (json.dumps(in_order, indent=2) + "\n").encode())
        for name, about in entry["measures"].items():
            if about["runs"]:
                print(f"{system} {name}: published {about['published']}, reproduced {about['reproduced']:.5f}")
        print(f"{entry['seconds']} s of training (median of {len(seeds)}); stored in helpers/reference.json")
    if system in raced:
        store_curve(system, curve, entry)


if __name__ == "__main__":
    main()
