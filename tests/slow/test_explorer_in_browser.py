"""The latent explorer in a browser: mouse and keys show what the decoder draws, and nothing leaves the page."""

import base64
import io
import time
from functools import cache

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import expect

from helpers.explorer import SHADES, latent_explorer
from tests.explorer_pages import CHANNELS, STEEPEST, draw_waves, read_data, spread_codes

pytestmark = pytest.mark.slow
CLASSES = [*"T-shirt/top Trouser Pullover Dress Coat Sandal Shirt Sneaker Bag".split(), "Ankle boot"]
EXTENT = -3, 1, -2, 4
# The page mixes decoded images linearly. Such a mix is off by at most step² / 8 times the second derivative. Then come
# the shades, the two decimals of the point that the page shows, and the rounding of a canvas.
TOLERANCE = STEEPEST * np.sum(np.divide((4, 6), 30) ** 2) / 8 + 0.5 / (SHADES - 1) + 0.0025 + 3 / 255
# What VS Code lets the outputs of a notebook do, other hosts aside.
STRICT = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; child-src data:"
HOSTS = {
    "file": "{page}",
    "notebook": "<!doctype html><meta name=viewport content='width=device-width'>{output}",
    "strict host": f'<!doctype html><meta http-equiv=Content-Security-Policy content="{STRICT}">{{output}}',
}


@cache
def make_explorer(kind):
    codes, labels, images = spread_codes()
    return latent_explorer(lambda points: draw_waves(points, CHANNELS[kind]), EXTENT, codes, labels, CLASSES, images)


@pytest.fixture
def show(new_page, tmp_path):
    """Return a function that opens the explorer and returns Playwright's page and the frame that holds the explorer.

    In every host and size, it fits the width of the window, and nothing is hidden below the frame.
    """

    def open_explorer(host="notebook", kind="gray", width=800, **options):
        page = new_page(viewport={"width": width, "height": 900}, **options)
        explorer, path = make_explorer(kind), tmp_path / "explorer.html"
        path.write_text(HOSTS[host].format(page=explorer.page, output=explorer._repr_html_()), encoding="utf-8")
        page.goto(path.as_uri())
        frame = page.frames[-1]
        frame.locator("#plane").wait_for()
        for part in (page, frame):
            assert part.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert host == "file" or frame.evaluate("document.body.getBoundingClientRect().height <= innerHeight")
        return page, frame

    return open_explorer


def read_light(address):
    """Return the picture at a canvas's data URL as an array (height, width, 3) in [0, 1]."""
    with Image.open(io.BytesIO(base64.b64decode(address.partition(",")[2]))) as picture:
        return np.asarray(picture.convert("RGB")) / 255


def read_point(text):
    """Return z1 and z2 from the text under the decoded image, "z1 −1.20, z2 0.35"."""
    return [float(part.split()[1].replace("\u2212", "-")) for part in text.split(", ")]


def check_decoded(frame, kind="gray"):
    """Assert that the page shows what the decoder draws at its point; return that point."""
    find = "document.getElementById"
    text, address = frame.evaluate(f"[{find}('place').textContent, {find}('decoded').toDataURL()]")  # at one moment
    point = read_point(text)
    drawn = draw_waves([point], CHANNELS[kind])[0]
    light = drawn if kind == "color" else np.repeat(1 - drawn[..., None], 3, axis=-1)
    np.testing.assert_allclose(read_light(address), light, atol=TOLERANCE)
    return point


def position(frame, across, down):
    """Return the position in the window of a point on the plane, given in shares of its width and height."""
    box = frame.locator("#plane").bounding_box()
    return box["x"] + across * box["width"], box["y"] + down * box["height"]


def wait_for_point(frame, across, down):
    """Wait until the page shows a point on the plane, given in shares of its width and height; return what it shows."""
    deadline = time.monotonic() + 20
    while not np.allclose(point := read_point(frame.inner_text("#place")), (-3 + 4 * across, 4 - 6 * down), atol=0.05):
        assert time.monotonic() < deadline, f"the page shows {point}"
        frame.page.wait_for_timeout(20)
    return point


