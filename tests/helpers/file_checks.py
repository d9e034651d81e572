"""Checks that files stay as they were."""

from contextlib import contextmanager

import pytest


@contextmanager
def unchanged(folder):
    """Assert that the block changes, adds and removes nothing below a folder: names, times and contents."""
    before, after = {}, {}
    for contents in (before, after):
        for path in folder.rglob("*"):
            contents[path] = path.lstat().st_mtime_ns, path.is_file() and path.read_bytes()
        if contents is before:
            yield
    assert after == before


@contextmanager
def refused(folder, *words, error=ValueError):
    """Assert that the block raises an error that contains these words, and leaves the folder as it was."""
    with unchanged(folder), pytest.raises(error) as caught:
        yield
    assert [word for word in words if str(word) not in str(caught.value)] == []
