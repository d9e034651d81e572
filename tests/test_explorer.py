"""The latent explorer: what its page holds, how large it is, that it needs nobody else, and what is refused."""

import re
from functools import cache
from html.parser import HTMLParser

import keras
import numpy as np
import pytest
from explorer_pages import CHANNELS, STEEPEST, draw_waves, read_data, read_tiles, spread_codes
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import layers

from helpers.explorer import MOST_BYTES, SHADES, latent_explorer

CODES, LABELS, IMAGES = spread_codes()
NAMES = [f"kind {label}" for label in range(10)]
HALF_A_SHADE = 0.5 / (SHADES - 1) + 0.5 / 255  # Shades are kept as bytes.
VOID = {"meta", "img", "br"}


class Tags(HTMLParser):
    """Collects the elements of a page, with their attributes, and whether each that opens is closed in order."""

    def __init__(self, page):
        super().__init__()
        self.open, self.found, self.faults = [], [], []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.faults.append(tag)


def explore(decoder=draw_waves, extent=3, codes=CODES, labels=LABELS, class_names=NAMES, images=IMAGES):
    return latent_explorer(decoder, extent, codes, labels, class_names, images)


def draw_dots(points):
    """Draw images (n, 2, 2) of one gray, for tests that need many pages."""
    return np.full((len(points), 2, 2), 0.5)


@cache
def draw_once(kind):
    """Return the output of waves, gray or in color, on a plane that is no square."""
    return explore(lambda points: draw_waves(points, CHANNELS[kind]), extent=(-3, 1, -2, 4))


@pytest.fixture
def page():
    return draw_once("gray").page


@pytest.mark.parametrize("kind", CHANNELS)
def test_decoded_images_stand_as_on_a_map(kind):
    page = draw_once(kind).page
    data = read_data(page)
    tiles = read_tiles(page, "atlas", data["side"]).reshape(data["side"], data["side"], 28, 28, *CHANNELS[kind]) / 255
    corners = draw_waves([[-3, 4], [1, 4], [-3, -2], [1, -2]], CHANNELS[kind])
    light = corners if kind == "color" else 1 - corners  # Ink is dark, colors are what they are.
    np.testing.assert_allclose(tiles[[0, 0, -1, -1], [0, -1, 0, -1]], light, atol=HALF_A_SHADE + 1e-6)
    assert data["extent"] == [-3, 1, -2, 4]


def test_codes_come_in_turn_with_their_labels_and_images(page):
    data = read_data(page)
    assert [label for _, _, label in data["codes"][:20]] == [*range(10), *range(10)]
    assert len(data["codes"]) == 600
    inside = ((CODES >= (-3, -2)) & (CODES <= (1, 4))).all(axis=1)
    first = {label: np.flatnonzero((LABELS == label) & inside)[0] for label in range(10)}
    seen = read_tiles(page, "seen", data["seenColumns"]) / 255
    for place, (*code, label) in enumerate(data["codes"][:10]):
        np.testing.assert_allclose(code, CODES[first[label]], atol=1e-4)
        np.testing.assert_allclose(seen[place], 1 - IMAGES[first[label]], atol=HALF_A_SHADE + 1e-6)


def test_codes_beyond_the_extent_are_left_out():
    data = read_data(explore(draw_dots, extent=(0, 1, 0, 1), images=None).page)
    inside = ((CODES >= 0) & (CODES <= 1)).all(axis=1)
    assert 0 < len(data["codes"]) == inside.sum() < 600
    assert all(0 <= z1 <= 1 and 0 <= z2 <= 1 for z1, z2, _ in data["codes"])


def mix_nearest_four(page, points):
    """Return the pictures that the page mixes at points, light (n, 28, 28[, 3]), share by share."""
    data = read_data(page)
    side, (left, right, bottom, top) = data["side"], data["extent"]
    tiles = read_tiles(page, "atlas", side) / 255
    across = (points[:, 0] - left) / (right - left) * (side - 1)
    down = (top - points[:, 1]) / (top - bottom) * (side - 1)
    columns, rows = np.minimum(across.astype(int), side - 2), np.minimum(down.astype(int), side - 2)
    grid = tiles.reshape(side, side, *tiles.shape[1:])
    mix = np.zeros((len(points), *tiles.shape[1:]))
    for more_down in (0, 1):
        for more_across in (0, 1):
            share = (1 - np.abs(down - rows - more_down)) * (1 - np.abs(across - columns - more_across))
            mix += share.reshape(-1, *[1] * (mix.ndim - 1)) * grid[rows + more_down, columns + more_across]
    return mix


@pytest.mark.parametrize("kind", CHANNELS)
def test_mix_is_no_farther_from_the_decoder_than_its_bends_and_shades_allow(kind):
    page = draw_once(kind).page
    points = np.random.default_rng(1).uniform((-3, -2), (1, 4), (300, 2))
    drawn = draw_waves(points, CHANNELS[kind])
    # A linear mix is off by at most step² / 8 times the second derivative, along each latent.
    steps = np.divide((4, 6), read_data(page)["side"] - 1)
    most = STEEPEST * np.sum(steps**2) / 8 + HALF_A_SHADE
    difference = np.abs(mix_nearest_four(page, points) - (drawn if kind == "color" else 1 - drawn))
    assert 0.005 < difference.max() <= most + 1e-6


