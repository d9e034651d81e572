"""What the checks return and advise, and atomic file replacement. Other arguments are tested in test_bad_input.py."""

import os
from types import SimpleNamespace

import keras
import ml_dtypes
import numpy as np
import pytest

from helpers.validation import as_images, as_numbers, as_pixels, check_latent_dim, replace_file
from tests.helpers.file_checks import rejected


def image(low, high):
    return np.array([[[low, high]]])


@pytest.mark.parametrize(
    ("name", "images", "words", "absent"),
    [
        ("images", image(0, 255).astype("uint8"), "from 0.0 to 255.0; expected values in [0, 1]: divide by 255", "add"),
        ("images", image(0, 5.5), "rescale them", "255"),
        ("decoded images", image(127.0, 127.0), "divide by 255", "sigmoid"),
        ("decoded images", image(-4.0, 5.0), "pass vae.decode instead of vae.decoder, or add a sigmoid", "255"),
        ("decoded images", image(-0.02, 0.03), "add a sigmoid", "tanh"),  # logits before training
        ("decoded images", image(-1.0, 1.0), "(images + 1) / 2", "sigmoid"),
        ("decoded images", image(-0.03, 1.03), "np.clip(images, 0, 1)", "sigmoid"),
        ("images", np.full((2, 3, 3), np.nan), "NaN", "255"),
        ("images", np.zeros((28, 28)), "(28, 28); expected (n, height, width[, 1 or 3])", "alpha"),
        ("images", np.zeros((2, 8, 8, 4)), "drop the alpha channel", "reshape"),
        ("images", np.zeros((0, 28, 28)), "empty", "NaN"),
        ("images", "images.npz", "have type <U10; expected numbers", "255"),
    ],
)
def test_error_says_which_images_are_wrong_and_what_to_do(name, images, words, absent):
    with pytest.raises((TypeError, ValueError), match=f"^{name}") as caught:
        as_images(images, name)
    assert words in str(caught.value)
    assert absent not in str(caught.value)


def in_torch(array):
    """Return an object that acts like a PyTorch tensor in bfloat16 with a gradient."""
    on_cpu = SimpleNamespace(float=lambda: array)
    return SimpleNamespace(detach=lambda: SimpleNamespace(cpu=lambda: on_cpu))


@pytest.mark.parametrize("make", [keras.Variable, in_torch, lambda x: x.astype(ml_dtypes.bfloat16)])
def test_tensors_of_any_backend_and_bfloat16_become_floats(make):
    pixels = np.array([[0, 0.25], [0.5, 1]], "float32")  # exact in bfloat16
    for found in (as_numbers(make(pixels), "pixels", 2, "n"), as_pixels(make(pixels), "pixels")):
        assert found.dtype == np.float32
        np.testing.assert_array_equal(found, pixels)


def test_wrong_number_of_latents_is_rejected_if_the_decoder_states_it():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4)])
    owner = type("Owner", (), {"decoder": model, "decode": lambda self, z: z})()
    for decoder in (model, owner.decode):
        with pytest.raises(ValueError, match="takes 3 latents; expected one that takes 2"):
            check_latent_dim(decoder, 2)
    for decoder in (lambda z: z, None, keras.layers.Dense(2), keras.Sequential([keras.layers.Dense(2)])):
        check_latent_dim(decoder, 2)


def test_replacing_a_file_respects_links_permissions_and_the_umask(tmp_path):
    (tmp_path / "real").mkdir()
    target, link, new = tmp_path / "real" / "film.gif", tmp_path / "link.gif", tmp_path / "new.gif"
    link.symlink_to(target)
    before = os.umask(0o077)
    try:
        for path in (link, new):  # A link to a missing file creates that file.
            replace_file(path, b"one")
        assert [path.stat().st_mode & 0o777 for path in (target, new)] == [0o600, 0o600]
        target.chmod(0o644)
        replace_file(str(link), b"two")
    finally:
        os.umask(before)
    assert link.is_symlink()
    assert (target.read_bytes(), target.stat().st_mode & 0o777) == (b"two", 0o644)
    assert sorted(os.listdir(tmp_path)) == ["link.gif", "new.gif", "real"]


def test_full_disk_leaves_the_existing_file_and_nothing_else(tmp_path):
    resource = pytest.importorskip("resource", reason="needs the Unix limit on file sizes")
    (tmp_path / "film.gif").write_bytes(b"old")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (10**6, limits[1]))  # Writing fails in the middle.
        with rejected(tmp_path, tmp_path / "film.gif", "nothing was changed", error=OSError):
            replace_file(tmp_path / "film.gif", bytes(2 * 10**6))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
