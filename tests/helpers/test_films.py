"""Films: what Pillow reads back, what a GIF cannot keep, and an old film that survives whatever goes wrong."""

import base64
import os
import re
from unittest.mock import Mock

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image, ImageSequence

from helpers.films import show_film, write_film

GRAY = np.random.default_rng(0).random((5, 24, 32))  # (frames, height, width)
SIDES = st.integers(1, 9)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "film.gif"


def read_back(path):
    """Return a film's frames (n, height, width, 3), their milliseconds, and its repetitions, 0 for endless."""
    with Image.open(path) as film:
        loop = film.info["loop"]
        pages = [(np.asarray(page.convert("RGB")), page.info["duration"]) for page in ImageSequence.Iterator(film)]
    frames, durations = zip(*pages, strict=True)
    return np.stack(frames), list(durations), loop


@given(
    # A side of 3 or an axis of one channel must not make gray frames pass for color.
    frames=hnp.arrays(
        np.uint8, st.tuples(st.integers(1, 4), SIDES, SIDES) | st.tuples(SIDES, SIDES, SIDES, st.just(1))
    ),
    milliseconds=st.integers(2, 300).map(lambda hundredths: 10 * hundredths),
)
def test_gray_frames_keep_their_pixels_and_durations_and_loop_forever(tmp_path_factory, frames, milliseconds):
    path = write_film(tmp_path_factory.mktemp("films") / "film.gif", frames, milliseconds, colors=256)
    read, durations, loop = read_back(path)
    assert loop == 0
    assert sum(durations) == milliseconds * len(frames)
    # Equal frames in a row become a single longer one.
    repeated = np.repeat(read[..., 0], [duration // milliseconds for duration in durations], axis=0)
    np.testing.assert_array_equal(repeated, frames.reshape(frames.shape[:3]))


def test_each_frame_can_have_its_own_duration(path):
    assert read_back(write_film(path, GRAY, [20, 500, 110, 80, 2000]))[1] == [20, 500, 110, 80, 2000]
    assert read_back(write_film(path, (GRAY[0] for _ in range(3)), np.array([100, 200, 300])))[1] == [600]


@pytest.mark.parametrize("colors", [2, 32, 256])
def test_floats_keep_their_shade_and_the_file_its_permissions(path, colors):
    path.write_bytes(b"old")
    path.chmod(0o640)
    assert write_film(str(path), GRAY, 100, colors) == path
    assert path.stat().st_mode & 0o777 == 0o640
    read, _, _ = read_back(path)
    assert len(np.unique(read)) <= colors
    np.testing.assert_allclose(read[..., 0] / 255, GRAY, atol=0.5 / (colors - 1) + 0.5 / 255)


def test_few_colors_are_kept_and_many_are_reduced(path):
    rng = np.random.default_rng(1)
    palette = rng.integers(0, 256, (8, 3), np.uint8)
    frames = palette[rng.integers(0, 8, (4, 24, 32))]  # (4, 24, 32, 3)
    for same_frames in (frames, (frames / 255).astype("float32")):
        np.testing.assert_array_equal(read_back(write_film(path, same_frames, 100))[0], frames)
    read, _, _ = read_back(write_film(path, rng.integers(0, 256, (4, 24, 32, 3), np.uint8), 100, colors=16))
    assert len(np.unique(read.reshape(-1, 3), axis=0)) <= 16


BAD_DURATIONS = 0, -100, 10, 25, 655_360, float("nan"), [100, 105, 100, 100, 100]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"frames": [GRAY[0], GRAY[1, 1:]]}, "frames differ"),
        ({"frames": np.random.default_rng(3).random((9, 64, 64)), "most_bytes": 10_000}, "take fewer colors"),
        ({"milliseconds": [100, 100]}, "2 durations for 5 frames"),
        *(({"milliseconds": bad}, "multiple of 10") for bad in BAD_DURATIONS),
        *(({"colors": bad}, "2 to 256") for bad in (1, 257)),
        *(({"name": bad}, r"\.gif") for bad in ("film", "film.mp4", "film.gif.png")),
        ({"name": "nowhere/film.gif"}, "nowhere does not exist"),
    ],
)
def test_film_that_cannot_be_written_is_refused_and_the_old_one_stays(path, change, message):
    path.write_bytes(b"old")
    options = {"name": path.name, "frames": GRAY, "milliseconds": 100} | change
    with pytest.raises((ValueError, FileNotFoundError), match=message):
        write_film(path.parent / options.pop("name"), **options)
    assert path.read_bytes() == b"old"
    assert os.listdir(path.parent) == ["film.gif"]


@pytest.mark.parametrize("function", ["imageio.v3.imwrite", "os.replace"])
def test_failure_leaves_the_old_film_and_nothing_else(path, monkeypatch, function):
    path.write_bytes(b"old")
    monkeypatch.setattr(function, Mock(side_effect=KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        write_film(path, GRAY, 100)
    assert path.read_bytes() == b"old"
    assert os.listdir(path.parent) == ["film.gif"]


def test_shown_film_carries_its_bytes_and_its_text_and_must_be_a_gif(path):
    film = show_film(write_film(path, GRAY, 100), 'Garments "form" from gray & mush.')
    tag = film._repr_html_()
    assert 'alt="Garments &quot;form&quot; from gray &amp; mush."' in tag
    assert base64.b64decode(re.search(r'src="data:image/gif;base64,([^"]+)"', tag)[1]) == path.read_bytes()
    assert 'Garments "form" from gray & mush.' in repr(film)
    path.write_bytes(b"\x89PNG")
    with pytest.raises(ValueError, match="no GIF"):
        show_film(path, "A film")
