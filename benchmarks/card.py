"""Train the lessons' own models on a graphics card, each to its last epoch; store seconds and figures for the README.

    KERAS_BACKEND=jax python -m benchmarks.card        or, for some of them,        --only R1,R13

JAX has to be installed with its part for the card. R10 is left out: it is written with TensorFlow's gradient tape. R13
has all its filters here, since notebook 12 gives it those wherever Keras finds an accelerator.
"""

import argparse
import contextlib
import json
import math
import os
import sys

import keras
from tqdm import tqdm

from benchmarks.bench import Finished, Watch, start_process
from benchmarks.lessons import Lesson
from benchmarks.races import RACES
from helpers import set_seed
from helpers.environment import list_accelerators
from helpers.results import read_versions
from tools.files import write_text
from tools.results import CARD, read_card

SEED = 0
# What to train, the tag of its cells, and which parameter says after how many epochs to stop, where one does. Cells of
# notebook 12 with the tag `deep` train R13's deep network and then the wide one, which R13 is not about.
DEEP = RACES["R12"]._replace(given={"vae": None, "seconds": None})
ON_A_CARD = {system: (race, "race", None) for system, race in RACES.items() if system != "R10"}
ON_A_CARD |= {"R13": (DEEP, "deep", "DEEP_EPOCHS")}
CHANGED = {"R13": "with all its filters, at the rate chosen for a sixteenth of them"}


def train(system):
    """Train a system's model once to its last epoch; return seconds, figure, and the card's memory in MB."""
    about, tag, end = ON_A_CARD[system]
    data, lesson = about.load(), Lesson(about.notebook, tag)
    lesson.prepare(SEED=SEED, **(about.given or {}))
    set_seed(SEED)
    watch = Watch(-math.inf, lambda model: about.loss(model, lesson.names, data), system, lesson.names.get(end))
    with contextlib.suppress(Finished):
        lesson.train(watch)
    run = watch.report()
    note = {"changed": CHANGED[system]} if system in CHANGED else {}
    return note | {
        "seconds": run["seconds"],
        "first_epoch": round(watch.seconds[0], 2),
        "epochs": run["epochs"],
        "figure": run["figure"],
        "card_memory": measure_card_memory(),
    }


def run_apart(function, *arguments):
    """Return what a function returns in a process of its own, which leaves the card empty."""
    with start_process() as pool:
        return pool.submit(function, *arguments).result()


def measure_card_memory():
    """Return the most memory that JAX has held on its first card, in MB."""
    import jax

    return round(jax.devices()[0].memory_stats()["peak_bytes_in_use"] / 1e6)


def name_card():
    """Return what JAX calls its first card, or "" if it sees none."""
    import jax

    return jax.devices()[0].device_kind if list_accelerators() else ""


def main(arguments=None):
    parser = argparse.ArgumentParser(description="Train the lessons' models on a graphics card.")
    parser.add_argument("--only", default=",".join(ON_A_CARD), help="systems, such as R1,R13")
    options = parser.parse_args(arguments)
    systems = options.only.split(",")
    if unknown := [system for system in systems if system not in ON_A_CARD]:
        parser.error(f"no training of {', '.join(unknown)}; there are {', '.join(ON_A_CARD)}")
    if keras.backend.backend() != "jax":
        parser.error(f"Keras runs on {keras.backend.backend()}; expected jax: set KERAS_BACKEND=jax")
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")  # This process keeps none from those it starts.
    if not (card := run_apart(name_card)):
        parser.error("JAX sees no graphics card here; install the JAX that fits yours, see its installation guide")
    about = {"card": card, "backend": "jax", "seed": SEED, "versions": read_versions()}
    stored = read_card()
    runs = stored["runs"] if stored.get("card") == card else {}
    for system in tqdm(systems, unit="system"):
        runs[system] = run_apart(train, system)
        ordered = {name: runs[name] for name in ON_A_CARD if name in runs}
        write_text(CARD, json.dumps(about | {"runs": ordered}, indent=2) + "\n")


if __name__ == "__main__":
    sys.exit(main())
