"""Prepare an executed notebook for storage: keep its outputs, but nothing about the machine that ran it."""

import base64
import re

from nbconvert.preprocessors import CoalesceStreamsPreprocessor

from helpers.validation import replace_file
from tools.notebooks import list_outputs, read_results, read_sources

CELL_METADATA = {"tags", "alt", "jupyter", "cellView"}
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}


def clean(notebook, seconds, peak_memory=None):
    """Remove progress bars and foreign metadata from a notebook in memory; record its seconds and peak memory in MB."""
    CoalesceStreamsPreprocessor(enabled=True).preprocess(notebook, {})
    for cell in notebook.cells:
        cell.metadata = {key: value for key, value in cell.metadata.items() if key in CELL_METADATA}
        if cell.cell_type == "code":
            # A progress bar erases itself and leaves only whitespace.
            for output in cell.outputs:
                if "text" in output:
                    output.text = re.sub(r" +\r(?=\n|$)", "", output.text)
            cell.outputs = [output for output in cell.outputs if output.get("text", "text").strip()]
    own = notebook.metadata.get("autoencoders", {}) | {"seconds": round(seconds)}
    if peak_memory is not None:
        own["peak_memory"] = round(peak_memory)
    notebook.metadata = {
        "kernelspec": KERNEL,
        "language_info": {"file_extension": ".py", "name": "python"},
        "autoencoders": own,
    }


def find_faults(notebook):
    """Return the reasons a notebook can't be published, such as an error, a warning, or results on synthetic data."""
    faults = []
    for output in list_outputs(notebook):
        if output.output_type == "error":
            faults.append(f"a cell failed: {output.ename}")
        if output.get("name") == "stderr":
            faults.append(f"a cell wrote to standard error: {output.text.strip().splitlines()[0]}")
        if re.search(r" at 0x[0-9a-f]+>|<tf\.Tensor", output.get("data", {}).get("text/plain", "")):
            faults.append("a cell displays an object that tells a reader nothing; end its last line with a semicolon")
    if "synthetic" in read_sources(notebook):
        faults.append("synthetic data was used; publishing needs the real data")
    if any(row["budget"] != "full" for row in read_results(notebook)):
        faults.append("some results don't come from the full budget")
    return faults


def write_pictures(notebook, path):
    """Save the outputs of cells tagged `destination` and `film` as pictures/<notebook>.png and .gif."""
    folder = path.parent / "pictures"
    for suffix, pictures in {".png": read_destinations(notebook), ".gif": read_films(notebook)}.items():
        for picture in pictures:
            folder.mkdir(exist_ok=True)
            replace_file(folder / f"{path.stem}{suffix}", picture)


def read_destinations(notebook):
    """Return the PNGs in the outputs of cells tagged `destination`; a lesson's opening shows this picture."""
    data = [output.get("data", {}) for output in list_outputs_tagged(notebook, "destination")]
    return [base64.b64decode(shown["image/png"]) for shown in data if "image/png" in shown]


def read_films(notebook):
    """Return the GIFs in the outputs of cells tagged `film`; the README shows the one from notebook 10."""
    shown = [output.get("data", {}).get("text/html", "") for output in list_outputs_tagged(notebook, "film")]
    return [base64.b64decode(film) for html in shown for film in re.findall(r"data:image/gif;base64,([\w+/=]+)", html)]


def list_outputs_tagged(notebook, tag):
    """Return the outputs of all code cells with a tag."""
    tagged = [cell for cell in notebook.cells if tag in cell.metadata.get("tags", []) and cell.cell_type == "code"]
    return [output for cell in tagged for output in cell.outputs]
