"""The stored notebooks have no lint errors, and results.json and all tables match their results."""

import json

import pytest

from tools.lint import check
from tools.notebooks import list_notebooks, name_of
from tools.results import RESULTS, fill_all, gather


@pytest.mark.parametrize("path", list_notebooks(), ids=name_of)
def test_notebook_has_no_errors(path):
    errors = [finding for finding in check(path) if finding.level == "error"]
    assert errors == []


def test_results_file_matches_the_notebooks():
    assert json.loads(RESULTS.read_text(encoding="utf-8")) == gather(), "run `make results` to update results.json"


def test_tables_match_the_results():
    for path, text in fill_all(gather()).items():
        assert path.read_text(encoding="utf-8") == text, f"run `make results` to update {path.name}"