def test_page_says_how_far_its_mix_is_from_a_keras_decoder():
    keras.utils.set_random_seed(0)
    wide = keras.initializers.RandomNormal(stddev=1.5)
    stack = [keras.Input((2,)), layers.Dense(20, "tanh", kernel_initializer=wide), layers.Dense(784, "sigmoid")]
    decoder = keras.Sequential([*stack, layers.Reshape((28, 28, 1))])
    page = explore(decoder).page
    data = read_data(page)
    codes = np.array(data["codes"])[:, :2]
    drawn = decoder.predict(codes, verbose=0)[..., 0]
    difference = np.mean(np.abs(mix_nearest_four(page, codes) - (1 - drawn)))
    assert 0.002 < difference < 0.02
    stated = float(re.search(r"by ([\d.]+)% of the range", data["note"])[1]) / 100
    assert stated == pytest.approx(difference, abs=0.0006)
    assert f"{data['side']} × {data['side']} points; in between, the picture is a mix" in data["note"]
    by_call = explore(lambda points: decoder(points)).page
    assert np.abs(read_tiles(by_call, "atlas", 31).astype(int) - read_tiles(page, "atlas", 31)).max() <= 9  # one shade


def test_without_images_the_nearest_code_is_shown_decoded():
    page = explore(images=None).page
    data = read_data(page)
    assert data["source"] == "nearest test code, decoded"
    (z1, z2, _) = data["codes"][0]
    np.testing.assert_allclose(
        read_tiles(page, "seen", data["seenColumns"])[0] / 255, 1 - draw_waves([[z1, z2]])[0], atol=HALF_A_SHADE + 1e-4
    )


@pytest.mark.parametrize("kind", CHANNELS)
def test_html_stays_within_its_limit_even_for_noise(kind):
    noise = np.random.default_rng(2)
    shape = (28, 28, *CHANNELS[kind])
    decoder = lambda points: noise.random((len(points), *shape))  # noqa: E731
    shown = explore(decoder, images=noise.random((len(CODES), *shape)))
    assert 100_000 < len(shown._repr_html_().encode()) <= MOST_BYTES == 900_000
    assert read_data(shown.page)["side"] < 31


@pytest.mark.parametrize("kind", CHANNELS)
def test_smooth_images_get_the_finest_grid(kind):
    shown = draw_once(kind)
    assert len(shown._repr_html_().encode()) <= MOST_BYTES
    assert (read_data(shown.page)["side"], len(read_data(shown.page)["codes"])) == (31, 600)


def test_images_that_fit_nowhere_are_refused():
    rng = np.random.default_rng(3)
    with pytest.raises(ValueError, match="5 x 5 images of this size need more than 900,000 bytes; make them smaller"):
        explore(lambda points: rng.random((len(points), 300, 300)), codes=CODES[:3], labels=LABELS[:3], images=None)


def test_page_needs_no_other_host(page):
    found = Tags(page).found
    addresses = [value for _, attributes in found for name, value in attributes.items() if name in ("src", "href")]
    assert len(addresses) == 2
    assert all(address.startswith("data:image/png;base64,") for address in addresses)
    rest = re.sub(r"base64,[\w+/=]+", "", page)
    assert not re.search(r"https?:|//\w|url\(|@import|fetch\(|XMLHttpRequest|WebSocket", rest)
    (policy,) = [attributes["content"] for _, attributes in found if "http-equiv" in attributes]
    assert policy == "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'"


def test_page_is_well_formed_and_has_what_a_screen_reader_needs(page):
    tags = Tags(page)
    assert (tags.open, tags.faults) == ([], [])
    by_id = {attributes["id"]: attributes for _, attributes in tags.found if "id" in attributes}
    assert len(by_id) == sum("id" in attributes for _, attributes in tags.found)
    plane = by_id["plane"]
    assert (plane["role"], plane["tabindex"], plane["aria-label"]) == ("application", "0", "Plane of two latents")
    assert plane["aria-describedby"] in by_id
    assert by_id["spoken"]["aria-live"] == "polite"
    assert by_id["decoded"]["role"] == by_id["nearest"]["role"] == "img"
    assert by_id["atlas"]["alt"] == "what a decoder draws from z1 -3 to 1 across and z2 -2 to 4 up"


NASTY = ["</script><img src=x onerror=alert(1)>", "\"'`&quot;", "{{atlas}}", "<!--<script>", "\u2028\\", "$& é 猫"]


@pytest.mark.parametrize("name", NASTY)
def test_class_names_stay_text(name):
    page = explore(draw_dots, class_names=[name] * 10, images=None).page
    assert read_data(page)["names"] == [name] * 10
    tags = Tags(page)
    assert [tag for tag, _ in tags.found if tag in ("script", "img")] == ["img", "img", "script", "script"]
    assert (tags.open, tags.faults) == ([], [])


