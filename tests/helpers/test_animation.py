"""GIFs as Pillow reads them, the limits of the format, existing files that survive, and snapshots during training."""

import base64
import os
import re
from unittest.mock import Mock

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image, ImageSequence

from helpers.animation import LatentGridSnapshots, show_gif, write_gif
from helpers.compiled_epochs import fit_compiled_epochs

GRAY = np.random.default_rng(0).random((5, 24, 32))  # (frames, height, width)
SIDES = st.integers(1, 9)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "film.gif"


def read_back(path):
    """Return a GIF's frames (n, height, width, 3), their milliseconds, and its loop count, 0 for endless."""
    with Image.open(path) as film:
        loop = film.info["loop"]
        pages = [(np.asarray(page.convert("RGB")), page.info["duration"]) for page in ImageSequence.Iterator(film)]
    frames, durations = zip(*pages, strict=True)
    return np.stack(frames), list(durations), loop


@given(
    # A side of 3 or an axis of one channel must not make gray frames look like color frames.
    frames=hnp.arrays(np.uint8, st.tuples(SIDES, SIDES, SIDES) | st.tuples(SIDES, SIDES, SIDES, st.just(1))),
    milliseconds=st.integers(2, 300).map(lambda hundredths: 10 * hundredths),
)
def test_gray_frames_keep_their_pixels_and_durations_and_loop_forever(tmp_path_factory, frames, milliseconds):
    path = write_gif(tmp_path_factory.mktemp("films") / "film.gif", frames, milliseconds, colors=256)
    read, durations, loop = read_back(path)
    assert loop == 0
    assert sum(durations) == milliseconds * len(frames)
    # Identical consecutive frames become one longer frame.
    repeated = np.repeat(read[..., 0], [duration // milliseconds for duration in durations], axis=0)
    np.testing.assert_array_equal(repeated, frames.reshape(frames.shape[:3]))


def test_each_frame_can_have_its_own_duration(path):
    assert read_back(write_gif(path, GRAY, [20, 500, 110, 80, 2000]))[1] == [20, 500, 110, 80, 2000]
    assert read_back(write_gif(path, (GRAY[0] for _ in range(3)), np.array([100, 200, 300])))[1] == [600]
    # Merged, these would exceed the longest duration of a GIF's frame.
    for frame in (GRAY[0], np.repeat(GRAY[0, ..., None], 3, axis=-1)):
        assert read_back(write_gif(path, [frame] * 3, 655_350, colors=256))[1] == [655_350] * 3


@pytest.mark.parametrize("colors", [2, 32])
def test_float_frames_keep_their_shades(path, colors):
    assert write_gif(str(path), GRAY, 100, colors) == path
    read, _, _ = read_back(path)
    assert len(np.unique(read)) <= colors
    np.testing.assert_allclose(read[..., 0] / 255, GRAY, atol=0.5 / (colors - 1) + 0.5 / 255)


def test_few_colors_are_kept_and_many_are_reduced(path):
    rng = np.random.default_rng(1)
    palette = rng.integers(0, 256, (8, 3), np.uint8)
    frames = palette[rng.integers(0, 8, (4, 24, 32))]  # (4, 24, 32, 3)
    np.testing.assert_array_equal(read_back(write_gif(path, (frames / 255).astype("float32"), 100))[0], frames)
    read, _, _ = read_back(write_gif(path, rng.integers(0, 256, (4, 24, 32, 3), np.uint8), 100, colors=16))
    assert len(np.unique(read.reshape(-1, 3), axis=0)) <= 16


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"frames": [GRAY[0], GRAY[1, 1:]]}, "frames differ"),
        ({"frames": np.random.default_rng(3).random((9, 64, 64)), "most_bytes": 10_000}, "use fewer colors"),
        ({"frames": []}, "at least one"),
        ({"frames": np.zeros((5, 8, 8, 4), "uint8")}, "drop the alpha channel"),
        *(({"milliseconds": bad}, "multiples of 10") for bad in (0, 10, 655_360, [105] + 4 * [100], [100] * 2)),
        ({"name": "film.gif.png"}, r"\.gif"),
        ({"name": "nowhere/film.gif"}, "nowhere doesn't exist: create it first"),
    ],
)
def test_gif_that_cannot_be_written_raises_and_keeps_the_existing_file(path, change, message):
    path.write_bytes(b"old")
    options = {"name": path.name, "frames": GRAY, "milliseconds": 100} | change
    with pytest.raises((ValueError, FileNotFoundError), match=message):
        write_gif(path.parent / options.pop("name"), **options)
    assert path.read_bytes() == b"old"
    assert os.listdir(path.parent) == ["film.gif"]


