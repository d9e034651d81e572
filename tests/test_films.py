"""Films: read back with Pillow frame by frame, refused where a GIF could not keep them, and never half written."""

import base64
import io
import os
import re

import imageio.v3 as iio
import nbformat
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image, ImageSequence

from helpers import files, films
from helpers.films import show_film, write_film
from tools.notebooks import FOLDER, list_outputs

STATED = "FRAME_MILLISECONDS", "LAST_FRAME_MILLISECONDS"  # parameters of notebook 10
GRAY = np.random.default_rng(0).random((5, 24, 32))  # (frames, height, width)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "film.gif"


def read_back(path):
    """Return frames (n, height, width, 3), their milliseconds and the number of repetitions, 0 for ever, by Pillow."""
    with Image.open(path) as film:
        loop = film.info["loop"]
        pages = [(np.asarray(page.convert("RGB")), page.info["duration"]) for page in ImageSequence.Iterator(film)]
    frames, durations = zip(*pages, strict=True)
    return np.stack(frames), list(durations), loop


def smooth_garments(count=16, points=20, side=28):
    """Return gray frames like those of a latent plane in training: points x points soft blobs each that take form."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[-1 : 1 : side * 1j, -1 : 1 : side * 1j]
    widths = rng.uniform(0.2, 0.6, (points, points, 2, 1, 1))
    blobs = 1 / (1 + np.exp(((x / widths[:, :, 0]) ** 2 + (y / widths[:, :, 1]) ** 2 - 1) * 6))
    plane = blobs.swapaxes(1, 2).reshape(points * side, points * side)
    shares = np.linspace(0, 1, count)[:, None, None]
    return 1 - (0.3 * (1 - shares) + shares * plane)


@given(
    frames=hnp.arrays(np.uint8, st.tuples(st.integers(1, 4), st.integers(1, 9), st.integers(1, 9))),
    milliseconds=st.integers(2, 300).map(lambda hundredths: 10 * hundredths),
)
def test_gray_frames_come_back_with_their_durations_and_loop_forever(tmp_path_factory, frames, milliseconds):
    path = write_film(tmp_path_factory.mktemp("films") / "film.gif", frames, milliseconds, colors=256)
    read, durations, loop = read_back(path)
    assert loop == 0
    assert sum(durations) == milliseconds * len(frames)
    # Equal frames in a row become a single longer one.
    repeated = np.repeat(read[..., 0], [duration // milliseconds for duration in durations], axis=0)
    np.testing.assert_array_equal(repeated, frames)


@pytest.mark.parametrize("milliseconds", [[20, 500, 110, 80, 2000], np.array([20, 500, 110, 80, 2000])])
def test_each_frame_can_have_its_own_duration(path, milliseconds):
    _, durations, _ = read_back(write_film(path, GRAY, milliseconds))
    assert durations == list(milliseconds)


def test_durations_are_milliseconds_for_imageio_as_well(path):
    write_film(path, GRAY, 300)
    assert iio.immeta(path)["duration"] == 300


@pytest.mark.parametrize("colors", [2, 32, 256])
def test_floats_are_light_where_they_are_high_and_keep_their_shade(path, colors):
    read, _, _ = read_back(write_film(path, GRAY, 100, colors))
    assert len(np.unique(read)) <= colors
    np.testing.assert_allclose(read[..., 0] / 255, GRAY, atol=0.5 / (colors - 1) + 0.5 / 255)


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_colors_of_all_frames_come_from_one_palette(path, dtype):
    rng = np.random.default_rng(1)
    palette = rng.integers(0, 256, (8, 3), np.uint8)
    frames = palette[rng.integers(0, 8, (4, 24, 32))]  # (4, 24, 32, 3)
    given_frames = frames if dtype == np.uint8 else (frames / 255).astype(dtype)
    read, _, _ = read_back(write_film(path, given_frames, 100))
    np.testing.assert_array_equal(read, frames)
    many, _, _ = read_back(write_film(path, rng.integers(0, 256, (4, 24, 32, 3), np.uint8), 100, colors=16))
    assert len(np.unique(many.reshape(-1, 3), axis=0)) <= 16


@pytest.mark.parametrize("shape", [(8, 8, 1), (8, 3), (3, 8), (1, 1)])
def test_narrow_frames_and_frames_with_a_gray_axis_are_gray(path, shape):
    frames = np.random.default_rng(2).integers(0, 256, (3, *shape), np.uint8)
    read, _, _ = read_back(write_film(path, list(frames), 50, colors=256))
    np.testing.assert_array_equal(read[..., 0], frames.reshape(3, *shape[:2]))


def test_single_frame_and_frames_from_a_generator_are_films(path):
    read, durations, loop = read_back(write_film(path, (frame for frame in GRAY[:1]), 100, colors=256))
    np.testing.assert_allclose(read[..., 0] / 255, GRAY[:1], atol=0.5 / 255)
    assert (durations, loop) == ([100], 0)


def test_film_that_does_not_move_lasts_as_long(path):
    _, durations, _ = read_back(write_film(path, [GRAY[0]] * 3, [100, 200, 300]))
    assert durations == [600]


def test_plane_of_twenty_by_twenty_garments_stays_within_the_limit(path):
    frames = smooth_garments()
    assert frames.shape == (16, 560, 560)
    write_film(path, frames, 300)
    assert 100_000 < path.stat().st_size < 1_500_000
    assert len(read_back(path)[0]) == 16


def test_film_above_the_limit_is_refused_with_advice_and_leaves_the_old_one(path):
    path.write_bytes(b"old")
    with pytest.raises(ValueError, match="more than 10,000; take fewer colors or smaller frames"):
        write_film(path, np.random.default_rng(3).random((9, 64, 64)), 100, most_bytes=10_000)
    assert path.read_bytes() == b"old"


@pytest.mark.parametrize(
    ("frames", "message"),
    [
        ([], "there are no frames"),
        ([GRAY[0], GRAY[1, 1:]], "frames differ: .*expected one shape and type"),
        ([GRAY[0], np.zeros((24, 32), np.uint8)], "frames differ"),
        ([np.zeros((24, 32, 4), np.uint8)], "frames have shape"),
        ([np.zeros(24, np.uint8)], "frames have shape"),
        ([np.zeros((0, 32), np.uint8)], "frames are empty"),
        ([GRAY[0] * 255], "divide by 255"),
        ([GRAY[0] - 0.5], "rescale or clip"),
        ([GRAY[0] * np.nan], "NaN or infinite"),
    ],
)
def test_frames_that_are_no_film_are_refused_and_leave_the_old_one(path, frames, message):
    path.write_bytes(b"old")
    with pytest.raises(ValueError, match=message):
        write_film(path, frames, 100)
    assert path.read_bytes() == b"old"


def test_frames_without_numbers_are_refused(path):
    with pytest.raises(TypeError, match="numbers were expected"):
        write_film(path, [np.full((4, 4), "a")], 100)


@pytest.mark.parametrize("milliseconds", [0, -100, 10, 25, 0.3, 655_360, float("nan"), [100, 105, 100, 100, 100]])
def test_durations_that_a_gif_cannot_keep_are_refused(path, milliseconds):
    with pytest.raises(ValueError, match=r"cannot last .* multiple of 10"):
        write_film(path, GRAY, milliseconds)


def test_there_is_one_duration_or_one_for_each_frame(path):
    with pytest.raises(ValueError, match="2 durations for 5 frames"):
        write_film(path, GRAY, [100, 100])


@pytest.mark.parametrize("name", ["film", "film.mp4", "film.gif.png"])
def test_other_endings_are_refused(tmp_path, name):
    with pytest.raises(ValueError, match=r"does not end in \.gif"):
        write_film(tmp_path / name, GRAY, 100)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("colors", [0, 1, 257])
def test_numbers_of_colors_that_a_gif_does_not_have_are_refused(path, colors):
    with pytest.raises(ValueError, match="2 to 256"):
        write_film(path, GRAY, 100, colors)


def test_new_film_takes_the_place_of_the_old_one_and_its_permissions(path):
    write_film(path, GRAY[:2], 100)
    assert path.stat().st_mode & 0o777 == 0o644
    path.chmod(0o640)
    assert write_film(str(path), GRAY, 100) == path
    assert path.stat().st_mode & 0o777 == 0o640
    assert len(read_back(path)[0]) == 5
    assert os.listdir(path.parent) == ["film.gif"]


@pytest.mark.parametrize("failing", ["fdopen", "replace"])
@pytest.mark.parametrize("error", [OSError("the disk is full"), KeyboardInterrupt()], ids=["full disk", "interrupt"])
def test_failure_in_the_middle_leaves_the_old_film_and_nothing_else(path, monkeypatch, failing, error):
    write_film(path, GRAY[:2], 100)
    old = path.read_bytes()

    def fail(*arguments):
        if failing == "fdopen":
            with open(arguments[0], "wb") as stream:
                stream.write(b"GIF89a, and half of")
        raise error

    monkeypatch.setattr(files.os, failing, fail)
    with pytest.raises(type(error)):
        write_film(path, GRAY, 100)
    assert path.read_bytes() == old
    assert os.listdir(path.parent) == ["film.gif"]


def test_failure_while_encoding_leaves_the_old_film(path, monkeypatch):
    path.write_bytes(b"old")

    def fail(*arguments, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr(films.iio, "imwrite", fail)
    with pytest.raises(KeyboardInterrupt):
        write_film(path, GRAY, 100)
    assert path.read_bytes() == b"old"
    assert os.listdir(path.parent) == ["film.gif"]


def test_folder_that_does_not_exist_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere does not exist; make it first"):
        write_film(tmp_path / "nowhere" / "film.gif", GRAY, 100)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write to any folder")
def test_folder_without_permission_keeps_the_old_film(path):
    path.write_bytes(b"old")
    path.parent.chmod(0o500)
    try:
        with pytest.raises(PermissionError):
            write_film(path, GRAY, 100)
    finally:
        path.parent.chmod(0o700)
    assert path.read_bytes() == b"old"
    assert os.listdir(path.parent) == ["film.gif"]


def test_folder_that_refuses_new_files_keeps_the_old_film(path, monkeypatch):
    path.write_bytes(b"old")

    def refuse(**options):
        raise PermissionError("the folder is read-only")

    monkeypatch.setattr(files.tempfile, "mkstemp", refuse)
    with pytest.raises(PermissionError):
        write_film(path, GRAY, 100)
    assert path.read_bytes() == b"old"


def test_shown_film_carries_its_bytes_and_its_text(path):
    film = show_film(write_film(path, GRAY, 100), 'Garments "form" from gray & mush.')
    tag = film._repr_html_()
    assert 'alt="Garments &quot;form&quot; from gray &amp; mush."' in tag
    data = re.search(r'src="data:image/gif;base64,([^"]+)"', tag)[1]
    assert base64.b64decode(data) == path.read_bytes()
    assert repr(film) == 'film: Garments "form" from gray & mush.'


def test_only_a_gif_with_a_text_can_be_shown(path):
    with pytest.raises(FileNotFoundError):
        show_film(path, "A film")
    path.write_bytes(b"\x89PNG")
    with pytest.raises(ValueError, match="is no GIF"):
        show_film(path, "A film")
    with pytest.raises(ValueError, match="alt is empty"):
        show_film(write_film(path, GRAY, 100), " ")


def test_film_in_its_notebook_loops_for_the_stated_time():
    notebook = nbformat.read(FOLDER / "10_fashion_vae.ipynb", as_version=4)
    pages = [output.data.get("text/html", "") for output in list_outputs(notebook) if "data" in output]
    (film,) = [found[1] for page in pages if (found := re.search(r"data:image/gif;base64,([^\"]+)", page))]
    content = base64.b64decode(film)
    parameters = next(cell.source for cell in notebook.cells if "parameters" in cell.metadata.get("tags", []))
    stated = {name: int(re.search(rf"^{name} = (\d+)", parameters, re.M)[1]) for name in STATED}
    _, (*durations, last), loop = read_back(io.BytesIO(content))
    assert (set(durations), last) == ({stated["FRAME_MILLISECONDS"]}, stated["LAST_FRAME_MILLISECONDS"])
    assert loop == 0
    assert len(content) < 1_500_000
