"""results.json and the tables in README, CONTRIBUTING, and the site, gathered from what notebooks store."""

import json

import pytest
from nbformat.v4 import new_output

from tests.tools.conftest import make_notebook
from tools import notebooks, repository, results

ROW = {
    "system": "R1",
    "measure": "test_bce",
    "name": "cross-entropy",
    "unit": "nats per pixel",
    "direction": "lower",
    "published": 0.09,
    "reproduced": 0.0927645,
    "ours": 0.0913,
    "notebook": "01_two",
}
MARKERS = {
    "README.md": ("lessons", "results"),
    "CONTRIBUTING.md": ("seconds",),
    "site/map.md": ("map",),
    "site/results.md": ("results", "races", "card"),
}


@pytest.fixture
def documents(patched, monkeypatch):
    """Return the project with every document that has tables, the tables not built yet."""
    monkeypatch.setattr(results, "PAGE", patched.folder / "site" / "results.md")
    (patched.folder / "site").mkdir()
    for name, markers in MARKERS.items():
        tables = [f"<!-- {marker}:begin -->\nold\n<!-- {marker}:end -->\n" for marker in markers]
        (patched.folder / name).write_text("# Title\n" + "".join(tables))
    return patched


def test_results_are_gathered_from_lessons_and_fill_all_tables(documents):
    rows = [ROW, ROW | {"measure": "mean_code", "published": None}]
    stored = [new_output("display_data", data={notebooks.RESULTS_TYPE: rows})]
    lesson = make_notebook("pass", outputs=stored)
    lesson.metadata["autoencoders"] = {"seconds": 90}
    lesson.cells[0].source = lesson.cells[0].source.replace("digit", "digit: keep 32 numbers")
    lesson.cells[0].source += "\n\n**You need** [the start](00_one.ipynb) and [this](01_two.ipynb)."
    solution = make_notebook("pass", outputs=stored)
    documents.store(_00_one=make_notebook(), _01_two=lesson, _14_three=make_notebook(), solutions__01_two=solution)
    results.main()
    gathered = json.loads((documents.folder / "results.json").read_text(encoding="utf-8"))
    assert gathered == results.gather()
    assert list(gathered["notebooks"]) == ["00_one", "01_two", "14_three"]
    assert gathered["results"] == rows
    readme, seconds, lessons, page = (
        (documents.folder / name).read_text(encoding="utf-8").splitlines() for name in MARKERS
    )
    assert "old" not in readme + seconds + lessons + page
    slug, _ = repository.read_project()
    colab = f"[Colab](https://colab.research.google.com/github/{slug}/blob/main/notebooks"
    question = "| How much is left? |"
    words = results.SUMMARY["R1", "test_bce"]
    for row in (
        "| **Part 1. Autoencoders** | | | |",
        f"| [00 Compress a digit](notebooks/00_one.ipynb) {question} – | {colab}/00_one.ipynb) |",
        f"| [01 Compress a digit](notebooks/01_two.ipynb) {question} 2 | {colab}/01_two.ipynb) |",
        "| **Interlude. Claims and scale** | | | |",
        f"| [01](notebooks/01_two.ipynb) {words} | 0.09 | 0.09276 | 0.0913 |",
    ):
        assert row in readme
    assert not any("Part 2" in row for row in readme)
    assert seconds[-3:-1] == ["| all lessons | 90 |", "| lessons and solutions | 90 |"]
    assert f"| [01 Compress a digit: keep 32 numbers](../notebooks/01_two.ipynb) {question} 2 | 01 |" in lessons
    assert "| **[01 Dense autoencoder](../notebooks/01_dense_autoencoder.ipynb)** (R1) | | | |" in page
    for published in ("0.09", "–"):
        assert f"| cross-entropy (nats per pixel) ↓ | {published} | 0.09276 | 0.0913 |" in page
    assert {"No race has been run yet.", "No training on a GPU has been stored yet."} < set(page)


@pytest.mark.parametrize(("name", "times"), [("README.md", 0), ("site/results.md", 0), ("site/map.md", 2)])
def test_nothing_is_written_where_a_place_to_fill_is_missing_or_doubled(documents, name, times):
    documents.store(_00_one=make_notebook())
    (documents.folder / name).write_text((documents.folder / name).read_text() * times)
    before = {name: (documents.folder / name).read_text() for name in MARKERS}
    with pytest.raises(ValueError, match=f"{name.split('/')[-1]}: expected one pair"):
        results.main()
    assert {name: (documents.folder / name).read_text() for name in MARKERS} == before
    assert not (documents.folder / "results.json").exists()
