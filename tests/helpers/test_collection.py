"""The map of the notebooks and the figure of all results, as notebook 00 draws them."""

import json
import re

import matplotlib.pyplot as plt
import pytest
from PIL import Image

from helpers import collection
from helpers.collection import plot_results, read_collection, show_map
from tools.notebooks import FOLDER, read_needs, read_notebook


@pytest.fixture
def project(tmp_path, monkeypatch):
    """Write results.json with two notebooks, one of them not run yet, and one picture; return the path of the file."""
    path = tmp_path / "results.json"
    lessons = {
        "01_one": {"title": "One < two", "question": "How?", "needs": [], "seconds": 200, "systems": ["R1"]},
        "02_two": {"title": "Two", "question": "Why?", "needs": ["01"], "seconds": None, "systems": []},
    }
    path.write_text(json.dumps({"notebooks": lessons, "results": [], "races": {}}), encoding="utf-8")
    Image.new("RGB", (600, 600), "red").save(tmp_path / "01_one.png")
    monkeypatch.setattr(collection, "RESULTS_FILE", path)
    monkeypatch.setattr(collection, "PICTURES", tmp_path)
    return path


def test_map_has_title_question_minutes_prerequisites_and_a_small_picture_of_each_notebook(project):
    shown = show_map(read_collection())
    page = shown._repr_html_()
    assert re.findall('<a href="([^"]*)"', page) == ["01_one.ipynb", "02_two.ipynb"]
    (alt,) = re.findall('<img src="data:image/png;base64,[^"]*" alt="([^"]*)"', page)  # The other notebook has none.
    assert "01" in alt
    assert len(page) < 5000
    for text in (page.replace("&lt;", "<"), repr(shown)):
        for part in ("01 One < two", "How?", "3 minutes", "02 Two", "not run yet", "needs 01"):
            assert part in text


def test_map_and_figure_say_if_the_notebooks_are_missing(project):
    project.unlink()
    nothing = read_collection()
    for text in (repr(show_map(nothing)), show_map(nothing)._repr_html_(), plot_results(nothing).texts[0].get_text()):
        assert "checkout" in text
    plt.close("all")


def test_marks_are_at_our_share_of_the_published_result_and_time():
    rows = [
        {"system": "R1", "ours": 0.05, "reproduced": 0.1, "direction": "lower"},
        {"system": "R1", "ours": 9.0, "reproduced": 1.0, "direction": "lower"},  # a second measure of the system
        {"system": "R2", "ours": 4.0, "reproduced": 2.0, "direction": "higher"},
        {"system": "R3", "ours": 1.0, "reproduced": None, "direction": "lower"},
        {"system": "R4", "ours": 1.0, "reproduced": 2.0, "direction": None},
    ]
    ax = plot_results({"results": rows, "races": {"R1": 10.0, "R3": 4.0}})
    quality, time = (dict(zip(line.get_ydata(orig=True), line.get_xdata(), strict=True)) for line in ax.lines[:2])
    assert quality == {"R1": 0.5, "R2": 0.5}
    assert time == {"R1": 0.1}
    plt.close("all")


def test_prerequisites_are_the_notebooks_linked_in_you_need():
    assert read_needs(read_notebook(FOLDER / "09_convolutional_vae.ipynb")) == ["04", "08"]
    assert read_needs(read_notebook(FOLDER / "00_start_here.ipynb")) == []
