"""The standard library is read whole, and each character gets the kind that Python's own tokenizer gives it."""

import tokenize

import numpy as np
import pytest

from helpers.figures import plot_shaded_text
from helpers.python_source import ALPHABET, KINDS, cut_windows, label_characters, read_python_source

SOURCE = '''"""Doc."""
import os  # why


class A:
    # c
    """Doc
    two"""

    x = "s" + 1.5

    def f(self):
        "d"
        return "no doc".join(os + 'q"' + r'r')
'''


def find(kind):
    kinds = label_characters(SOURCE)
    return "".join(character if kinds[i] == KINDS.index(kind) else "|" for i, character in enumerate(SOURCE))


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("docstring", ['"""Doc."""', '"""Doc\n    two"""', '"d"']),
        ("comment", ["# why", "# c"]),
        ("double-quoted", ['"s"', '"no doc"']),
        ("single-quoted", ["'q\"'", "r'r'"]),
        ("number", ["1.5"]),
        ("keyword", ["import", "class", "def", "return"]),
        ("new name", ["A", "f"]),
        ("name", ["os", "x", "self", "join", "os"]),
        ("operator", [":", "=", "+", "(", "):", ".", "(", "+", "+", ")"]),
    ],
)
def test_characters_of_each_kind(kind, expected):
    assert [part for part in find(kind).split("|") if part] == expected


def test_parts_of_an_f_string_are_strings_in_every_version():
    text = """x = f"a{y!r:>{w}}b" f'c{d["e"]}g' 'h'\n"""
    kinds = label_characters(text)
    for character, kind in zip("abcgh", ["double", "double", "single", "single", "single"], strict=True):
        assert KINDS[kinds[text.index(character)]] == f"{kind}-quoted"
    assert KINDS[kinds[0]] == "name"


def test_text_that_is_not_python_is_rejected():
    with pytest.raises((SyntaxError, tokenize.TokenError)):
        label_characters("x = (\n")


def test_files_are_read_and_labeled_alike_every_time():
    files = read_python_source(20_000, seed=3)
    assert 20_000 <= sum(len(codes) for codes, _ in files)
    codes, kinds = files[0]
    text = "".join(ALPHABET[code] for code in codes)
    np.testing.assert_array_equal(label_characters(text), kinds)
    np.testing.assert_array_equal(read_python_source(20_000, seed=3)[0][0], codes)


def test_windows_overlap_by_length_less_stride_and_know_the_next_character():
    files = [(np.arange(7), np.arange(7) + 10), (np.arange(7, 10), np.arange(7, 10) + 10)]
    characters, following, kinds = cut_windows(files, length=4, stride=3)
    np.testing.assert_array_equal(characters, [[0, 1, 2, 3], [3, 4, 5, 6]])
    np.testing.assert_array_equal(following, characters + 1)
    np.testing.assert_array_equal(kinds, characters + 10)


def test_shading_follows_the_characters():
    ax = plot_shaded_text("ab\nc", np.array([0, 1, 5, 2]))
    np.testing.assert_array_equal(ax.images[0].get_array().filled(0)[:, :4], [[0, 1, 5, 0], [2, 0, 0, 0]])
    assert [text.get_text() for text in ax.texts] == ["a", "b", "c"]
    with pytest.raises(ValueError, match="one per character"):
        plot_shaded_text("ab", np.zeros(3))
    with pytest.raises(ValueError, match="expected 0 or more"):
        plot_shaded_text("ab", [1, -2])


def test_shades_are_relative_to_what_is_shown():
    ax = plot_shaded_text("a" * 102, np.array([1] * 100 + [9, 9]))  # two are cut off
    assert ax.images[0].get_clim() == (0, 2)


def test_a_doubled_brace_in_an_f_string_is_part_of_it():
    kinds = label_characters('x = f"a{{b}}c"\n')
    assert {KINDS[kind] for kind in kinds[4:-1]} == {"double-quoted"}


@pytest.mark.parametrize("files", [[], [(np.arange(5), np.arange(5))]])
def test_too_few_characters_for_a_window_are_an_error(files):
    with pytest.raises(ValueError, match="read more, or cut shorter windows"):
        cut_windows(files, 5, 2)


def test_only_text_is_labeled():
    with pytest.raises(TypeError, match="expected a str"):
        label_characters(b"x = 1")
