"""A stored lesson stays readable where scripts, styles, and frames are removed, as on GitHub."""

import html
import re

import bleach
from nbconvert import HTMLExporter

from tools.lint import list_html_images
from tools.notebooks import FOLDER, list_outputs, read_notebook, read_results
from tools.repository import name_site, read_project

# A part of what GitHub keeps of HTML.
TAGS = "a br code div em h1 h2 h3 h4 hr img li ol p pre span strong table tbody td th thead tr ul".split()
ATTRIBUTES = {"a": ["href"], "img": ["src", "alt"]}


def test_figures_film_still_picture_and_results_remain_without_scripts_styles_and_frames():
    notebook = read_notebook(FOLDER / "10_fashion_vae.ipynb")
    page, _ = HTMLExporter(template_name="basic").from_notebook_node(notebook)
    page = bleach.clean(page, TAGS, ATTRIBUTES, {"https", "data"}, strip=True)
    pictures = list_html_images(page)
    figures = sum("image/png" in output.get("data", {}) for output in list_outputs(notebook))
    openings = sum(cell.source.count("](pictures/") for cell in notebook.cells)
    assert len(pictures) == figures + openings + 2
    assert sum(address.startswith("data:image/gif") for address, _ in pictures) == 1
    assert sum(alt.startswith("what a decoder draws") for _, alt in pictures) == 1
    assert all(f"<td>{row['ours']:.4g}</td>" in page for row in read_results(notebook))
    assert f'<a href="{name_site(read_project()[0])}">' in page  # where the explorer works
    text = html.unescape(re.sub("<[^>]*>", " ", page))
    assert max(map(len, text.split())) < 200, "data shows as text"
    assert not re.search(r"</?(div|iframe|img|p|script|style|table)\b|srcdoc", text), "markup shows as text"
