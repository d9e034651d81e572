"""Checks that files aren't changed."""

from contextlib import contextmanager

import pytest


@contextmanager
def unchanged(folder):
    """Assert that the block doesn't change the names, times, or contents of anything in a folder."""
    before, after = {}, {}
    for contents in (before, after):
        for path in folder.rglob("*"):
            contents[path] = path.lstat().st_mtime_ns, path.is_file() and path.read_bytes()
        if contents is before:
            yield
    assert after == before


@contextmanager
def rejected(folder, *words, error=ValueError):
    """Assert that the block raises an error that contains these words, and doesn't change the folder."""
    with unchanged(folder), pytest.raises(error) as caught:
        yield
    assert [word for word in words if str(word) not in str(caught.value)] == []
