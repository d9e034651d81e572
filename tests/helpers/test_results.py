"""The table of results: what it stores and shows, and that only comparable numbers stand side by side."""

import html
import json
from types import SimpleNamespace

import keras
import pytest

from helpers import Result, results, show_results
from helpers.results import RESULTS_TYPE, is_met

KEYS = "name", "unit", "direction", "published", "reproduced"
MEASURES = {
    "loss": dict(zip(KEYS, ("loss <test>", "nats & bits", "lower", 0.09, 0.0927), strict=True)),
    "hits": dict(zip(KEYS, ("hits", "percent", "higher", 98.0, None), strict=True)),
    "code": dict(zip(KEYS, ("code", "numbers", None, 7.3, 8.7), strict=True)),
}
REFERENCE = {"R1": {"seconds": 58.83, "measures": MEASURES}, "R2": {"seconds": 30.0, "measures": MEASURES}}
REAL, STAND_IN = (SimpleNamespace(is_real=source != "stand-in", source=source) for source in ("folder", "stand-in"))
LOSS = Result("R1", "loss", 0.0915)


@pytest.fixture
def show(monkeypatch):
    """Return a function that makes a table of Results beside the numbers above."""
    monkeypatch.setattr(results, "read_reference", lambda: REFERENCE)

    def show(*shown, data=REAL, budget="full", seconds=12.345):
        return show_results("01_dense", shown, data=data, budget=budget, seed=7, seconds=seconds)

    return show


def test_row_stores_everything_that_a_table_of_all_notebooks_needs(show):
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
    for seconds in ("12.3 s", "58.8 s", "7.0 s", "30.0 s"):
        assert seconds in repr(table)


def test_table_shows_our_value_beside_the_others(show):
    table = show(LOSS, Result("R1", "hits", 97), Result("R1", "code", 9))
    _, loss, hits, code, note = repr(table).splitlines()
    assert loss.split() == ["R1", "loss", "<test>", "(nats", "&", "bits)", "0.09", "0.0927", "0.0915", "yes"]
    # Nothing was reproduced, so the published number is the one to reach.
    assert hits.split() == ["R1", "hits", "(percent)", "98", "97", "no"]
    # No direction of this measure is better.
    assert code.split() == ["R1", "code", "(numbers)", "7.3", "8.7", "9"]
    for stated in ("12.3 s", "seed 7", "full budget", "folder"):
        assert stated in note
    cells = ["R1", "loss <test> (nats & bits)", "0.09", "0.0927", "0.0915", "yes"]
    assert "".join(f"<td>{html.escape(cell)}</td>" for cell in cells) in table._repr_html_()


@pytest.mark.parametrize(("data", "budget"), [(STAND_IN, "full"), (REAL, "fast"), (STAND_IN, "fast")])
def test_no_published_number_stands_beside_a_stand_in_or_the_fast_budget(show, data, budget):
    table = show(LOSS, data=data, budget=budget)
    (row,) = table.rows
    assert row["published"] is row["reproduced"] is row["reproduced_seconds"] is None
    assert row["claims"] is False
    assert is_met(row) is None
    assert (row["ours"], row["budget"], row["data_source"]) == (0.0915, budget, data.source)
    for published in ("0.0927", "58.8", "yes"):
        assert published not in repr(table) + table._repr_html_()


def test_only_a_claim_about_a_measure_with_a_better_direction_counts(show):
    table = show(LOSS, Result("R1", "loss", 1.0, claims=False), Result("R1", "code", 1.0))
    assert [row["claims"] for row in table.rows] == [True, False, False]


@pytest.mark.parametrize(
    ("shown", "options", "message"),
    [
        ([Result("R9", "loss", 1.0)], {}, r"'R9'.*\['R1', 'R2'\]"),
        ([Result("R1", "mse", 1.0)], {}, r"'mse'.*\['code', 'hits', 'loss'\]"),
        ([LOSS], {"budget": "short"}, "full, fast"),
        ([LOSS], {"seconds": {"R2": 1}}, "those of R1"),
        ([], {}, "at least one"),
    ],
)
def test_results_that_cannot_be_shown_are_refused(show, shown, options, message):
    with pytest.raises(ValueError, match=message):
        show(*shown, **options)


@pytest.mark.parametrize(
    ("direction", "published", "reproduced", "ours", "expected"),
    [
        ("lower", 0.5, 0.6, 0.6, True),
        ("lower", 0.7, 0.6, 0.65, False),
        ("higher", 0.7, 0.6, 0.6, True),
        ("higher", 0.5, 0.6, 0.55, False),
        ("lower", 0.5, None, 0.55, False),
        ("higher", 0.5, None, 0.55, True),
        ("lower", None, 0.0, 0.1, False),
        ("lower", None, None, 0.55, None),
        (None, 0.5, 0.6, 0.55, None),
    ],
)
def test_number_to_reach_is_the_reproduced_one_or_else_the_published(direction, published, reproduced, ours, expected):
    row = {"direction": direction, "published": published, "reproduced": reproduced, "ours": ours}
    assert is_met(row) is expected
