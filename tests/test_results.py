"""The table of results: its rows, how it shows itself, and what it leaves out or refuses."""

import json
from html.parser import HTMLParser
from types import SimpleNamespace

import keras
import pytest

from helpers import Result, results, show_results
from helpers.results import RESULTS_TYPE, is_met, read_reference


def make_measure(name, unit, direction, published, reproduced):
    return {"name": name, "unit": unit, "direction": direction, "published": published, "reproduced": reproduced}


REFERENCE = {
    "R1": {
        "title": "dense autoencoder",
        "seconds": 58.83,
        "measures": {
            "loss": make_measure("loss <test>", "nats & bits", "lower", 0.09, 0.0927),
            "hits": make_measure("hits", "percent", "higher", 98.0, None),
            "code": make_measure("code", "numbers", None, 7.3, 8.7),
        },
    },
    "R2": {
        "title": "sparse autoencoder",
        "seconds": 30.0,
        "measures": {"loss": make_measure("loss", "nats", "lower", 0.1, 0.09)},
    },
}
REAL, STAND_IN = (SimpleNamespace(is_real=source != "stand-in", source=source) for source in ("folder", "stand-in"))


@pytest.fixture
def show(tmp_path, monkeypatch):
    """Return a function that makes a table of Results beside the figures above."""
    path = tmp_path / "reference.json"
    path.write_text(json.dumps(REFERENCE), encoding="utf-8")
    monkeypatch.setattr(results, "REFERENCE_FILES", (tmp_path / "absent.json", path))

    def show(*shown, data=REAL, budget="full", seconds=12.345):
        return show_results("01_dense", shown, data=data, budget=budget, seed=7, seconds=seconds)

    return show


def test_rows_hold_everything_that_a_table_of_all_notebooks_needs(show):
    (row,) = show(Result("R1", "loss", 0.0915)).rows
    versions = row.pop("versions")
    assert row == {
        "system": "R1",
        "measure": "loss",
        "name": "loss <test>",
        "unit": "nats & bits",
        "direction": "lower",
        "published": 0.09,
        "reproduced": 0.0927,
        "ours": 0.0915,
        "claims": True,
        "reproduced_seconds": 58.83,
        "notebook": "01_dense",
        "seconds": 12.3,
        "seed": 7,
        "budget": "full",
        "data_source": "folder",
    }
    assert set(versions) == {"python", "keras", "tensorflow", "numpy"}


def test_versions_name_the_backend_in_use(monkeypatch):
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    monkeypatch.setattr(results.metadata, "version", lambda package: f"the one of {package}")
    versions = results.read_versions()
    assert versions["jax"] == "the one of jax"
    assert "tensorflow" not in versions


def test_systems_that_train_apart_have_their_own_seconds(show):
    table = show(Result("R1", "loss", 0.0915), Result("R2", "loss", 0.1), seconds={"R1": 12.345, "R2": 7})
    assert [row["seconds"] for row in table.rows] == [12.3, 7]
    assert repr(table).splitlines()[-1].endswith("trained for 58.8 s on another machine. R2: 7.0 s, its recipe 30.0 s")


def test_text_sets_our_value_beside_the_others(show):
    heading, loss, hits, code, note = repr(
        show(Result("R1", "loss", 0.0915), Result("R1", "hits", 97), Result("R1", "code", 9))
    ).splitlines()
    assert heading.split() == ["system", "measure", "published", "reproduced", "ours", "reached?"]
    assert loss.split() == ["R1", "loss", "<test>", "(nats", "&", "bits)", "0.09", "0.0927", "0.0915", "yes"]
    # Nothing was reproduced, so the published figure is the bar.
    assert hits.split() == ["R1", "hits", "(percent)", "98", "97", "no"]
    # This measure has no better direction.
    assert code.split() == ["R1", "code", "(numbers)", "7.3", "8.7", "9"]
    assert note.startswith("12.3 s of training, seed 7, full budget, data: folder; ")
    assert note.endswith("; the published recipe trained for 58.8 s on another machine")


def test_html_has_the_same_cells_escaped(show):
    class Cells(HTMLParser):
        def __init__(self):
            super().__init__()
            self.tags, self.texts = [], []

        def handle_starttag(self, tag, attributes):
            self.tags.append(tag)

        def handle_data(self, text):
            self.texts.append(text)

    page = show(Result("R1", "loss", 0.0915))._repr_html_()
    assert "loss &lt;test&gt; (nats &amp; bits)" in page
    cells = Cells()
    cells.feed(page)
    assert cells.texts[:6] == ["system", "measure", "published", "reproduced", "ours", "reached?"]
    assert cells.texts[6:12] == ["R1", "loss <test> (nats & bits)", "0.09", "0.0927", "0.0915", "yes"]
    assert cells.tags.count("tr") == 2
    assert "test" not in cells.tags


