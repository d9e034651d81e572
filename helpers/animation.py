"""Animations of a network during training: frames as a looping GIF, and a callback that records the latent grid."""

import base64
import html
from pathlib import Path

import imageio.v3 as iio
import keras
import numpy as np
from PIL import Image

from helpers.figures import as_light, tile_images
from helpers.latent_space import decode_points, make_grid, quantile_axis
from helpers.validation import as_count, as_numbers, replace_file

LONGEST = 655_350  # ms: a GIF has 16 bits for hundredths of a second. Browsers show frames under 20 ms for 100 ms.


def write_gif(path, frames, milliseconds, colors=32, most_bytes=1_500_000):
    """Write `frames` to `path` as a GIF that plays and loops forever; return the path.

    Frames are (height, width) or (height, width, 3), with the same shape and type: uint8, or floats in [0, 1] where 1
    is white. They are reduced to one palette of `colors` colors. `milliseconds` is the duration of each frame, or a
    list of durations, in multiples of 10. Raises ValueError or TypeError, with advice, for anything else or a GIF of
    more than `most_bytes`, and OSError if the file can't be written. An existing file is then left unchanged.
    """
    path, colors = _check_path(path), as_count(colors, "colors", 2, 256)
    frames = [np.asarray(frame) for frame in frames]
    if len({(frame.dtype, frame.shape) for frame in frames}) != 1:
        raise ValueError("frames differ, or the list is empty; expected at least one, all of one shape and type")
    durations = _check_durations(milliseconds, len(frames))
    frames = np.stack(frames) / np.float32(255 if frames[0].dtype == np.uint8 else 1)
    is_color = frames.shape[3:] == (3,)
    frames = as_light(frames, ink=False, shades=256 if is_color else colors)
    if is_color:  # one palette for all frames
        together = Image.fromarray(frames.reshape(-1, *frames.shape[2:]))  # stacked vertically
        frames = np.array(together.quantize(colors, dither=Image.Dither.NONE).convert("RGB")).reshape(frames.shape)
    if sum(durations) > LONGEST:  # Merged, identical frames would last too long, so change a corner of every other one.
        frames[1::2, 0, 0] ^= 1
    durations = durations if len(durations) > 1 else durations[0]  # A single frame needs a number.
    content = iio.imwrite("<bytes>", frames, extension=".gif", is_batch=True, duration=durations, loop=0, optimize=True)
    if len(content) > as_count(most_bytes, "most_bytes"):
        raise ValueError(f"the GIF has {len(content):,} bytes, over {most_bytes:,}; use fewer colors or smaller frames")
    replace_file(path, content)
    return path


def show_gif(path, alt):
    """Return the GIF at `path` as a cell output that plays without the file; `alt` describes what it shows."""
    from IPython.display import HTML  # imported here because nothing else needs Jupyter

    if not isinstance(alt, str) or not alt.strip():
        raise ValueError(f"alt is {alt!r}; expected a sentence that describes the animation")
    address = f"data:image/gif;base64,{base64.b64encode(Path(path).read_bytes()).decode()}"
    return HTML(f'<img src="{address}" alt="{html.escape(alt)}" style="max-width: 100%">')


class LatentGridSnapshots(keras.callbacks.Callback):
    """Record the decoded grid of two latents during `model.fit(..., callbacks=[snapshots])` as a GIF at `path`.

    A frame is taken before the first batch, every `every` batches during the first epoch, and after each epoch. `axis`
    holds the increasing coordinates of both latents, by default `quantile_axis(15)`. `decoder`, a Keras model or a
    function, defaults to the model's `decode` or `decoder`. `ink` works as in `plot_image_rows`. The last frame is
    shown for 2 s longer. In a custom training loop, call `take(decoder)` for each frame, and `write()` at the end.
    A decoder that doesn't take two latents raises ValueError before the first batch.
    """

    def __init__(self, path, axis=None, every=50, decoder=None, ink=True, milliseconds=150):
        super().__init__()
        self.path, self.z = _check_path(path), make_grid(quantile_axis(15) if axis is None else axis)
        self.every = as_count(every, "every")
        self.milliseconds = _check_durations([milliseconds, milliseconds + 2000], 2)
        self.decoder, self.ink, self.frames = decoder, ink, []

    def take(self, decoder=None):
        """Add a frame of the grid as `decoder`, by default this callback's or its model's, decodes it now."""
        model = self.model  # On JAX, reading this attribute updates the weights of any decoder.
        decoder = decoder or self.decoder or getattr(model, "decoder", None)
        if hasattr(model, "decode") and decoder is getattr(model, "decoder", None):
            decoder = lambda z: np.clip(model.decode(z), 0, 1)  # noqa: E731  A Gaussian's mean may leave [0, 1].
        tiles = as_light(decode_points(decoder, self.z), self.ink)
        frame = Image.fromarray(tile_images(tiles, round(len(tiles) ** 0.5)))
        frame.thumbnail((1000, 1000))
        self.frames.append(np.asarray(frame))

    def write(self):
        """Write the GIF and return its path. If that fails, the frames are still in `frames`."""
        durations = self.milliseconds[:1] * (len(self.frames) - 1) + self.milliseconds[1:]
        return write_gif(self.path, self.frames, durations, colors=64, most_bytes=10**9)

    def on_train_begin(self, logs=None):
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.frames, self.due = [], self.every
        self.take()

    def on_train_batch_end(self, batch, logs=None):
        if batch + 1 >= self.due:  # One call may cover several batches.
            self.due = (batch + 1) // self.every * self.every + self.every
            self.take()

    def on_epoch_end(self, epoch, logs=None):
        self.due = np.inf
        self.take()

    def on_train_end(self, logs=None):
        self.write()


def _check_path(path):
    if Path(path).suffix != ".gif":
        raise ValueError(f"{Path(path).name!r} doesn't end in .gif; expected a GIF, which plays wherever notebooks do")
    return Path(path)


def _check_durations(milliseconds, count):
    durations = as_numbers(milliseconds, "milliseconds").ravel()
    durations = durations.repeat(count) if durations.size == 1 else durations
    if len(durations) != count or not ((durations >= 20) & (durations <= LONGEST) & (durations % 10 == 0)).all():
        raise ValueError(f"milliseconds are {milliseconds}; expected 1 or {count} multiples of 10 from 20 to 655,350")
    return durations.astype(int).tolist()
