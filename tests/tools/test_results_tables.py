"""results.json, the README's tables, and the map of the lessons, gathered from what notebooks store."""

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
    "claims": True,
    "reproduced_seconds": 58.8,
    "notebook": "01_two",
    "seconds": 9.6,
    "seed": 0,
    "budget": "full",
    "data_source": "folder",
    "versions": {},
}
TABLES = ("notebooks", "results", "races", "card")
README = "# Title\n" + "".join(f"<!-- {name}:begin -->\nold\n<!-- {name}:end -->\n" for name in TABLES)
MAP = "<!-- map:begin -->\nold\n<!-- map:end -->"
SECONDS = MAP.replace("map", "seconds")


def test_results_are_gathered_from_lessons_and_fill_all_tables(patched):
    stored = [new_output("display_data", data={notebooks.RESULTS_TYPE: [ROW]})]
    lesson = make_notebook("pass", outputs=stored)
    lesson.metadata["autoencoders"] = {"seconds": 90}
    lesson.cells[0].source += "\n\n**You need** [the start](00_one.ipynb) and [this](01_two.ipynb)."
    patched.store(_00_one=make_notebook(), _01_two=lesson, solutions__01_two=make_notebook("pass", outputs=stored))
    (patched.folder / "notebooks" / "pictures").mkdir()
    (patched.folder / "notebooks" / "pictures" / "01_two.png").touch()
    (patched.folder / "README.md").write_text(README)
    (patched.folder / "CONTRIBUTING.md").write_text(SECONDS)
    (patched.folder / "site").mkdir()
    (patched.folder / "site" / "map.md").write_text(MAP)
    results.main()
    gathered = json.loads((patched.folder / "results.json").read_text(encoding="utf-8"))
    assert gathered == results.gather()
    assert list(gathered["notebooks"]) == ["00_one", "01_two"]
    assert gathered["results"] == [ROW]
    readme = (patched.folder / "README.md").read_text(encoding="utf-8")
    assert "old" not in readme
    slug, _ = repository.read_project()
    colab = f"[Colab](https://colab.research.google.com/github/{slug}/blob/main/notebooks"
    for row in (
        f"| [00 Compress a digit](notebooks/00_one.ipynb) | How much is left? | – |  | {colab}/00_one.ipynb) |",
        f"| [01 Compress a digit](notebooks/01_two.ipynb) | How much is left? | R1 | 1.5 | {colab}/01_two.ipynb) |",
        "| [R1](notebooks/01_two.ipynb) | cross-entropy (nats per pixel) | 0.09 | 0.09276 | 0.0913 | 59 s | 10 s |",
    ):
        assert row in readme.splitlines()
    seconds = (patched.folder / "CONTRIBUTING.md").read_text(encoding="utf-8").splitlines()
    assert seconds[-4:-1] == ["| 01_two | 90 |", "| all lessons | 90 |", "| lessons and solutions | 90 |"]
    shown = (patched.folder / "site" / "map.md").read_text(encoding="utf-8")
    assert "old" not in shown
    picture = '<img src="../notebooks/pictures/01_two.png" alt="Opening picture of lesson 01" width="220">'
    question = "<br>*How much is left?*<br>"
    for row in (
        f"|  | [**00 Compress a digit**](../notebooks/00_one.ipynb){question}not run yet |",
        f"| {picture} | [**01 Compress a digit**](../notebooks/01_two.ipynb){question}2 minutes · needs 01 |",
    ):
        assert row in shown.splitlines()


def test_number_that_was_not_published_is_a_dash_in_the_table():
    row = ROW | {"published": None, "reproduced": None, "reproduced_seconds": None}
    assert results.make_results_table({"results": [row]}).splitlines()[-1].endswith("| – | – | 0.0913 | – | 10 s |")


@pytest.mark.parametrize(("readme", "lessons"), [("# Title\n", MAP), (README, ""), (README, MAP * 2)])
def test_nothing_is_written_where_a_place_to_fill_is_missing(patched, readme, lessons):
    before = patched.store(_00_one=make_notebook())
    (patched.folder / "README.md").write_text(readme)
    (patched.folder / "CONTRIBUTING.md").write_text(SECONDS)
    (patched.folder / "site").mkdir()
    (patched.folder / "site" / "map.md").write_text(lessons)
    with pytest.raises(ValueError, match="expected one"):
        results.main()
    assert (patched.folder / "README.md").read_text() == readme
    assert (patched.folder / "site" / "map.md").read_text() == lessons
    assert patched.read() == before
    assert not (patched.folder / "results.json").exists()
