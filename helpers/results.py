"""The table that ends a notebook: what was published, what its recipe gives today, and what came out here."""

import html
import json
import platform
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import keras

from helpers.checks import as_positive

RESULTS_TYPE = "application/vnd.autoencoders.results+json"
REFERENCE_FILE = Path(__file__).parent / "reference.json"
BUDGETS = ("full", "fast")


@dataclass(frozen=True)
class Result:
    """One measured figure: the system and measure as `helpers/reference.json` names them, and our value.

    `claims` says that the value is meant to be at least as good as the reproduced one, which a test then checks.
    """

    system: str
    measure: str
    ours: float
    claims: bool = True


def show_results(notebook, results, *, data, budget, seed, seconds):
    """Return a table of Results beside the published and the reproduced figures, to be shown as a cell's output.

    `notebook` is the file's name without its ending, `data` the Dataset used, `budget` 'full' or 'fast', `seed` the
    one that was set and `seconds` the training time alone, one number or one for each system. On a stand-in or a fast
    budget the other figures are left out, since they would not compare. The same rows travel with the output as JSON,
    for the collection's own table.
    Raises ValueError for an unknown budget, system or measure, a value or time that is not finite, a time that is
    missing, and no results at all; TypeError for a value that is no number.
    """
    if budget not in BUDGETS:
        raise ValueError(f"budget is {budget!r}; expected one of {', '.join(BUDGETS)}")
    reference = read_reference()
    comparable = data.is_real and budget == "full"
    rows = [_make_row(result, reference, comparable) for result in results]
    if not rows:
        raise ValueError("results are empty; expected at least one Result")
    shared = {"notebook": notebook, "seed": seed, "budget": budget}
    shared |= {"data_source": data.source, "versions": read_versions()}
    by_system = seconds if isinstance(seconds, dict) else {row["system"]: seconds for row in rows}
    for row in rows:
        if row["system"] not in by_system:
            raise ValueError(f"seconds are {seconds}; expected those of {row['system']} too")
        as_positive(by_system[row["system"]], f"seconds of {row['system']}")
    return ResultsTable([row | {"seconds": round(by_system[row["system"]], 1)} | shared for row in rows])


def read_reference():
    """Return `helpers/reference.json`: published and reproduced results by system. Raises FileNotFoundError."""
    return json.loads(REFERENCE_FILE.read_text(encoding="utf-8"))


def read_versions():
    """Return the versions a result depends on, by package: Python, Keras, the backend in use and NumPy."""
    packages = "keras", keras.backend.backend(), "numpy"
    return {"python": platform.python_version()} | {name: metadata.version(name) for name in packages}


def is_met(row):
    """Return whether a row's value is at least as good as the reproduced one, or the published where there is none.

    None means that there is nothing to compare: the measure has no better direction, or no figure stands beside it.
    """
    bar = row["published"] if row["reproduced"] is None else row["reproduced"]
    if bar is None or row["direction"] is None:
        return None
    return row["ours"] <= bar if row["direction"] == "lower" else row["ours"] >= bar


class ResultsTable:
    """Rows of results that show themselves as HTML, as text and as JSON."""

    HEADINGS = ("system", "measure", "published", "reproduced", "ours", "reached?")

    def __init__(self, rows):
        self.rows = rows

    def _cells(self):
        for row in self.rows:
            figures = [_show_number(row[key]) for key in ("published", "reproduced", "ours")]
            yield row["system"], f"{row['name']} ({row['unit']})", *figures, _show_verdict(row)

    def _note(self):
        first, times = self.rows[0], {row["system"]: row for row in self.rows}
        note = f"{first['seconds']:.1f} s of training, seed {first['seed']}, {first['budget']} budget, "
        note += f"data: {first['data_source']}"
        if first["reproduced_seconds"] is not None:
            note += f"; the published recipe trained for {first['reproduced_seconds']:.1f} s on another machine"
        for system, row in times.items():
            if row["seconds"] != first["seconds"]:
                note += f". {system}: {row['seconds']:.1f} s"
                if row["reproduced_seconds"] is not None:
                    note += f", its recipe {row['reproduced_seconds']:.1f} s"
        return note

    def __repr__(self):
        lines = [self.HEADINGS, *self._cells()]
        widths = [max(len(line[column]) for line in lines) for column in range(len(self.HEADINGS))]
        text = [
            "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
        ]
        return "\n".join([*text, self._note()])

    def _repr_html_(self):
        head = "".join(f"<th>{heading}</th>" for heading in self.HEADINGS)
        body = "".join(
            "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in cells) + "</tr>" for cells in self._cells()
        )
        note = html.escape(self._note())
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table><p>{note}</p>"

    def _repr_mimebundle_(self, include=None, exclude=None):
        return {"text/plain": repr(self), "text/html": self._repr_html_(), RESULTS_TYPE: self.rows}


def _make_row(result, reference, comparable):
    if result.system not in reference:
        raise ValueError(f"no system {result.system!r} in helpers/reference.json; it has {sorted(reference)}")
    recipe = reference[result.system]
    if result.measure not in recipe["measures"]:
        raise ValueError(f"{result.system} has no measure {result.measure!r}; it has {sorted(recipe['measures'])}")
    try:
        ours = float(result.ours)
    except (TypeError, ValueError, OverflowError) as error:
        raise TypeError(
            f"{result.system}, {result.measure}: our value is {result.ours!r}; expected a number"
        ) from error
    if not abs(ours) < float("inf"):
        raise ValueError(f"{result.system}, {result.measure}: our value is {ours}; expected a finite number")
    measure = recipe["measures"][result.measure]
    return {
        "system": result.system,
        "measure": result.measure,
        "name": measure["name"],
        "unit": measure["unit"],
        "direction": measure["direction"],
        "published": measure["published"] if comparable else None,
        "reproduced": measure["reproduced"] if comparable else None,
        "ours": ours,
        "claims": result.claims and comparable and measure["direction"] is not None,
        "reproduced_seconds": recipe["seconds"] if comparable else None,
    }


def _show_number(value):
    return "" if value is None else f"{value:.4g}"


def _show_verdict(row):
    return {None: "", True: "yes", False: "no"}[is_met(row)]
