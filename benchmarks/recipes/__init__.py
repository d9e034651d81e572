"""The published recipes, one module per system: r01_dense.py is R1. Adding a system means adding a module.

Every module defines

    NOTEBOOK: the lesson that stores our results on this system
    TITLE, SOURCE, MEASURES: what helpers/reference.json says about the system
    EPOCHS, train(data, epochs, callbacks), measure(models, data): the published training and its results. A system
        that was published without code has none of these and is only described.

and may define

    load_data(): the data set, if it isn't MNIST
    measure_as_published(data, epochs, callbacks): results of a second training, on the test images too, as published
    RACED_FOR, loss(model, names, data): the measure that the recipe and the lesson's model are raced for, and the
        function that computes it for either; lower is better. `names` are the notebook's variables, {} for the recipe.
    ON_GPU: the tag of the cells that gpu.py runs, if it isn't `race`, or None if the lesson's training needs TensorFlow
"""

import importlib
import re
from pathlib import Path
from typing import NamedTuple

from tools.fast_budget import read_literals

HERE = Path(__file__).parent


class Measure(NamedTuple):
    """What a recipe measures. `direction` is the better one: "lower", "higher", or None if neither is better."""

    name: str
    unit: str
    direction: str | None = None
    published: float | None = None


def list_recipes():
    """Return the names of the recipe modules by system: {"R1": "r01_dense", ...}."""
    names = sorted(path.stem for path in HERE.glob("r[0-9][0-9]_*.py"))
    return {f"R{int(name[1:3])}": name for name in names}


def import_recipe(system):
    """Return the recipe module of a system such as "R1"."""
    return importlib.import_module(f"{__name__}.{list_recipes()[system]}")


def read_constants():
    """Return the literal constants of every recipe module by system, without importing it, and so without Keras."""
    return {system: read_literals(_read_source(name)) for system, name in list_recipes().items()}


def read_lessons():
    """Return the notebook of every system: {"R1": "01_dense_autoencoder", ...}. Keras isn't imported."""
    return {system: constants["NOTEBOOK"] for system, constants in read_constants().items()}


def needs_tensorflow(name):
    """Return whether a recipe module imports TensorFlow, itself or through another module of recipes."""
    imported = re.findall(r"^(?:from|import) ([\w.]+)", _read_source(name), re.MULTILINE)
    shared = [module.removeprefix(f"{__name__}.") for module in imported if module.startswith(f"{__name__}.")]
    return "tensorflow" in imported or any(needs_tensorflow(module) for module in shared)


def _read_source(name):
    return (HERE / f"{name}.py").read_text(encoding="utf-8")