def test_shown_gif_embeds_its_bytes_and_alt_text(path):
    tag = show_gif(write_gif(path, GRAY, 100), 'Garments "form" from gray & mush.')._repr_html_()
    assert 'alt="Garments &quot;form&quot; from gray &amp; mush."' in tag
    assert base64.b64decode(re.search(r'src="data:image/gif;base64,([^"]+)"', tag)[1]) == path.read_bytes()


class Painter(keras.Model):
    """Learns a shade, 1 - 0.9**k after k batches; its decoder fills images (n, 2, 3[, 1 or 3]) with that shade."""

    def __init__(self, channels=(), owner="decode", **options):
        super().__init__()
        self.shade = self.add_weight(shape=(1,), initializer="zeros")
        setattr(self, owner, lambda z: np.full((len(z), 2, 3, *channels), self.shade.numpy()[0]))
        self.compile(keras.optimizers.SGD(0.05), "mse", **({"run_eagerly": True} | options))

    def call(self, x):
        return x * 0 + self.shade


def record(snapshots, model=None, fit=keras.Model.fit, **options):
    """Train with 5 batches per epoch; return the mean brightness of each frame, from 0 to 1."""
    callbacks = [*options.pop("callbacks", []), snapshots]
    fit(model or Painter(), np.zeros((10, 1)), np.ones((10, 1)), batch_size=2, callbacks=callbacks, **options)
    return [frame.mean() / 255 for frame in snapshots.frames]


def every_second(path, **options):
    return LatentGridSnapshots(path, [-1, 0, 1], every=2, milliseconds=100, **options)


@pytest.mark.parametrize(("channels", "ink"), [((), True), ((1,), False), ((3,), True)])
def test_snapshots_are_taken_at_the_start_in_the_first_epoch_and_after_every_epoch(path, channels, ink):
    path = path.parent / "new folder" / path.name
    snapshots = every_second(path, ink=ink)
    record(snapshots, Painter(channels, "decode" if ink else "decoder"), epochs=3, verbose=0)
    shades = 1 - 0.9 ** np.array([0, 2, 4, 5, 10, 15])
    light = 1 - shades if ink and channels != (3,) else shades
    read, durations, _ = read_back(path)
    np.testing.assert_allclose(read.reshape(6, -1).mean(axis=1) / 255, light, atol=0.02)
    assert durations == [100] * 5 + [2100]


def test_snapshots_work_with_every_kind_of_fit_and_start_a_new_gif_each_time(path):
    snapshots = every_second(path)
    for fit, options, batches in [
        (keras.Model.fit, {"steps_per_execution": 3}, [0, 3, 5, 5, 10]),
        (fit_compiled_epochs, {}, [0, 5, 5, 10]),
    ]:
        light = record(snapshots, Painter(run_eagerly=False, **options), fit, epochs=2)
        np.testing.assert_allclose(light, 0.9 ** np.array(batches), atol=0.01)
    assert len(read_back(path)[0]) == 3, "identical frames are merged"


def test_interrupted_training_keeps_the_existing_gif_and_the_frames(path):
    path.write_bytes(b"old")
    snapshots = every_second(path)
    stop = keras.callbacks.LambdaCallback(on_epoch_end=Mock(side_effect=KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        record(snapshots, callbacks=[stop], verbose=0)
    assert (path.read_bytes(), len(snapshots.frames)) == (b"old", 3)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"axis": [1, 0]}, "don't increase"),
        ({"milliseconds": 5}, "multiples of 10"),
        ({"decoder": lambda z: np.full((len(z), 4, 4), -9.0)}, "add a sigmoid"),
        ({}, "expected a Keras model or a function"),
    ],
)
def test_invalid_snapshots_raise_before_the_first_batch(path, options, message):
    with pytest.raises((TypeError, ValueError), match=message):
        LatentGridSnapshots(path, **options).on_train_begin()
