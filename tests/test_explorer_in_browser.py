"""The latent explorer in a browser: pointer, finger and keys show what the decoder draws; nothing leaves the page."""

import base64
import io
import re
from functools import cache

import numpy as np
import pytest
from browsers import launch, needs_browser, playwright
from explorer_pages import CHANNELS, STEEPEST, draw_waves, spread_codes
from PIL import Image

from helpers.explorer import SHADES, latent_explorer

pytestmark = needs_browser
NAMES = [*"T-shirt/top Trouser Pullover Dress Coat Sandal Shirt Sneaker Bag".split(), "Ankle boot"]
EXTENT = -3, 1, -2, 4
# A linear mix is off by at most step² / 8 times the second derivative; then come shades, and what a canvas rounds.
STEPS = np.divide((4, 6), 30)
TOLERANCE = STEEPEST * np.sum(STEPS**2) / 8 + 0.5 / (SHADES - 1) + 3 / 255
# What VS Code allows the outputs of a notebook, the addresses of other hosts aside.
STRICT = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; child-src data:"
HOSTS = {
    "file": "{page}",
    "notebook": "<!doctype html><meta name=viewport content='width=device-width'>{output}",
    "strict host": f'<!doctype html><meta http-equiv=Content-Security-Policy content="{STRICT}">{{output}}',
}


@cache
def make_explorer(kind):
    codes, labels, images = spread_codes()
    return latent_explorer(lambda points: draw_waves(points, CHANNELS[kind]), EXTENT, codes, labels, NAMES, images)


@pytest.fixture(scope="module")
def browser():
    with launch() as browser:
        yield browser


@pytest.fixture
def show(browser, tmp_path):
    """Return a function that opens the explorer and returns Playwright's page and the frame that holds it.

    Afterwards, no error may stand in the console, and nothing but the file and data inside it may have been asked for.
    """
    contexts, messages, addresses = [], [], []

    def open_page(host="notebook", kind="gray", width=800, height=900, **options):
        shown = make_explorer(kind)
        path = tmp_path / "shown.html"
        path.write_text(HOSTS[host].format(page=shown.page, output=shown._repr_html_()), encoding="utf-8")
        contexts.append(browser.new_context(viewport={"width": width, "height": height}, **options))
        page = contexts[-1].new_page()
        page.on("console", lambda message: messages.append(message.text))
        page.on("pageerror", lambda error: messages.append(str(error)))
        page.on("request", lambda request: addresses.append(request.url))
        page.goto(path.as_uri())
        page.frames[-1].locator("#plane").wait_for()
        return page, page.frames[-1]

    yield open_page
    for context in contexts:
        context.close()
    assert messages == []
    assert {re.match(r"\w+:", address)[0] for address in addresses} <= {"file:", "data:", "about:"}
    assert sum(address.startswith("file:") for address in addresses) == len(contexts)


def read_light(address):
    """Return the picture at a data URL, as a canvas gives it, in [0, 1], (height, width, 3)."""
    with Image.open(io.BytesIO(base64.b64decode(address.partition(",")[2]))) as picture:
        pixels = np.asarray(picture.convert("RGBA")) / 255
    assert pixels[..., 3].min() > 0.98
    return pixels[..., :3]


def check_decoded(frame, kind="gray"):
    """Assert that the page shows what the decoder draws where its point is; return the point and what it shows."""
    point, place, address = frame.evaluate(
        "[point, document.getElementById('place').textContent, decoded.toDataURL()]"  # at one moment
    )
    drawn = draw_waves([point], CHANNELS[kind])[0]
    light = drawn if kind == "color" else np.repeat(1 - drawn[..., None], 3, axis=-1)
    shown = read_light(address)
    np.testing.assert_allclose(shown, light, atol=TOLERANCE)
    z1, z2 = (f"{value:.2f}".replace("-", "\u2212") for value in point)
    assert place == f"z1 {z1}, z2 {z2}"
    return point, shown


def wait_for_point(frame, across, down):
    """Wait until the point of the page is at a place on the plane, in shares of its width and height."""
    expected = -3 + 4 * across, 4 - 6 * down
    for _ in range(500):
        if np.allclose(frame.evaluate("point"), expected, atol=0.05):
            return
        frame.page.wait_for_timeout(20)
    raise AssertionError(f"the point is {frame.evaluate('point')} after 10 seconds; expected {expected}")


