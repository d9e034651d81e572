"""The numbers in the README's table of what was tried are those of the tests."""

from test_bad_input import list_public
from test_data_mutations import CASES, REAL_CASES

from tests.train_all_lessons import NOTEBOOKS
from tools.notebooks import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_table_of_what_was_tried_counts_right():
    assert f"| {len(CASES) + len(REAL_CASES)} spoiled files:" in README
    assert f"| all {len(list_public())} public helpers," in README
    assert f"| the models of {len(NOTEBOOKS)} lessons," in README