@settings(max_examples=20)
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=10, max_size=10))
def test_any_class_names_come_back(names):
    assert read_data(explore(draw_dots, class_names=names, images=None).page)["names"] == names


def test_frame_holds_the_page_and_a_picture_for_where_frames_are_taken_out():
    shown = draw_once("gray")
    output = shown._repr_html_()
    assert "<script" not in output  # All of it stands inside an attribute.
    (frame,) = [attributes for tag, attributes in Tags(output).found if tag == "iframe"]
    assert frame["srcdoc"] == shown.page
    assert (frame["sandbox"], frame["title"]) == ("allow-scripts", "Latent plane to explore")
    instead = re.search(r"<iframe[^>]*>(.*)</iframe>", output)[1]
    (picture,) = [attributes for tag, attributes in Tags(instead).found if tag == "img"]
    assert picture["src"].startswith("data:image/png;base64,")
    assert picture["alt"].startswith("what a decoder draws")
    assert "trust the notebook" in instead


def test_text_is_the_same_whatever_the_images_are():
    text = "Latent plane to explore: what a decoder draws from z1 -3 to 1 across and z2 -2 to 4 up"
    assert repr(draw_once("gray")) == repr(explore(draw_dots, (-3, 1, -2, 4), images=None)) == text


def test_saved_page_is_whole_and_takes_the_place_of_the_old_one(tmp_path):
    shown = explore(draw_dots, images=None)
    path = tmp_path / "plane.html"
    path.write_text("old", encoding="utf-8")
    assert shown.save(str(path)) == path
    assert path.read_text(encoding="utf-8") == shown.page
    with pytest.raises(ValueError, match=r"'plane\.htm' does not end in \.html"):
        shown.save(tmp_path / "plane.htm")
    with pytest.raises(FileNotFoundError, match="nowhere does not exist; make it first"):
        shown.save(tmp_path / "nowhere" / "plane.html")
    assert [file.name for file in tmp_path.iterdir()] == ["plane.html"]


@pytest.mark.parametrize(
    "extent", [0, -2, "wide", None, (1, 2), (1, 0, 0, 1), (0, 0, 0, 1), float("nan"), [0, 1, 0, float("inf")]]
)
def test_extents_that_hold_no_plane_are_refused(extent):
    with pytest.raises(ValueError, match=r"extent is .*expected"):
        explore(draw_dots, extent=extent, images=None)


@given(st.lists(st.floats(-1e6, 1e6), min_size=4, max_size=4))
def test_extent_is_taken_as_it_is_or_refused(extent):
    codes = np.array([[(extent[0] + extent[1]) / 2, (extent[2] + extent[3]) / 2]])
    if extent[0] < extent[1] and extent[2] < extent[3]:
        assert read_data(explore(draw_dots, extent, codes, [0], ["a"], None).page)["extent"] == extent
    else:
        with pytest.raises(ValueError, match="each `from` below its `to`"):
            explore(draw_dots, extent, codes, [0], ["a"], None)


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"decoder": "decoder"}, TypeError, "the decoder is a str; expected a Keras model or a function"),
        ({"decoder": lambda points: 9 * draw_waves(points) - 4}, ValueError, "ends in logits, add a sigmoid"),
        ({"decoder": lambda points: draw_waves(points) * np.nan}, ValueError, "decoded images contain NaN"),
        ({"decoder": lambda points: draw_waves(points[:5])}, ValueError, r"made \(5, 28, 28\) of 961 points"),
        ({"decoder": lambda points: draw_waves(points).reshape(-1, 784)}, ValueError, "decoded images have shape"),
        ({"codes": CODES[:, :1]}, ValueError, r"codes have shape \(2000, 1\); expected \(n, 2\)"),
        ({"codes": CODES * np.nan}, ValueError, "codes contain NaN"),
        ({"codes": CODES.astype(str)}, TypeError, "codes hold <U.* where numbers were expected"),
        ({"codes": CODES + 10}, ValueError, "none of 2000 codes lies within the extent"),
        ({"labels": LABELS[:-1]}, ValueError, r"labels for 2000 codes have shape \(1999,\)"),
        ({"labels": LABELS / 2}, ValueError, "labels lie between whole numbers"),
        ({"labels": LABELS + 1}, ValueError, "labels run from 1 to 10; expected 0 to 9"),
        ({"class_names": ["a"] * 11}, ValueError, "11 class names; expected at most 10"),
        ({"images": IMAGES[:-1]}, ValueError, "1999 images for 2000 codes"),
        ({"images": IMAGES * 255}, ValueError, "divide by 255"),
        ({"images": IMAGES[0]}, ValueError, "images have shape"),
    ],
)
def test_bad_input_is_refused_with_advice(changes, error, message):
    with pytest.raises(error, match=message):
        explore(**changes)