def place_on(frame, across, down):
    """Return the position in the window of a place on the plane, in shares of its width and height."""
    box = frame.locator("#plane").bounding_box()
    return box["x"] + across * box["width"], box["y"] + down * box["height"]


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("kind", CHANNELS)
def test_pointer_shows_what_the_decoder_draws_there(show, host, kind):
    page, frame = show(host, kind)
    _, before = check_decoded(frame, kind)
    for across, down in [(0.13, 0.77), (0.5, 0.5), (0.91, 0.08)]:
        page.mouse.move(*place_on(frame, across, down))
        wait_for_point(frame, across, down)
        _, after = check_decoded(frame, kind)
        assert np.abs(after - before).mean() > 0.02
        before = after


def test_nearest_test_image_is_shown_and_named(show):
    page, frame = show()
    data = frame.evaluate("data")
    page.mouse.move(*place_on(frame, 0.7, 0.6))
    wait_for_point(frame, 0.7, 0.6)
    point = frame.evaluate("point")
    distances = [np.hypot(z1 - point[0], z2 - point[1]) for z1, z2, _ in data["codes"]]
    nearest = int(np.argmin(distances))
    name = NAMES[data["codes"][nearest][2]]
    assert frame.inner_text("#neighbor") == f"{name}, {distances[nearest]:.2f} away"
    codes, _, images = spread_codes()
    image = images[np.argmin(np.abs(codes - data["codes"][nearest][:2]).sum(axis=1))]
    shown = read_light(frame.evaluate("nearest.toDataURL()"))
    np.testing.assert_allclose(shown[..., 0], 1 - image, atol=0.5 / (SHADES - 1) + 1 / 255)
    spoken = f"{frame.inner_text('#place')}; nearest test image: {name}"
    playwright.expect(frame.locator("#spoken")).to_have_text(spoken)
    assert frame.get_attribute("#nearest", "aria-label") == f"nearest test image: {name}"


def test_arrow_keys_move_the_point_up_to_the_edge(show):
    page, frame = show()
    frame.focus("#plane")
    before, _ = check_decoded(frame)
    moves = {"ArrowRight": (1, 0), "ArrowUp": (0, 1), "ArrowLeft": (-1, 0), "Shift+ArrowDown": (0, -5)}
    for key, steps in moves.items():
        page.keyboard.press(key)
        after, _ = check_decoded(frame)
        np.testing.assert_allclose(np.subtract(after, before), 0.02 * np.multiply(steps, (4, 6)), atol=1e-9)
        before = after
    for _ in range(11):
        page.keyboard.press("Shift+ArrowRight")
        page.keyboard.press("Shift+ArrowUp")
    assert check_decoded(frame)[0] == [1, 4]


def test_finger_shows_what_the_decoder_draws_under_it(show):
    page, frame = show(width=360, height=900, has_touch=True, is_mobile=True)
    touch = page.context.new_cdp_session(page)
    for kind, across in [("touchStart", 0.3), ("touchMove", 0.5), ("touchMove", 0.8)]:
        x, y = place_on(frame, across, 0.4)
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
        wait_for_point(frame, across, 0.4)
        check_decoded(frame)
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    wait_for_point(frame, 0.8, 0.4)  # It stays where the finger left.


@pytest.mark.parametrize("motion", ["no-preference", "reduce"])
def test_path_is_drawn_and_played(show, motion):
    page, frame = show(reduced_motion=motion)
    frame.click("#draw")
    page.mouse.move(*place_on(frame, 0.4, 0.4))
    page.mouse.down()
    page.mouse.move(*place_on(frame, 0.6, 0.6), steps=5)
    page.mouse.up()
    assert frame.get_attribute("#draw", "aria-pressed") == "false"
    path = frame.evaluate("path")
    assert len(path) == 6
    np.testing.assert_allclose(path[0], [-1.4, 1.6], atol=0.05)
    frame.evaluate("() => { window.visited = []; const show = explore; explore = z => { visited.push(z); show(z); }; }")
    assert frame.evaluate("() => { playButton.click(); return playButton.textContent; }") == "Stop"
    playwright.expect(frame.locator("#play")).to_have_text("Play the path")
    np.testing.assert_allclose(check_decoded(frame)[0], path[-1], atol=1e-6)
    visited = np.array(frame.evaluate("visited"))
    assert (np.diff(visited[1:], axis=0) * [1, -1] >= -1e-9).all()
    assert 2 < len(np.unique(visited[1:].round(6), axis=0)) <= (13 if motion == "reduce" else 1000)


