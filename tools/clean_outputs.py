"""What is stored of an executed notebook: its outputs, and nothing of the machine that made them."""

import base64
import re

from nbconvert.preprocessors import CoalesceStreamsPreprocessor

from tools.files import write_bytes
from tools.notebooks import list_outputs, read_results

CELL_METADATA = {"tags", "alt"}
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}


def clean(notebook, seconds):
    """Drop progress bars and everything but whitelisted metadata from a notebook in memory; note how long it took."""
    CoalesceStreamsPreprocessor(enabled=True).preprocess(notebook, {})
    for cell in notebook.cells:
        cell.metadata = {key: value for key, value in cell.metadata.items() if key in CELL_METADATA}
        if cell.cell_type == "code":
            # A progress bar wipes itself out, and what is left of it is white space.
            for output in cell.outputs:
                if "text" in output:
                    output.text = re.sub(r" +\r(?=\n|$)", "", output.text)
            cell.outputs = [output for output in cell.outputs if output.get("text", "text").strip()]
    notebook.metadata = {
        "kernelspec": KERNEL,
        "language_info": {"name": "python"},
        "autoencoders": {"seconds": round(seconds)},
    }


def find_faults(notebook):
    """Return sentences on why a notebook must not be published: an error, a warning, or results on a stand-in."""
    faults = []
    for output in list_outputs(notebook):
        if output.output_type == "error":
            faults.append(f"a cell failed: {output.ename}")
        if output.get("name") == "stderr":
            faults.append(f"a cell wrote to standard error: {output.text.strip().splitlines()[0]}")
        if re.search(r" at 0x[0-9a-f]+>|<tf\.Tensor", output.get("data", {}).get("text/plain", "")):
            faults.append("a cell shows an object that tells a reader nothing: end its last line with a semicolon")
        if "These are stand-ins" in output.get("text", ""):
            faults.append("a stand-in was used; publishing needs the real data")
    if any(row["budget"] != "full" for row in read_results(notebook)):
        faults.append("the budget is not the full one")
    return faults


def write_destination_picture(notebook, path):
    """Store the picture of the cell tagged `destination` as pictures/<notebook>.png, which the opening shows."""
    for cell in notebook.cells:
        if "destination" in cell.metadata.get("tags", []):
            for output in cell.outputs:
                if "image/png" in output.get("data", {}):
                    folder = path.parent / "pictures"
                    folder.mkdir(exist_ok=True)
                    write_bytes(folder / f"{path.stem}.png", base64.b64decode(output["data"]["image/png"]))
