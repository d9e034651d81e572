"""The stored notebooks have no lint errors, and results.json and the README match their results."""

import json

import pytest

from tools.lint import check
from tools.notebooks import list_notebooks, name_of
from tools.results import README, RESULTS, fill_readme, gather, read_card, read_races


@pytest.mark.parametrize("path", list_notebooks(), ids=name_of)
def test_notebook_has_no_errors(path):
    errors = [finding for finding in check(path) if finding.level == "error"]
    assert errors == []


def test_results_file_matches_the_notebooks():
    assert json.loads(RESULTS.read_text(encoding="utf-8")) == gather(), "run `make results` to update results.json"


def test_readme_tables_match_the_results():
    text = README.read_text(encoding="utf-8")
    assert text == fill_readme(text, gather(), read_races(), read_card()), "run `make results` to update README.md"