def test_path_can_be_set_and_played_by_keys_alone(show):
    page, frame = show()
    frame.focus("#plane")
    for key in ["Enter", "Shift+ArrowRight", "Enter", "Shift+ArrowDown"]:
        page.keyboard.press(key)
    assert frame.inner_text("#spoken") == "Point 2 of the path"
    page.keyboard.press("Enter")
    path = frame.evaluate("path")
    np.testing.assert_allclose(np.diff(path, axis=0), [[0.4, 0], [0, -0.6]], atol=1e-9)
    for _ in range(11):  # past the buttons of ten classes
        page.keyboard.press("Tab")
    assert frame.evaluate("document.activeElement.id") == "play"
    page.keyboard.press("Enter")
    playwright.expect(frame.locator("#play")).to_have_text("Play the path")
    np.testing.assert_allclose(check_decoded(frame)[0], path[-1], atol=1e-6)


def test_ready_path_leads_through_the_middle_of_each_class_and_stops_where_told(show):
    _, frame = show()
    codes = np.array(frame.evaluate("data.codes"))
    path = frame.evaluate("path")
    assert len(path) == 11
    assert path[0] == path[-1]
    for label in range(10):
        own = np.sort(codes[codes[:, 2] == label][:, :2], axis=0)
        assert own[len(own) // 2].tolist() in path
    frame.click("#play")
    frame.click("#play")
    assert frame.inner_text("#play") == "Play the path"
    check_decoded(frame)


def test_class_is_brought_out_by_its_button(show):
    _, frame = show()
    button = frame.get_by_role("button", name="Sandal")
    everything = frame.evaluate("background.toDataURL()")
    button.click()
    assert frame.evaluate("background.toDataURL()") != everything
    assert frame.locator("#classes [aria-pressed=true]").all_inner_texts() == ["Sandal"]
    button.click()
    assert frame.evaluate("background.toDataURL()") == everything


@pytest.mark.parametrize("width", [320, 360, 540, 600, 1000])
def test_nothing_is_wider_than_the_window_or_hidden_below_the_frame(show, width):
    page, frame = show(width=width)
    wide, window, high, frame_height = frame.evaluate(
        "[document.documentElement.scrollWidth, innerWidth, document.body.getBoundingClientRect().height, innerHeight]"
    )
    assert wide <= window
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert high <= frame_height
    assert frame.locator("#plane").bounding_box()["width"] >= 0.6 * min(width, 640)


def measure_contrast(one, other):
    """Return the contrast of two colors (3,) in [0, 255], from 1 to 21: WCAG 2.2, relative luminance."""
    parts = [np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4) for c in np.divide([one, other], 255)]
    low, high = sorted(np.dot(parts, [0.2126, 0.7152, 0.0722]))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_colors_follow_the_reader_and_can_be_read(show, scheme):
    _, frame = show(color_scheme=scheme)
    colors = frame.evaluate("""["body", "#how"].map(name => {
        const style = getComputedStyle(document.querySelector(name));
        return [style.backgroundColor, style.color].map(color => color.match(/\\d+/g).slice(0, 3).map(Number));
    })""")
    (page, text), (_, quiet) = colors
    assert (np.mean(page) < 50) == (scheme == "dark")
    assert min(measure_contrast(page, text), measure_contrast(page, quiet)) > 4.5
    corner = frame.evaluate("[...plane.getContext('2d').getImageData(plane.width - 2, 2, 1, 1).data]")
    assert (np.mean(corner[:3]) < 100) == (scheme == "dark")
    check_decoded(frame)


def test_where_scripts_are_forbidden_a_picture_and_a_sentence_are_there(browser):
    page = browser.new_page()
    page.set_content(make_explorer("gray")._repr_html_().replace("allow-scripts", ""))
    frame = page.frames[-1]
    playwright.expect(frame.locator("#atlas")).to_be_visible()
    assert "What the decoder draws all over the plane" in frame.inner_text("#still")
    assert not frame.locator("#explorer").is_visible()
    page.close()
