"""Race the published recipes against the lessons' models.

    make bench        or        python -m benchmarks.race --only R1,R4 --times 3        or with --quick
    KERAS_BACKEND=jax make bench        stores in results_jax.json, for Keras on another backend

A recipe is timed up to the first epoch whose test result is within 0.1% of its own last one, which its curve in
benchmarks/reference.json tells. Ours is timed until it reaches the recipe's stored result. Both are trained in one
process on the same data, in turn; each system has a process of its own.
"""

import argparse
import json

from tqdm import tqdm

import helpers
from benchmarks.processes import run_in_new_process
from benchmarks.recipes import list_recipes, needs_tensorflow, read_constants
from benchmarks.reference import count_enough, read_curves
from helpers.validation import replace_file

SHORT = 600  # seconds; a recipe whose curve took longer is paced


def plan_race(curve, times=None):
    """Return how to race a recipe with this curve, as arguments of `race_all`.

    Unless given, a recipe whose curve took under ten minutes runs in full, three times; a longer one is paced, once.
    """
    enough = count_enough(curve)
    short = sum(curve["seconds"][:enough]) < SHORT
    return {
        "times": times or (3 if short else 1),
        "enough": enough,
        "paced": None if short else 2,
    }


def main(arguments=None):
    lessons = {name: constants["NOTEBOOK"] for name, constants in read_constants().items() if "RACED_FOR" in constants}
    raced = sorted(lessons, key=lessons.get)
    parser = argparse.ArgumentParser(description="Race the published recipes against ours.", usage=argparse.SUPPRESS)
    parser.add_argument("--only", help="systems, such as R1,R4 (default: all)")
    parser.add_argument("--times", type=int, help="runs of each, with the seeds 0, 1, ... (default: 3, or 1 if long)")
    parser.add_argument("--quick", action="store_true", help="one epoch of each, and nothing is stored")
    options = parser.parse_args(arguments)
    systems = raced if options.only is None else list(dict.fromkeys(options.only.split(",")))
    if unknown := [system for system in systems if system not in raced]:
        parser.error(f"no race of {', '.join(map(repr, unknown))}; expected some of {', '.join(raced)}")
    if options.times is not None and options.times < 1:
        parser.error(f"--times {options.times}: expected at least 1")
    curves = read_curves()
    if missing := [system for system in systems if system not in curves and not options.quick]:
        commands = "".join(f"\n    make reference SYSTEM={system} CURVE=1" for system in missing)
        parser.error(f"no curve of {', '.join(missing)} in benchmarks/reference.json; to record it, run{commands}")

    # Not at the top, so that a wrong argument is refused at once and Keras starts without messages.
    helpers.start_keras()
    import keras

    from benchmarks.figure import draw
    from benchmarks.races import race_all, summarize
    from tools.results import RACES, make_race_table, read_races

    backend = keras.backend.backend()
    on_site = backend == "tensorflow"
    file = RACES if on_site else RACES.with_stem(f"{RACES.stem}_{backend}")
    taped = [] if on_site else [system for system in systems if needs_tensorflow(list_recipes()[system])]
    if taped and options.only:
        parser.error(f"the recipes of {', '.join(taped)} need TensorFlow, and Keras runs on {backend}")
    stored, found = read_races(file), {}
    for system in tqdm([system for system in systems if system not in taped], unit="system"):
        if options.quick:
            plan = {"times": options.times or 1, "enough": 1, "last_epoch": 1}
        else:
            plan = plan_race(curves[system], options.times)
        found[system] = summarize(system, run_in_new_process(race_all, system, **plan))
        if not options.quick:
            merged = {key: (stored | found)[key] for key in raced if key in stored | found}
            replace_file(file, (json.dumps(merged, indent=2) + "\n").encode())
            if on_site:
                draw(merged)
    print(f"Keras on {backend}:\n\n{make_race_table(found)}")


if __name__ == "__main__":
    main()
