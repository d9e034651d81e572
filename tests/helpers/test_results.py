"""The table of results: what it stores and shows, and that it shows only comparable numbers side by side."""

import html
import json
from importlib import metadata
from types import SimpleNamespace

import keras
import numpy as np
import pytest

from helpers import Result, results, show_results
from helpers.results import RESULTS_TYPE

KEYS = "name", "unit", "direction", "published", "reproduced"
MEASURES = {
    "loss": dict(zip(KEYS, ("loss <test>", "nats & bits", "lower", 0.09, 0.0927), strict=True)),
    "hits": dict(zip(KEYS, ("hits", "percent", "higher", 98.0, None), strict=True)),
    "code": dict(zip(KEYS, ("code", "numbers", None, 7.3, 8.7), strict=True)),
}
REFERENCE = {
    "R1": {"title": "dense", "seconds": 58.83, "measures": MEASURES},
    "R2": {"title": "sparse", "seconds": 30.0, "measures": MEASURES},
}
REAL, SYNTHETIC = (SimpleNamespace(is_real=source == "folder", source=source) for source in ("folder", "synthetic"))
LOSS = Result("R1", "loss", 0.0915)


@pytest.fixture
def show(monkeypatch):
    """Return a function that makes a table of Results and the reference numbers above."""
    monkeypatch.setattr(results, "read_reference", lambda: REFERENCE)

    def show(*shown, data=REAL, budget="full", seconds=12.345):
        return show_results("01_dense", shown, data=data, budget=budget, seed=7, seconds=seconds)

    return show


def test_row_stores_everything_that_the_table_of_all_notebooks_needs(show):
    bundle = show(LOSS)._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "text/html", RESULTS_TYPE}
    (row,) = json.loads(json.dumps(bundle[RESULTS_TYPE], allow_nan=False))
    assert set(row.pop("versions")) == {"python", "keras", "numpy", keras.backend.backend()}
    assert row == MEASURES["loss"] | {
        "system": "R1",
        "measure": "loss",
        "ours": 0.0915,
        "claims": True,
        "reproduced_seconds": 58.83,
        "notebook": "01_dense",
        "seconds": 12.3,
        "seed": 7,
        "budget": "full",
        "data_source": "folder",
    }


def test_systems_trained_separately_have_their_own_seconds(show):
    table = show(LOSS, Result("R2", "loss", 0.1), seconds={"R1": 12.345, "R2": 7})
    assert [row["seconds"] for row in table.rows] == [12.3, 7]
    assert [line.split(":")[0] for line in repr(table).splitlines()[1:3]] == ["dense", "sparse"]


def test_table_shows_our_value_beside_the_others(show):
    table = show(LOSS, Result("R1", "hits", 97, claims=False), Result("R1", "code", 9))
    assert [row["claims"] for row in table.rows] == [True, False, False]  # For the code, neither direction is better.
    _, loss, hits, code, note = repr(table).splitlines()
    cells = ["loss <test> (nats & bits)", "0.09", "0.0927", "0.0915", "yes"]
    assert loss.split(" | ") == cells
    # Nothing was reproduced, so the published number is the target.
    assert hits.split(" | ") == ["hits (percent)", "98", "", "97", "no"]
    assert code.split(" | ") == ["code (numbers)", "7.3", "8.7", "9", ""]
    for stated in ("Seed 7", "full budget", "folder"):
        assert stated in note
    shown = table._repr_mimebundle_()["text/html"]
    assert "".join(f"<td>{html.escape(cell)}</td>" for cell in cells) in shown
    assert shown.count("<th>") == shown.count("</th>") == 5


@pytest.mark.parametrize(("data", "budget"), [(SYNTHETIC, "full"), (REAL, "fast"), (SYNTHETIC, "fast")])
def test_published_numbers_are_omitted_with_synthetic_data_or_the_fast_budget(show, data, budget):
    table = show(LOSS, data=data, budget=budget)
    (row,) = table.rows
    assert row["published"] is row["reproduced"] is row["reproduced_seconds"] is None
    assert row["claims"] is False
    assert (row["ours"], row["budget"], row["data_source"]) == (0.0915, budget, data.source)
    for published in ("0.0927", "58.8", "yes", "another machine"):
        assert published not in repr(table) + table._repr_mimebundle_()["text/html"]


@pytest.mark.parametrize(
    ("shown", "options", "message"),
    [
        ([Result("R9", "loss", 1.0)], {}, r"no 'loss' for 'R9'.*\['R1', 'R2'\]"),
        ([Result("R1", "mse", 1.0)], {}, r"no 'mse' for 'R1'.*\['code', 'hits', 'loss'\]"),
        ([LOSS], {"budget": "short"}, "full, fast"),
        ([LOSS], {"seconds": {"R2": 1}}, "seconds for R1 is None"),
        ([LOSS], {"seconds": float("nan")}, "seconds for R1 is nan"),
        *(([Result("R1", "loss", ours)], {}, "finite") for ours in (float("nan"), -np.inf, np.array(np.nan))),
    ],
)
def test_results_that_cannot_be_shown_are_rejected(show, shown, options, message):
    with pytest.raises(ValueError, match=message):
        show(*shown, **options)


@pytest.mark.parametrize("ours", ["0.09", None, 10**400, 1j, np.complex64(1), np.array([0.09])], ids=repr)
def test_value_that_is_not_a_number_is_rejected(show, ours):
    with pytest.raises(TypeError):
        show(Result("R1", "loss", ours))


def test_versions_come_from_the_modules_not_from_installed_distributions(show, monkeypatch):
    def find_none(name):
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "version", find_none)
    assert show(LOSS).rows[0]["versions"]["keras"] == keras.__version__


@pytest.mark.parametrize(
    ("direction", "published", "reproduced", "expected"),
    [
        ("lower", 0.5, 0.6, "yes"),
        ("lower", 0.7, 0.5, "no"),
        ("higher", 0.7, 0.5, "yes"),
        ("lower", None, 0.0, "no"),
        ("lower", None, None, ""),
        (None, 0.5, 0.6, ""),
    ],
)
def test_target_is_the_reproduced_value_or_else_the_published(show, direction, published, reproduced, expected):
    measure = MEASURES["loss"] | {"direction": direction, "published": published, "reproduced": reproduced}
    table = results.ResultsTable([show(LOSS).rows[0] | measure | {"ours": 0.55}])
    assert table.lines[1][-1] == expected
