"""The map of the notebooks and the figure of all results, as notebook 00 draws them."""

import json
from html.parser import HTMLParser

import matplotlib.pyplot as plt
import pytest
from PIL import Image

from helpers import collection
from helpers.collection import plot_results, read_collection, show_map
from tools.notebooks import FOLDER, list_outputs, read_needs, read_notebook


def make_row(system, ours, reproduced, direction="lower"):
    return {"system": system, "direction": direction, "ours": ours, "reproduced": reproduced}


@pytest.fixture
def project(tmp_path, monkeypatch):
    """Two notebooks, one of them not run yet, in results.json and one picture."""
    lessons = {
        "01_one": {"title": "One < two", "question": "How?", "needs": [], "seconds": 200, "systems": ["R1"]},
        "02_two": {"title": "Two", "question": "Why?", "needs": ["01"], "seconds": None, "systems": []},
    }
    (tmp_path / "results.json").write_text(
        json.dumps({"notebooks": lessons, "results": [], "races": {}}), encoding="utf-8"
    )
    Image.new("RGB", (600, 600), "red").save(tmp_path / "01_one.png")
    monkeypatch.setattr(collection, "RESULTS_FILE", tmp_path / "results.json")
    monkeypatch.setattr(collection, "PICTURES", tmp_path)


class Reader(HTMLParser):
    """Collects links, pictures and text of a page."""

    def __init__(self, page):
        super().__init__()
        self.links, self.pictures, self.text = [], [], ""
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if tag == "a":
            self.links.append(attributes["href"])
        if tag == "img":
            self.pictures.append(attributes)

    def handle_data(self, text):
        self.text += text


def test_map_has_title_question_minutes_needs_and_picture_of_each_notebook(project):
    shown = show_map(read_collection())
    page = Reader(shown._repr_html_())
    assert page.links == ["01_one.ipynb", "02_two.ipynb"]
    assert len(page.pictures) == 1, "a picture that is missing is left out"
    assert page.pictures[0]["src"].startswith("data:image/png;base64,")
    assert "01" in page.pictures[0]["alt"]
    for text in (page.text, repr(shown)):
        for part in ("01 One < two", "How?", "3 minutes", "02 Two", "not run yet", "needs 01"):
            assert part in text


def test_pictures_on_the_map_are_small(project):
    assert len(show_map(read_collection())._repr_html_()) < 5000


def test_without_the_notebooks_map_and_figure_say_so(project, monkeypatch, tmp_path):
    monkeypatch.setattr(collection, "RESULTS_FILE", tmp_path / "absent.json")
    nothing = read_collection()
    assert "checkout" in repr(show_map(nothing))
    assert "checkout" in show_map(nothing)._repr_html_()
    assert "checkout" in plot_results(nothing).texts[0].get_text()
    plt.close("all")


def test_dots_stand_where_ours_is_better_by(project):
    rows = [
        make_row("R1", 0.05, 0.1),
        make_row("R1", 9.0, 1.0),  # a second measure of the system
        make_row("R2", 4.0, 2.0, direction="higher"),
        make_row("R3", 1.0, None),
        make_row("R4", 1.0, 2.0, direction=None),
    ]
    ax = plot_results({"results": rows, "races": {"R1": 10.0, "R3": 4.0}})
    quality, time = (dict(zip(line.get_ydata(orig=True), line.get_xdata(), strict=True)) for line in ax.lines[:2])
    assert quality == {"R1": 0.5, "R2": 0.5}
    assert time == {"R1": 0.1}
    plt.close("all")


def test_stored_map_of_00_is_that_of_results_json():
    stored = [
        output.data["text/plain"]
        for output in list_outputs(read_notebook(FOLDER / "00_start_here.ipynb"))
        if "text/html" in output.get("data", {})
    ]
    lines = "\n".join(stored).splitlines()
    for name, lesson in json.loads((FOLDER.parent / "results.json").read_text(encoding="utf-8"))["notebooks"].items():
        assert f"   {lesson['question']}" in lines, "make publish NOTEBOOK=00"
        assert any(line.startswith(f"{name[:2]} {lesson['title']} (") for line in lines), "make publish NOTEBOOK=00"


def test_needs_are_the_notebooks_linked_in_you_need():
    assert read_needs(read_notebook(FOLDER / "09_convolutional_vae.ipynb")) == ["04", "08"]
    assert read_needs(read_notebook(FOLDER / "00_start_here.ipynb")) == []
