"""Python's own standard library as text, with the kind of token that each character belongs to, from `tokenize`."""

import io
import keyword
import random
import sysconfig
import tokenize
from pathlib import Path

import numpy as np

from helpers.validation import as_count

QUOTES = {'"': "double-quoted", "'": "single-quoted"}
KINDS = (
    "space",
    "comment",
    "docstring",
    *QUOTES.values(),
    "number",
    "keyword",
    "new name",
    "name",
    "operator",
    "line end",
)
ALPHABET = "\n" + "".join(map(chr, range(32, 127)))  # 96 characters; the code of a character is its place here
SKIPPED = {"test", "tests", "site-packages", "dist-packages", "idlelib", "lib2to3", "encodings", "pydoc_data"}
KIND_OF_TYPE = {
    tokenize.COMMENT: "comment",
    tokenize.NUMBER: "number",
    tokenize.OP: "operator",
    tokenize.NEWLINE: "line end",
    tokenize.NL: "line end",
}
# Since Python 3.12, an f-string is several tokens.
START, MIDDLE, END = (getattr(tokenize, f"FSTRING_{part}", None) for part in ("START", "MIDDLE", "END"))


def read_python_source(characters, seed=0):
    """Return files of this Python's standard library in random order, with at least `characters` if it has that many.

    Each file is a pair of arrays (length,): its characters as places in `ALPHABET`, and their kinds as places in
    `KINDS`. Tests, packages, and files with other characters are left out. Versions and installations of Python have
    different files.
    """
    as_count(characters, "characters")
    root = Path(sysconfig.get_path("stdlib"))
    paths = sorted(path for path in root.rglob("*.py") if SKIPPED.isdisjoint(path.relative_to(root).parts))
    random.Random(seed).shuffle(paths)
    code_of, files, total = {character: code for code, character in enumerate(ALPHABET)}, [], 0
    for path in paths:
        try:
            text = path.read_text(encoding="utf-8")
            codes = np.array([code_of[character] for character in text], dtype="int32")
            files.append((codes, label_characters(text)))
        except (OSError, UnicodeDecodeError, KeyError, SyntaxError, tokenize.TokenError):
            continue
        total += len(codes)
        if total >= characters:
            break
    return files


def cut_windows(files, length, stride):
    """Return windows of consecutive characters, the characters that follow each, and their kinds, (n, length) each.

    A window begins every `stride` characters in the files, which are joined; so a window may span two of them. Raises
    ValueError if the files have too few characters for one window, or a different number of kinds.
    """
    length, stride = as_count(length, "length"), as_count(stride, "stride")
    total = sum(len(characters) for characters, _ in files)
    if total <= length:
        raise ValueError(
            f"{total} characters; expected more than the length, {length}: read more, or cut shorter windows"
        )
    if any(len(characters) != len(kinds) for characters, kinds in files):
        raise ValueError("a file has different numbers of characters and kinds; expected one kind per character")
    characters, kinds = (np.concatenate(arrays) for arrays in zip(*files, strict=True))
    places = np.arange(0, total - length, stride)[:, None] + np.arange(length)
    return characters[places], characters[places + 1], kinds[places]


def label_characters(text):
    """Return the kind of each character of Python source, (length,), as places in `KINDS`.

    A string is double-quoted or single-quoted or, at the beginning of the file or of an indented block, a docstring; a
    new name follows `def` or `class`. Since Python 3.12, an expression inside an f-string has its own kinds. Raises
    TypeError if the text isn't a str, and SyntaxError or tokenize.TokenError if it can't be split into tokens; whether
    it's valid Python isn't checked.
    """
    if not isinstance(text, str):
        raise TypeError(f"text is {type(text).__name__}; expected a str with Python source")
    starts = np.cumsum([0] + [len(line) + 1 for line in text.split("\n")])  # where each line begins
    kinds, before, opens = np.full(len(text), KINDS.index("space"), dtype="int32"), "", True
    quotes = []  # of the f-strings that the token is in
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        kind = KIND_OF_TYPE.get(token.type)
        if token.type == tokenize.NAME:
            named = "new name" if before in ("def", "class") else "name"
            kind = "keyword" if keyword.iskeyword(token.string) else named
        elif token.type == tokenize.STRING:
            kind = "docstring" if opens else QUOTES[token.string[-1]]
        elif token.type == START:
            quotes.append(token.string[-1])
            kind = QUOTES[quotes[-1]]
        elif token.type == MIDDLE:
            kind = QUOTES[quotes[-1]]
        elif token.type == END:
            kind = QUOTES[quotes.pop()]
        if kind:
            first, last = (starts[line - 1] + column for line, column in (token.start, token.end))
            doubled = token.type == MIDDLE and text[last - 1 : last + 1] in ("{{", "}}")  # the token has only one brace
            kinds[first : last + doubled] = KINDS.index(kind)
        if token.type not in (tokenize.COMMENT, tokenize.NL):
            before, opens = token.string, token.type == tokenize.INDENT
    return kinds