@pytest.mark.parametrize(("host", "kind"), [("file", "gray"), ("notebook", "color"), ("strict host", "gray")])
def test_mouse_shows_what_the_decoder_draws(show, host, kind):
    page, frame = show(host, kind)
    for across, down in [(0.13, 0.77), (0.5, 0.5), (0.91, 0.08)]:
        page.mouse.move(*position(frame, across, down))
        wait_for_point(frame, across, down)
        check_decoded(frame, kind)


def test_keys_move_the_point_to_the_edge_and_set_a_path(show):
    page, frame = show()
    frame.focus("#plane")
    before = check_decoded(frame)
    for key in ("ArrowRight", "ArrowUp", "Shift+ArrowLeft", "Shift+ArrowDown"):
        page.keyboard.press(key)
    # A step is 1/50 of the plane, 1/10 with Shift.
    np.testing.assert_allclose(np.subtract(check_decoded(frame), before), [0.08 - 0.4, 0.12 - 0.6], atol=0.011)
    for key in ["Enter", *["Shift+ArrowRight", "Shift+ArrowUp"] * 11, "Enter"]:
        page.keyboard.press(key)
    assert check_decoded(frame) == [1, 4]
    assert frame.inner_text("#spoken") == "Point 2 of the path"
    page.keyboard.press("Shift+ArrowDown")  # away from the end of the path
    frame.locator("#play").press("Enter")
    expect(frame.locator("#play")).to_have_text("Play the path")
    np.testing.assert_allclose(check_decoded(frame), [1, 4], atol=0.011)


def test_nearest_test_image_is_shown_and_announced(show):
    page, frame = show()
    page.mouse.move(*position(frame, 0.7, 0.6))
    point = wait_for_point(frame, 0.7, 0.6)
    on_page = np.array(read_data(make_explorer("gray").page)["codes"])  # (n, 3): z1, z2 and class
    z1, z2, label = on_page[np.argmin(np.hypot(*(on_page[:, :2] - point).T))]
    name = CLASSES[int(label)]
    codes, _, images = spread_codes()
    image = images[np.argmin(np.hypot(*(codes - [z1, z2]).T))]
    shown = read_light(frame.evaluate("document.getElementById('nearest').toDataURL()"))
    np.testing.assert_allclose(shown[..., 0], 1 - image, atol=0.5 / (SHADES - 1) + 1 / 255)
    assert frame.inner_text("#neighbor").startswith(name)
    expect(frame.locator("#spoken")).to_have_text(f"{frame.inner_text('#place')}; nearest test image: {name}")


def test_still_picture_takes_no_space_unless_frame_and_styles_are_removed(show):
    page, _ = show()
    still = page.locator("div > div")
    assert still.bounding_box()["height"] == 0
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.tagName") == "IFRAME"  # not the link beside the still picture
    page.evaluate("document.querySelectorAll('[style]').forEach(part => part.removeAttribute('style'))")
    page.locator("iframe").evaluate("part => part.remove()")
    assert still.locator("img").bounding_box()["height"] > 100


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_colors_follow_the_reader_and_the_page_is_accessible(show, scheme):
    page, frame = show("file", color_scheme=scheme)
    body, corner = frame.evaluate("""[
        getComputedStyle(document.body).backgroundColor.match(/\\d+/g).slice(0, 3).map(Number),
        [...plane.getContext('2d').getImageData(plane.width - 2, 2, 1, 1).data].slice(0, 3)]""")
    assert (np.mean(body) < 50) == (np.mean(corner) < 100) == (scheme == "dark")
    faults = Axe().run(page).response["violations"]  # low contrast, for example
    assert [fault["id"] for fault in faults if fault["impact"] in ("serious", "critical")] == []
