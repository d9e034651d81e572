"""The table at the end of a notebook: the published result, the one reproduced today, and ours."""

import html
import importlib
import json
import platform
from pathlib import Path
from typing import NamedTuple

from helpers.validation import as_numbers, as_positive

RESULTS_TYPE = "application/vnd.autoencoders.results+json"
REFERENCE_FILE = Path(__file__).parent / "reference.json"
HEADINGS = ("measure", "published", "reproduced", "ours", "reached?")


class Result(NamedTuple):
    """Our result for a measure in `helpers/reference.json`; `claims` if it's supposed to reach the reproduced one."""

    system: str
    measure: str
    ours: float
    claims: bool = True


def show_results(notebook, results, *, data, budget, seed, seconds):
    """Return a table of Results beside the published and reproduced values, which a cell shows and stores as JSON.

    `notebook` is the file's name without its suffix, `data` the Dataset used, `budget` "full" or "fast", and `seconds`
    the training time: a number, or a dict with one for each system. With synthetic data or the fast budget, the other
    values are omitted. Raises ValueError for unknown, missing, or non-finite values, TypeError if ours isn't a number.
    """
    if budget not in ("full", "fast"):
        raise ValueError(f"budget is {budget!r}; expected one of full, fast")
    rows, reference, comparable = [], read_reference(), data.is_real and budget == "full"
    run = {"notebook": notebook, "seed": seed, "budget": budget, "data_source": data.source}
    for system, measure, ours, claims in results:
        known = reference.get(system, {"measures": reference})["measures"]
        if measure not in known:
            raise ValueError(f"reference.json has no {measure!r} for {system!r}; expected one of {sorted(known)}")
        row = {key: known[measure][key] for key in ("name", "unit", "direction", "published", "reproduced")}
        row["reproduced_seconds"] = reference[system]["seconds"]
        if not comparable:
            row |= dict.fromkeys(("published", "reproduced", "reproduced_seconds"))
        row["ours"] = float(as_numbers(ours, f"our results for {measure!r} of {system!r}"))
        own = seconds.get(system) if isinstance(seconds, dict) else seconds
        row["seconds"] = round(as_positive(own, f"seconds for {system}"), 1)
        row["claims"] = claims and comparable and row["direction"] is not None
        rows.append(row | run | {"system": system, "measure": measure, "versions": read_versions()})
    return ResultsTable(rows)


def read_reference():
    """Return `helpers/reference.json`: published and reproduced results by system. Raises FileNotFoundError."""
    return json.loads(REFERENCE_FILE.read_text(encoding="utf-8"))


def read_versions():
    """Return the versions that a result depends on, by package: Python, Keras, the backend in use, and NumPy."""
    backend = importlib.import_module("keras").backend.backend()  # here, so tools can read results without Keras
    versions = {name: importlib.import_module(name).__version__ for name in ("keras", backend, "numpy")}
    return {"python": platform.python_version()} | versions


class ResultsTable:
    """Rows of results, shown as HTML or text and stored as JSON. The target is the reproduced or published value."""

    def __init__(self, rows):
        self.rows, self.lines, self.note = rows, [HEADINGS], ""
        reference, several = read_reference(), len({row["system"] for row in rows}) > 1
        for row in rows:
            numbers = ["" if row[key] is None else f"{row[key]:.4g}" for key in ("published", "reproduced", "ours")]
            bar = row["published"] if row["reproduced"] is None else row["reproduced"]
            sign = {"lower": 1, "higher": -1}.get(row["direction"])
            reached = "" if None in (bar, sign) else "yes" if sign * row["ours"] <= sign * bar else "no"
            name = f"{reference[row['system']]['title']}: {row['name']}" if several else row["name"]
            self.lines.append([f"{name} ({row['unit']})", *numbers, reached])
            self.note = "Seed {seed}, {budget} budget, data: {data_source}.".format(**row)

    def __repr__(self):
        return "\n".join([*map(" | ".join, self.lines), self.note])

    def _repr_mimebundle_(self, include=None, exclude=None):
        head, *body = ["".join(f"<td>{html.escape(cell)}</td>" for cell in line) for line in self.lines]
        head, body = head.replace("td>", "th>"), "".join(f"<tr>{line}</tr>" for line in body)
        table = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table><p>{html.escape(self.note)}</p>"
        return {"text/plain": repr(self), "text/html": table, RESULTS_TYPE: self.rows}
