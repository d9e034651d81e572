"""Race the published recipes against the lessons' models, each to the recipe's own test result.

    make bench        or        python -m benchmarks.race --only R1,R4 --times 3        or with --quick
    make bench PACED=3        times three epochs of each recipe before ours and three after, and counts them for all
    KERAS_BACKEND=jax make bench        stores in results_jax.json, for Keras on another backend

Both models are trained in one process on the same data, in turn; each system has a process of its own. A training ends
when it first reaches the recipe's stored test result, or with its last epoch. The stored result is that of the recipe's
last epoch, so all epochs of a paced recipe are counted.
"""

import argparse
import json

from tqdm import tqdm

import helpers
from benchmarks.processes import run_in_new_process
from benchmarks.recipes import list_recipes, needs_tensorflow, read_constants
from helpers.validation import replace_file


def main(arguments=None):
    raced = [system for system, constants in read_constants().items() if "RACED_FOR" in constants]
    parser = argparse.ArgumentParser(description="Race the published recipes against ours.", usage=argparse.SUPPRESS)
    parser.add_argument("--only", help="systems, such as R1,R4 (default: all)")
    parser.add_argument("--times", type=int, default=1, help="runs of each, with the seeds 0, 1, ...")
    parser.add_argument("--paced", type=int, help="epochs of each recipe to time, two or more, instead of all")
    parser.add_argument("--quick", action="store_true", help="one epoch of each, and nothing is stored")
    options = parser.parse_args(arguments)
    systems = raced if options.only is None else list(dict.fromkeys(options.only.split(",")))
    if unknown := [system for system in systems if system not in raced]:
        parser.error(f"no race of {', '.join(map(repr, unknown))}; expected some of {', '.join(raced)}")
    if options.times < 1:
        parser.error(f"--times {options.times}: expected at least 1")
    if options.paced is not None and options.paced < 2:
        parser.error(f"--paced {options.paced}: expected at least 2, since the first epoch also compiles")

    # Not at the top, so that a wrong argument is refused at once and Keras starts without messages.
    helpers.start_keras()
    import keras

    from benchmarks.figure import draw
    from benchmarks.races import race_all, summarize
    from tools.results import RACES, make_race_table, read_races

    backend = keras.backend.backend()
    in_readme = backend == "tensorflow"
    file = RACES if in_readme else RACES.with_stem(f"{RACES.stem}_{backend}")
    taped = [] if in_readme else [system for system in systems if needs_tensorflow(list_recipes()[system])]
    if taped and options.only:
        parser.error(f"the recipes of {', '.join(taped)} need TensorFlow, and Keras runs on {backend}")
    stored, found = read_races(file), {}
    for system in tqdm([system for system in systems if system not in taped], unit="system"):
        last_epoch = 1 if options.quick else None
        runs = run_in_new_process(race_all, system, options.times, last_epoch, options.paced)
        found[system] = summarize(system, runs)
        if not options.quick:
            merged = {key: (stored | found)[key] for key in raced if key in stored | found}
            replace_file(file, (json.dumps(merged, indent=2) + "\n").encode())
            if in_readme:
                draw(merged)
    print(f"Keras on {backend}:\n\n{make_race_table(found)}")


if __name__ == "__main__":
    main()
