"""What was published: results.json, the README's tables and the stored rows agree, and hold what they claim."""

import json
import math

import pytest

from helpers.results import is_met, read_reference
from tools.notebooks import RESULTS_TYPE, list_notebooks, list_outputs, name_of, read_notebook, read_results
from tools.results import README, RESULTS, fill_readme, gather, read_card, read_races

# Which lesson measures which published system.
LESSON_OF_SYSTEM = {
    "R1": "01_dense_autoencoder",
    "R2": "02_sparse_autoencoder",
    "R3": "03_deep_autoencoder",
    "R4": "04_convolutional_autoencoder",
    "R5": "05_denoising_autoencoder",
    "R6": "06_sequence_autoencoder",
    "R7": "08_variational_autoencoder",
    "R8": "09_convolutional_vae",
    "R9": "07_why_autoencoders_cannot_generate",
    "R10": "10_fashion_vae",
    "R11": "08_variational_autoencoder",
    "R12": "12_deeper_vae",
    "R13": "12_deeper_vae",
    "R14": "11_fashion_clusters",
}
LESSONS = [path for path in list_notebooks() if "/" not in name_of(path)]
REFERENCE = read_reference()


def read_results_file():
    """Return what results.json holds; fail with what to do if it is missing."""
    if not RESULTS.exists():
        pytest.fail("results.json is missing: `make publish` stores outputs, and `make results` gathers them")
    return json.loads(RESULTS.read_text(encoding="utf-8"))


def find_faults(row, lesson, reference):
    """Return sentences on what a stored row of results must not be, or does not keep of its claim."""
    found = []
    label = f"{row['system']} {row['measure']}"
    if row["notebook"] != lesson:
        found.append(f"{label} says it is of {row['notebook']}")
    if row["budget"] != "full":
        found.append(f"{label} is of the {row['budget']} budget")
    if row["data_source"] == "stand-in":
        found.append(f"{label} is of a stand-in")
    if not all(math.isfinite(row[key]) for key in ("ours", "seconds")):
        found.append(f"{label} is not finite")
    if row["claims"] and is_met(row) is False:
        found.append(f"{label} claims to reach {row['reproduced'] or row['published']}, and is {row['ours']}")
    measure = reference.get(row["system"], {}).get("measures", {}).get(row["measure"])
    if measure is None:
        return [*found, f"{label} is not in benchmarks/reference.json"]
    for key in ("name", "unit", "direction", "published", "reproduced"):
        if row[key] != measure[key]:
            found.append(f"{label} has {key} {row[key]!r}; benchmarks/reference.json has {measure[key]!r}")
    if row["reproduced_seconds"] != reference[row["system"]]["seconds"]:
        found.append(f"{label} has other seconds of the published recipe than benchmarks/reference.json")
    return found


def test_results_file_is_what_the_notebooks_store():
    assert read_results_file() == gather(), "`make results` brings results.json up to date"


def test_tables_of_the_readme_are_those_of_the_results():
    assert README.exists(), "README.md is missing"
    text = README.read_text(encoding="utf-8")
    assert text == fill_readme(text, gather(), read_races(), read_card()), "`make results` brings README.md up to date"


@pytest.mark.parametrize("path", LESSONS, ids=name_of)
def test_every_stored_row_is_real_and_keeps_its_claim(path):
    rows = read_results(read_notebook(path))
    faults = [fault for row in rows for fault in find_faults(row, name_of(path), REFERENCE)]
    assert faults == [], f"after a change of benchmarks/reference.json: make publish NOTEBOOK={name_of(path)[:2]}"


@pytest.mark.parametrize("system", LESSON_OF_SYSTEM)
def test_every_system_whose_lesson_is_written_has_its_rows(system):
    lesson = LESSON_OF_SYSTEM[system]
    paths = {name_of(path): path for path in LESSONS}
    if lesson not in paths:
        pytest.skip(f"{lesson} is not written yet")
    systems = {row["system"] for row in read_results(read_notebook(paths[lesson]))}
    assert system in systems, f"{lesson} stores no row of {system}: make publish NOTEBOOK={lesson[:2]}"


@pytest.mark.parametrize("path", LESSONS, ids=name_of)
def test_stored_table_shows_the_rows_it_stores(path):
    tables = [output.data for output in list_outputs(read_notebook(path)) if RESULTS_TYPE in output.get("data", {})]
    for table in tables:
        for row in table[RESULTS_TYPE]:
            assert f"{row['ours']:.4g}" in table["text/plain"]
            assert f"{row['ours']:.4g}" in table["text/html"]


@pytest.fixture
def row():
    """Return a row as a notebook would store it that reaches what was reproduced of R1."""
    measure = REFERENCE["R1"]["measures"]["test_bce"]
    return measure | {
        "system": "R1",
        "measure": "test_bce",
        "ours": measure["reproduced"],
        "claims": True,
        "reproduced_seconds": REFERENCE["R1"]["seconds"],
        "notebook": "01_dense_autoencoder",
        "seconds": 9.6,
        "budget": "full",
        "data_source": "folder",
    }


def test_row_that_keeps_its_claim_has_no_fault(row):
    assert find_faults(row, "01_dense_autoencoder", REFERENCE) == []


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"notebook": "02_sparse_autoencoder"}, "is of 02_sparse_autoencoder"),
        ({"budget": "fast"}, "is of the fast budget"),
        ({"data_source": "stand-in"}, "is of a stand-in"),
        ({"ours": float("nan")}, "is not finite"),
        ({"ours": 0.5}, "claims to reach"),
        ({"measure": "test_loss"}, "R1 test_loss is not in"),
        ({"system": "R99"}, "R99 test_bce is not in"),
        ({"published": 0.1}, "has published 0.1"),
        ({"reproduced": 0.0999}, "has reproduced 0.0999"),
        ({"reproduced": None}, "has reproduced None"),
        ({"unit": "bits"}, "has unit 'bits'"),
        ({"reproduced_seconds": 1.0}, "has other seconds"),
    ],
    ids=str,
)
def test_row_that_must_not_be_published_is_found(row, change, fault):
    assert fault in "; ".join(find_faults(row | change, "01_dense_autoencoder", REFERENCE))


def test_row_that_claims_nothing_may_miss_the_figure(row):
    assert find_faults(row | {"ours": 0.5, "claims": False}, "01_dense_autoencoder", REFERENCE) == []
