"""A file that can't be written leaves the old file as it was, and nothing beside it."""

import os
from contextlib import contextmanager

import numpy as np
import pytest

from helpers.files import replace_file
from helpers.films import write_film
from tests.helpers.file_checks import permissions, refused
from tools.files import write_text

NOISE = np.random.default_rng(0).integers(0, 256, (20, 300, 300), np.uint8)  # can't be compressed below 1 MB
WRITERS = {
    "film": lambda path: write_film(path, NOISE, 100, colors=256, most_bytes=10**8),
    "bytes": lambda path: replace_file(path, NOISE.tobytes()),
    "text": lambda path: write_text(path, "text" * 10**6),
}
each_writer = pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS)


@contextmanager
def largest_file(size):
    """Let writing fail in the middle, as on a full disk, once a file has this many bytes."""
    resource = pytest.importorskip("resource", reason="needs a Unix limit on the size of files")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


@each_writer
def test_full_disk_leaves_the_old_file_and_nothing_else(tmp_path, write):
    path = tmp_path / "film.gif"
    path.write_bytes(b"old")
    with refused(tmp_path, path, "nothing was changed", error=OSError), largest_file(10**6):
        write(path)
    write(path)
    assert path.stat().st_size > 10**6
    assert os.listdir(tmp_path) == ["film.gif"]


@each_writer
def test_read_only_folder_leaves_the_old_file_and_nothing_else(open_folder, write):
    path = open_folder / "film.gif"
    path.write_bytes(b"old")
    with refused(open_folder, path, "nothing was changed", error=PermissionError), permissions(0o555, open_folder):
        write(path)


@each_writer
def test_a_folder_in_place_of_the_file_stays(tmp_path, write):
    path = tmp_path / "film.gif"
    path.mkdir()
    (path / "inside").touch()
    with refused(tmp_path, path, "nothing was changed", error=OSError):
        write(path)
