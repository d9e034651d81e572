"""Exercises with one right number: `check_answer` says whether an answer is right, without giving it away."""

import hashlib
from fractions import Fraction

from helpers.validation import as_numbers

ANSWERS = {  # by exercise: the decimals that count, and what `make_digest` returns for the right number
    "00.2": (0, "2451e1d7e9a723ea"),
    "08.1": (3, "a51d8541a08bdabd"),
    "12.1": (0, "79b85316151a4bc3"),
    "14.1": (0, "419083fa3eea9057"),
}


def check_answer(exercise, answer=None):
    """Print whether `answer`, a number, is right for an exercise such as "08.1": notebook 08, exercise 1.

    The last decimal may be off by one. Raises ValueError or TypeError for an unknown exercise or no finite number.
    """
    if exercise not in list(ANSWERS):
        raise ValueError(f"no answer is known for exercise {exercise!r}; expected one of {', '.join(ANSWERS)}")
    decimals, digest = ANSWERS[exercise]
    verdict = f"put your number, {f'to {decimals} decimals' if decimals else 'a whole number'}, instead of None."
    if answer is not None:
        units = Fraction(float(as_numbers(answer, f"answers to {exercise}"))) * 10**decimals  # of the last decimal
        near = [round(units) + off for off in (-1, 0, 1)] if decimals else [units]
        digests = [make_digest(exercise, each) for each in near]
        verdict = "right." if digest in digests else "not this number. What is it made of?"
    print(f"Exercise {exercise}: {verdict}")


def make_digest(exercise, units):
    """Return the digest of a right number, given in units of its last decimal: 1361 for 1.361."""
    return hashlib.sha256(f"{exercise} {units}".encode()).hexdigest()[:16]
