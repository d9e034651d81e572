"""What check_answer tells a reader about an answer to an exercise."""

import numpy as np
import pytest
from keras import ops

from helpers import exercises
from helpers.exercises import ANSWERS, check_answer, make_digest
from tools.notebooks import list_notebooks, read_notebook


@pytest.fixture
def answers(monkeypatch):
    """Two exercises with known numbers in place of those of the notebooks: 42, and 1.361 to three decimals."""
    known = {"98.1": (0, make_digest("98.1", 42)), "98.2": (3, make_digest("98.2", 1361))}
    monkeypatch.setattr(exercises, "ANSWERS", known)


WHOLE = [42, 42.0, np.int64(42), np.float32(42), ops.convert_to_tensor(42.0), np.array(42)]
DECIMAL = [1.361, 1.3612, 1.36, 1.362, np.float64(1.3605)]


@pytest.mark.usefixtures("answers")
@pytest.mark.parametrize(
    ("exercise", "given", "verdict"),
    [
        # A whole number must be exact; the last decimal of others may be off by one.
        ("98.1", WHOLE, ": right."),
        ("98.1", [41, 43, 42.4, -42, 0, 1e306], ": not"),
        ("98.2", DECIMAL, ": right."),
        ("98.2", [1.358, 1.364, 1361, -1.361, 1e306], ": not"),
    ],
)
def test_answers_are_judged_right_or_not(capsys, exercise, given, verdict):
    for answer in given:
        check_answer(exercise, answer)
        assert verdict in capsys.readouterr().out


NO_NUMBERS = ("42", [42], {}, np.array([42]), 42j, np.complex64(42), 10**400)


@pytest.mark.usefixtures("answers")
@pytest.mark.parametrize(
    ("exercise", "answer", "error", "message"),
    [
        ("99.1", 1, ValueError, "'99.1'; expected one of 98.1, 98.2"),
        (["98.1"], 1, ValueError, "expected one of"),
        *(("98.1", answer, TypeError, "numbers were expected|0-dimensional|only length-1") for answer in NO_NUMBERS),
        *(("98.1", answer, ValueError, "expected finite numbers") for answer in (np.nan, -np.inf)),
    ],
    ids=str,
)
def test_what_is_not_an_answer_is_refused(exercise, answer, error, message):
    with pytest.raises(error, match=message):
        check_answer(exercise, answer)


@pytest.mark.parametrize("exercise", ANSWERS)
def test_lesson_asks_for_the_answer_and_the_solution_has_it_right(exercise):
    cells = {"notebooks": [], "solutions": []}
    for path in list_notebooks():
        if path.name.startswith(exercise.partition(".")[0]):
            cells[path.parent.name] += [cell for cell in read_notebook(path).cells if cell.cell_type == "code"]
    assert sum(f'check_answer("{exercise}", None)' in cell.source for cell in cells["notebooks"]) == 1
    outputs = [output.get("text", "") for cell in cells["solutions"] for output in cell.outputs]
    assert any(f"Exercise {exercise}: right." in text for text in outputs)
