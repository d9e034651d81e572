"""A file that can't be written leaves the existing file unchanged, and no other file."""

import numpy as np
import pytest

from helpers.animation import write_gif
from tests.helpers.file_checks import rejected

NOISE = np.random.default_rng(0).integers(0, 256, (20, 300, 300), np.uint8)  # can't be compressed below 1 MB


def test_full_disk_leaves_the_existing_file_and_nothing_else(tmp_path):
    resource = pytest.importorskip("resource", reason="needs the Unix limit on file sizes")
    path = tmp_path / "film.gif"
    path.write_bytes(b"old")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (10**6, limits[1]))  # Writing fails in the middle.
        with rejected(tmp_path, path, "nothing was changed", error=OSError):
            write_gif(path, NOISE, 100, colors=256, most_bytes=10**8)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