def test_output_carries_text_html_and_json(show):
    table = show(Result("R1", "loss", 0.0915), Result("R1", "code", 9, claims=False))
    bundle = table._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "text/html", RESULTS_TYPE}
    assert json.loads(json.dumps(bundle[RESULTS_TYPE], allow_nan=False)) == table.rows


@pytest.mark.parametrize(("data", "budget"), [(STAND_IN, "full"), (REAL, "fast"), (STAND_IN, "fast")])
def test_stand_in_or_fast_budget_is_set_beside_no_other_figure(show, data, budget):
    table = show(Result("R1", "loss", 0.05), data=data, budget=budget)
    (row,) = table.rows
    assert row["published"] is row["reproduced"] is row["reproduced_seconds"] is None
    assert row["claims"] is False
    assert is_met(row) is None
    assert (row["budget"], row["data_source"]) == (budget, data.source)
    assert repr(table).splitlines()[1].endswith("0.05")
    assert "0.0927" not in repr(table) + table._repr_html_()


@pytest.mark.parametrize(
    ("measure", "claims", "expected"),
    [("loss", True, True), ("loss", False, False), ("code", True, False)],
    ids=["claimed", "not claimed", "no better direction"],
)
def test_only_a_claim_on_a_measure_with_a_better_direction_is_one(show, measure, claims, expected):
    (row,) = show(Result("R1", measure, 1.0, claims)).rows
    assert row["claims"] is expected


def test_unknown_system_is_refused_with_those_there_are(show):
    with pytest.raises(ValueError, match=r"no system 'R9'.*\['R1', 'R2'\]"):
        show(Result("R9", "loss", 1.0))


def test_unknown_measure_is_refused_with_those_there_are(show):
    with pytest.raises(ValueError, match=r"no measure 'mse'.*\['code', 'hits', 'loss'\]"):
        show(Result("R1", "mse", 1.0))


def test_unknown_budget_is_refused_with_those_there_are(show):
    with pytest.raises(ValueError, match="'short'; expected one of full, fast"):
        show(Result("R1", "loss", 1.0), budget="short")


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_value_that_is_not_finite_is_refused(show, value):
    with pytest.raises(ValueError, match="expected a finite number"):
        show(Result("R1", "loss", value))


def test_no_results_are_refused(show):
    with pytest.raises(ValueError, match="at least one Result"):
        show()


@pytest.mark.parametrize(
    ("direction", "published", "reproduced", "ours", "expected"),
    [
        ("lower", 0.5, 0.6, 0.55, True),
        ("lower", 0.5, 0.6, 0.6, True),
        ("lower", 0.7, 0.6, 0.65, False),
        ("higher", 0.7, 0.6, 0.65, True),
        ("higher", 0.7, 0.6, 0.6, True),
        ("higher", 0.5, 0.6, 0.55, False),
        ("lower", 0.5, None, 0.55, False),
        ("higher", 0.5, None, 0.55, True),
        ("lower", None, 0.6, 0.55, True),
        ("lower", None, 0.0, 0.1, False),
        ("lower", None, None, 0.55, None),
        (None, 0.5, 0.6, 0.55, None),
    ],
)
def test_bar_is_the_reproduced_figure_or_else_the_published(direction, published, reproduced, ours, expected):
    row = {"direction": direction, "published": published, "reproduced": reproduced, "ours": ours}
    assert is_met(row) is expected


def test_reference_of_the_collection_has_what_the_table_needs():
    reference = read_reference()
    assert reference
    for system in reference.values():
        assert system["seconds"] is None or system["seconds"] > 0
        for measure in system["measures"].values():
            assert {"name", "unit", "direction", "published", "reproduced"} <= set(measure)
            assert measure["direction"] in ("lower", "higher", None)


def test_missing_reference_is_an_error_that_says_how_to_restore_it(tmp_path, monkeypatch):
    monkeypatch.setattr(results, "REFERENCE_FILES", (tmp_path / "absent.json",))
    with pytest.raises(FileNotFoundError, match="git checkout"):
        read_reference()
