"""What a reader's answer to an exercise is told."""

import numpy as np
import pytest
from keras import ops

from helpers import exercises
from helpers.exercises import ANSWERS, check_answer, make_digest
from tools.notebooks import list_notebooks, name_of, read_notebook


def say(capsys, *arguments):
    check_answer(*arguments)
    return capsys.readouterr().out


@pytest.fixture
def answers(monkeypatch):
    """Two exercises with known numbers in place of those of the notebooks."""
    known = {"98.1": (0, make_digest("98.1", 42)), "98.2": (3, make_digest("98.2", 1361))}
    monkeypatch.setattr(exercises, "ANSWERS", known)


@pytest.mark.parametrize("answer", [42, 42.0, np.int64(42), np.float32(42), ops.convert_to_tensor(42.0)])
def test_right_whole_number_is_right(answers, capsys, answer):
    assert "right." in say(capsys, "98.1", answer)


@pytest.mark.parametrize("answer", [41, 43, 42.4, -42, 0])
def test_other_whole_number_is_not(answers, capsys, answer):
    assert "not this number" in say(capsys, "98.1", answer)


@pytest.mark.parametrize("answer", [1.361, 1.3612, 1.36, 1.362, np.float64(1.3605)])
def test_number_that_agrees_to_the_decimals_is_right(answers, capsys, answer):
    assert "right." in say(capsys, "98.2", answer)


@pytest.mark.parametrize("answer", [1.358, 1.364, 1361, -1.361])
def test_number_that_is_off_is_not(answers, capsys, answer):
    assert "not this number" in say(capsys, "98.2", answer)


def test_no_answer_yet_asks_for_one_and_says_how_exact(answers, capsys):
    assert "a whole number" in say(capsys, "98.1")
    assert "3 decimals" in say(capsys, "98.2", None)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (("99.1", 1), ValueError, "no answer is known for exercise '99.1'; expected one of 98.1, 98.2"),
        (("98.1", "42"), TypeError, "'42'; expected a number"),
        (("98.1", True), TypeError, "True; expected a number"),
        (("98.1", [42]), TypeError, "expected a number"),
        (("98.1", float("nan")), ValueError, "nan; expected a finite number"),
        (("98.1", float("inf")), ValueError, "inf; expected a finite number"),
    ],
    ids=str,
)
def test_what_is_no_answer_is_refused(answers, arguments, error, message):
    with pytest.raises(error, match=message.replace("[", r"\[")):
        check_answer(*arguments)


@pytest.mark.parametrize("exercise", ANSWERS)
def test_lesson_asks_and_solutions_are_right(exercise):
    number = exercise.partition(".")[0]
    cells = {}
    for path in list_notebooks():
        if path.name.startswith(number):
            cells[path.parent.name] = [cell for cell in read_notebook(path).cells if cell.cell_type == "code"]
    asked = [cell for cell in cells["notebooks"] if f'check_answer("{exercise}", None)' in cell.source]
    assert len(asked) == 1, f"one cell of the lesson asks for the answer to {exercise}"
    solved = [cell for cell in cells["solutions"] if f'check_answer("{exercise}"' in cell.source]
    said = "".join(output.get("text", "") for cell in solved for output in cell.outputs)
    assert f"Exercise {exercise}: right." in said


def test_no_exercise_is_checked_without_an_answer():
    for path in list_notebooks():
        for cell in read_notebook(path).cells:
            if cell.cell_type == "code" and "check_answer(" in cell.source:
                assert any(f'check_answer("{exercise}"' in cell.source for exercise in ANSWERS), name_of(path)
