"""Exercises that have one right number: `check_answer` says right or not, and does not give it away."""

import hashlib
import math

# Exercise: the decimals that count, and a digest of the right number. `make_digest` makes one.
ANSWERS = {
    "00.2": (0, "2451e1d7e9a723ea"),
    "03.1": (0, "0b55f0d557574e3b"),
    "08.1": (3, "a51d8541a08bdabd"),
    "12.1": (0, "79b85316151a4bc3"),
    "14.1": (0, "419083fa3eea9057"),
}


def check_answer(exercise, answer=None):
    """Print whether `answer`, a number, is right for an exercise such as "08.1": notebook 08, exercise 1.

    It is right if it agrees to the stated decimals, the last of which may be off by one. Raises ValueError for an
    exercise that has no number and an answer that is not finite, and TypeError for an answer that is no number.
    """
    if not isinstance(exercise, str) or exercise not in ANSWERS:
        raise ValueError(f"no answer is known for exercise {exercise!r}; expected one of {', '.join(ANSWERS)}")
    decimals, digest = ANSWERS[exercise]
    if answer is None:
        asked = f"to {decimals} decimals" if decimals else "a whole number"
        print(f"Exercise {exercise}: put your number, {asked}, in the place of None.")
        return
    if isinstance(answer, str | bool) or not hasattr(answer, "__float__") or len(getattr(answer, "shape", ())):
        raise TypeError(f"the answer to exercise {exercise} is {answer!r}; expected a number")
    if not math.isfinite(answer):
        raise ValueError(f"the answer to exercise {exercise} is {answer}; expected a finite number")
    units = round(float(answer) * 10**decimals)  # of the last decimal
    near = (-1, 0, 1) if decimals else (0,)
    is_right = any(make_digest(exercise, units + off) == digest for off in near)
    is_right = is_right and (decimals > 0 or float(answer).is_integer())
    print(f"Exercise {exercise}: {'right.' if is_right else 'not this number. What is it made of?'}")


def make_digest(exercise, units):
    """Return the digest of a right number, given in units of its last decimal: 1361 for 1.361."""
    return hashlib.sha256(f"{exercise} {units}".encode()).hexdigest()[:16]
