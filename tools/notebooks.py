"""Find the notebooks, name them, and read what they store."""

import importlib.util
import os
import re
from pathlib import Path

import nbformat

from helpers.results import RESULTS_TYPE

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "notebooks"
PARTS = {
    "Part 1. Autoencoders": range(0, 8),
    "Part 2. Variational autoencoders": range(8, 14),
    "Interlude. Claims and scale": range(14, 16),
    "Part 3. Autoencoders today": range(16, 100),
}


def list_notebooks(only=None, solutions=True):
    """Return the paths of the notebooks in reading order: the lessons and then, if wanted, the solutions.

    `only` is a number or the start of a name, such as '7', '07', or 'solutions/07'. Raises ValueError if none fits.
    """
    lessons = sorted(FOLDER.glob("*.ipynb"))
    if only is not None and only.startswith("solutions/"):
        return _choose(sorted(FOLDER.glob("solutions/*.ipynb")), only.removeprefix("solutions/"))
    return _choose(lessons + (sorted(FOLDER.glob("solutions/*.ipynb")) if solutions else []), only)


def _choose(paths, only):
    start = only and only.zfill(2)  # so that 1 isn't 10 to 15
    chosen = [path for path in paths if only is None or path.name.startswith(start)]
    if not chosen:
        numbers = ", ".join(dict.fromkeys(path.name[:2] for path in paths))
        raise ValueError(f"no notebook name starts with {only!r}; available: {numbers}")
    return chosen


def name_data_folder_in_full():
    """Make AUTOENCODER_DATA absolute, since kernels don't start in this process's folder."""
    if os.environ.get("AUTOENCODER_DATA"):
        os.environ["AUTOENCODER_DATA"] = os.path.abspath(os.path.expanduser(os.environ["AUTOENCODER_DATA"]))


def name_of(path):
    """Return a notebook's name in fast.toml and the tables: '01_dense_autoencoder', 'solutions/01_...'."""
    return Path(path).resolve().relative_to(FOLDER.resolve()).with_suffix("").as_posix()


def read_notebook(path):
    """Return the nbformat notebook at `path`. Raises ValueError, naming the file, if it can't be read."""
    try:
        return nbformat.read(path, as_version=4)
    except Exception as error:
        raise ValueError(f"{path} is not a readable notebook: {error}") from error


def read_extra_packages(notebook):
    """Return the import names of extra packages listed under autoencoders.needs in a notebook's metadata."""
    return notebook.metadata.get("autoencoders", {}).get("needs", [])


def explain_skip(notebook):
    """Return why a notebook can't run here and what to do about it, or "" if everything it needs is installed."""
    missing = [package for package in read_extra_packages(notebook) if importlib.util.find_spec(package) is None]
    return f"{' and '.join(missing)} not installed; run `make scale` to install them" if missing else ""


def list_outputs(notebook):
    """Return all outputs of a notebook's code cells, in order."""
    return [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]


def read_code(cell):
    """Return a cell's code as plain Python, with lines that start with % replaced by `pass`."""
    return re.sub(r"(?m)^(\s*)%.*$", r"\1pass", cell.source)


def read_results(notebook):
    """Return the rows that a notebook's results tables store as JSON, or an empty list."""
    rows = []
    for output in list_outputs(notebook):
        rows += output.get("data", {}).get(RESULTS_TYPE, [])
    return rows


def read_sources(notebook):
    """Return the data sources that an executed notebook's loaders printed, such as 'folder'."""
    printed = "".join(output.get("text", "") for output in list_outputs(notebook))
    return ", ".join(sorted(set(re.findall(r"images from: ([a-z-]+)", printed))))


def read_title(notebook):
    """Return the text of a notebook's first heading."""
    first_line = notebook.cells[0].source.splitlines()[0]
    return first_line.lstrip("# ").strip()


def read_needs(notebook):
    """Return the numbers of the prerequisite notebooks linked under *You need* in the opening, except 00."""
    needs = re.search(r"\*\*You need\*\*(.*?)(?:\n\n|$)", notebook.cells[0].source, flags=re.DOTALL)
    return sorted(set(re.findall(r"\((\d\d)_\w+\.ipynb\)", needs[1])) - {"00"}) if needs else []


def read_question(notebook):
    """Return the question in a notebook's opening: its first line in italics that ends in ?, without the asterisks."""
    for line in notebook.cells[0].source.splitlines():
        if line.startswith("*") and line.endswith("?*"):
            return line.strip("*")
    raise ValueError(f"the opening of {read_title(notebook)!r} has no line *in italics that ends in a question mark?*")
