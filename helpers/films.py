"""Films of a network in training: write frames as a GIF that loops, and show it in a notebook."""

import base64
import html
from dataclasses import dataclass
from pathlib import Path

import imageio.v3 as iio
import numpy as np
from PIL import Image

from helpers.checks import as_count, as_images
from helpers.files import replace_file

SHORTEST_MILLISECONDS = 20  # Browsers show what is shorter for 100 ms.
LONGEST_MILLISECONDS = 655_350  # 16 bits of hundredths of a second


def write_film(path, frames, milliseconds, colors=32, most_bytes=1_500_000):
    """Write `frames` to `path` as a GIF that plays and loops forever; return the path.

    Each frame is (height, width) or (height, width, 3), all of one shape and type: uint8, or floats in [0, 1]. Light is
    high, as on a screen: 255 and 1.0 are white, so an image of ink goes in as 1 - image. `milliseconds` is how long a
    frame stays, one number or one for each frame: multiples of 10, since a GIF counts hundredths of a second. Frames
    are reduced to `colors` shades or colors, the same in all of them. Equal frames in a row become a single longer one.

    The film is encoded in memory, written beside `path` and renamed, so whatever goes wrong leaves the old file whole.
    Raises ValueError, naming what to do, for a name that does not end in .gif, no frames, frames that differ in shape
    or type or hold other values, durations a GIF cannot keep, and a film of more than `most_bytes`; TypeError for
    frames and durations that are no numbers; OSError if the folder cannot be written to.
    """
    path = Path(path)
    if path.suffix != ".gif":
        raise ValueError(f"{path.name!r} does not end in .gif; expected a GIF, which plays wherever notebooks do")
    colors, most_bytes = as_count(colors, "colors", 2, 256), as_count(most_bytes, "most_bytes")
    frames = _reduce_colors(_as_bytes(frames), colors)
    durations = _check_durations(milliseconds, len(frames))
    # A single frame takes no list of durations, and without `is_batch` very narrow gray frames would pass for colors.
    options = {"duration": durations if len(durations) > 1 else durations[0], "loop": 0, "optimize": True}
    content = iio.imwrite("<bytes>", frames, extension=".gif", is_batch=True, **options)
    if len(content) > most_bytes:
        raise ValueError(
            f"the film has {len(content):,} bytes, more than {most_bytes:,}; take fewer colors or smaller frames"
        )
    replace_file(path, content)
    return path


def show_film(path, alt):
    """Return the GIF at `path` to be shown as a cell's output, with `alt` for readers who cannot see it.

    The film becomes part of the notebook, so it plays in JupyterLab, in Colab and on a rendered page without the file.
    Raises ValueError if the file is no GIF or `alt` is empty, FileNotFoundError if there is no file.
    """
    if not isinstance(alt, str):
        raise TypeError(f"alt is {alt!r}; expected a sentence that says what the film shows")
    if not alt.strip():
        raise ValueError("alt is empty; expected a sentence that says what the film shows")
    content = Path(path).read_bytes()
    if not content.startswith((b"GIF87a", b"GIF89a")):
        raise ValueError(f"{Path(path).name!r} is no GIF; expected what write_film wrote")
    return Film(content, alt)


@dataclass(frozen=True)
class Film:
    """The bytes of a GIF and what it shows; a notebook draws it by `_repr_html_`."""

    content: bytes
    alt: str

    def __repr__(self):
        return f"film: {self.alt}"

    def _repr_html_(self):
        data = base64.b64encode(self.content).decode()
        return f'<img src="data:image/gif;base64,{data}" alt="{html.escape(self.alt)}" style="max-width: 100%">'


def _as_bytes(frames):
    """Return frames as one uint8 array, (n, height, width) or (n, height, width, 3)."""
    if not np.iterable(frames):
        raise TypeError(f"frames are {type(frames).__name__}; expected a list of images")
    frames = [np.asarray(frame) for frame in frames]
    if not frames:
        raise ValueError("there are no frames; expected at least one image")
    kinds = sorted({f"{frame.dtype} {frame.shape}" for frame in frames})
    if len(kinds) > 1:
        raise ValueError(f"frames differ: {', '.join(kinds)}; expected one shape and type")
    frames = np.stack(frames)
    if frames.dtype == np.uint8:
        # Their values cannot be wrong; their shape can.
        as_images(np.zeros(frames.shape, bool), "frames")
        return frames.reshape(frames.shape[:3]) if frames.shape[3:] == (1,) else frames
    return np.rint(255 * as_images(frames, "frames")).astype(np.uint8)


def _reduce_colors(frames, colors):
    """Return uint8 frames with at most `colors` values: even steps of gray, or one palette for all frames."""
    if frames.ndim == 3:
        steps = np.rint(frames / 255.0 * (colors - 1))
        return np.rint(steps * (255 / (colors - 1))).astype(np.uint8)
    together = Image.fromarray(frames.reshape(-1, *frames.shape[2:]))  # one under the other
    reduced = together.quantize(colors, dither=Image.Dither.NONE).convert("RGB")
    return np.asarray(reduced).reshape(frames.shape)


def _check_durations(milliseconds, count):
    """Return one whole number of milliseconds for each frame."""
    durations = [milliseconds] * count if np.ndim(milliseconds) == 0 else list(milliseconds)
    if np.asarray(durations).dtype.kind not in "fiu":
        raise TypeError(f"milliseconds are {milliseconds!r}; expected a number, or one for each frame")
    if len(durations) != count:
        raise ValueError(f"{len(durations)} durations for {count} frames; expected one number, or one for each frame")
    for duration in durations:
        if not SHORTEST_MILLISECONDS <= duration <= LONGEST_MILLISECONDS or duration % 10:
            raise ValueError(
                f"a frame cannot last {duration} milliseconds; expected a multiple of 10 "
                f"from {SHORTEST_MILLISECONDS} to {LONGEST_MILLISECONDS:,}"
            )
    return [int(duration) for duration in durations]
