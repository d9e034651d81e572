"""Train the lessons' own models on a GPU, each to its last epoch; store seconds and results for the README.

    KERAS_BACKEND=jax python -m benchmarks.gpu        or, for some of them,        --only R1,R13

JAX must be installed with GPU support. Every raced system is trained unless its recipe module says otherwise.
"""

import argparse
import json
import math
import os

from tqdm import tqdm

from benchmarks.processes import run_in_new_process
from benchmarks.recipes import read_constants
from helpers.results import read_versions
from helpers.startup import hold_native_messages
from helpers.validation import replace_file
from tools.results import CARD as FILE
from tools.results import read_card

SEED = 0


def list_trainings():
    """Return the tag of the notebook's cells that train a system on a GPU, by system."""
    tags = {
        system: constants.get("ON_GPU", "race" if "RACED_FOR" in constants else None)
        for system, constants in read_constants().items()
    }
    return {system: tag for system, tag in tags.items() if tag}


def train(system):
    """Train a system's model once in full; return seconds, test result, and peak GPU memory in MB."""
    from benchmarks.lessons import Lesson  # Imported here, after Keras was started quietly.
    from benchmarks.races import describe_race
    from benchmarks.watch import Watch
    from helpers import set_seed

    race = describe_race(system)
    data, lesson = race.load(), Lesson(race.notebook, list_trainings()[system])
    lesson.prepare(SEED=SEED)
    set_seed(SEED)
    watch = Watch(-math.inf, lambda model: race.loss(model, lesson.names, data), system).run(lesson.train)
    run = watch.report()
    return {
        "seconds": run["seconds"],
        "first_epoch": round(watch.seconds[0], 2),
        "epochs": run["epochs"],
        "figure": run["figure"],
        "card_memory": measure_memory(),
    }


def measure_memory():
    """Return the peak memory that JAX has used on its first GPU, in MB."""
    import jax

    return round(jax.devices()[0].memory_stats()["peak_bytes_in_use"] / 1e6)


def name_gpu():
    """Return JAX's name for its first GPU, or "" if it finds none."""
    import jax

    from helpers.environment import list_accelerators

    return jax.devices()[0].device_kind if list_accelerators() else ""


def main(arguments=None):
    known = list_trainings()
    parser = argparse.ArgumentParser(description="Train the lessons' models on a GPU.", usage=argparse.SUPPRESS)
    parser.add_argument("--only", default=",".join(known), help="systems, such as R1,R13 (default: all)")
    systems = list(dict.fromkeys(parser.parse_args(arguments).only.split(",")))
    if unknown := [system for system in systems if system not in known]:
        parser.error(f"no training of {', '.join(map(repr, unknown))}; expected some of {', '.join(known)}")
    with hold_native_messages():  # This process must not start a GPU and take memory from the others.
        import keras
    if keras.backend.backend() != "jax":
        parser.error(f"Keras runs on {keras.backend.backend()}; expected jax: set KERAS_BACKEND=jax")
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")  # so that a process leaves memory for others
    if not (gpu := run_in_new_process(name_gpu)):
        parser.error("JAX finds no GPU; install JAX with support for yours, as described in its installation guide")
    about = {"card": gpu, "backend": "jax", "seed": SEED, "versions": read_versions()}
    stored = read_card()
    runs = stored["runs"] if stored.get("card") == gpu else {}
    for system in tqdm(systems, unit="system"):
        runs[system] = run_in_new_process(train, system)
        ordered = {name: runs[name] for name in known if name in runs}
        replace_file(FILE, (json.dumps(about | {"runs": ordered}, indent=2) + "\n").encode())


if __name__ == "__main__":
    main()
