"""The latent explorer: the images and codes on its page, its size, its isolation, and what it refuses."""

import html
import re
from functools import cache

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.explorer import MOST_BYTES, SHADES, latent_explorer
from tests.explorer_pages import CHANNELS, draw_waves, read_data, read_tiles, spread_codes

CODES, LABELS, IMAGES = spread_codes()
NAMES = [f"kind {label}" for label in range(10)]
HALF_A_SHADE = 0.5 / (SHADES - 1) + 0.5 / 255  # Shades are kept as bytes.


def draw_gray(points):
    """Draw images (n, 2, 2) of one gray, for tests that need many pages."""
    return np.full((len(points), 2, 2), 0.5)


def explore(decoder=draw_waves, extent=3, codes=CODES, labels=LABELS, class_names=NAMES, images=IMAGES, ink=True):
    return latent_explorer(decoder, extent, codes, labels, class_names, images, ink)


@cache
def explore_once(kind):
    """Return the explorer of waves, gray or in color, on a plane that isn't a square."""
    return explore(lambda points: draw_waves(points, CHANNELS[kind]), extent=(-3, 1, -2, 4))


@pytest.mark.parametrize("kind", CHANNELS)
def test_smooth_images_lie_on_the_finest_grid_as_on_a_map(kind):
    shown = explore_once(kind)
    assert len(shown._repr_html_().encode()) <= MOST_BYTES
    data = read_data(shown.page)
    assert (data["side"], len(data["codes"]), data["extent"]) == (31, 600, [-3, 1, -2, 4])
    tiles = read_tiles(shown.page, "atlas", 31).reshape(31, 31, 28, 28, *CHANNELS[kind]) / 255
    corners = draw_waves([[-3, 4], [1, 4], [-3, -2], [1, -2]], CHANNELS[kind])
    light = corners if kind == "color" else 1 - corners  # Gray images are ink, so 1 is dark.
    np.testing.assert_allclose(tiles[[0, 0, -1, -1], [0, -1, 0, -1]], light, atol=HALF_A_SHADE + 1e-6)


def test_page_of_noise_stays_within_the_size_limit():
    rng = np.random.default_rng(2)
    shown = explore(lambda points: rng.random((len(points), 28, 28)), images=None)
    assert 100_000 < len(shown._repr_html_().encode()) <= MOST_BYTES == 900_000


def test_photographs_are_not_negatives_and_bfloat16_is_shown():
    images = np.full((len(CODES), 2, 2), 0.125, ml_dtypes.bfloat16)
    page = explore(lambda points: draw_gray(points).astype(ml_dtypes.bfloat16) / 2, images=images, ink=False).page
    for name, columns, light in [("atlas", 31, 0.25), ("seen", 25, 0.125)]:
        np.testing.assert_allclose(read_tiles(page, name, columns)[0] / 255, light, atol=HALF_A_SHADE)


def test_codes_within_the_extent_have_their_labels_and_images():
    page = explore_once("gray").page
    data = read_data(page)
    first = np.flatnonzero(((CODES >= (-3, -2)) & (CODES <= (1, 4))).all(axis=1))[:600]
    np.testing.assert_allclose(data["codes"], np.column_stack([CODES, LABELS])[first], atol=1e-4)
    seen = read_tiles(page, "seen", data["seenColumns"])[:600] / 255
    np.testing.assert_allclose(seen, 1 - IMAGES[first], atol=HALF_A_SHADE + 1e-6)


def test_without_images_the_nearest_code_is_shown_decoded():
    page = explore(images=None).page
    data = read_data(page)
    light = 1 - draw_waves(np.array(data["codes"])[:, :2])
    seen = read_tiles(page, "seen", data["seenColumns"])[: len(light)] / 255
    np.testing.assert_allclose(seen, light, atol=HALF_A_SHADE + 1e-4)


def test_page_loads_nothing_and_may_load_nothing():
    page = re.sub(r"data:image/png;base64,[\w+/=]+", "", explore_once("gray").page)
    assert not re.search(r"https?:|//\w|(src|href)=[^\"]|(src|href)=\"[^\"]|url\(|@import", page)
    assert page.count("<h1>") == 1
    assert re.search(r"<meta http-equiv=.Content-Security-Policy.\s+content=.default-src 'none'; img-src data:;", page)


NASTY = ["</script><img src=x onerror=alert(1)>", "\"'`&quot;", "{{atlas}}", "<!--<script>", "\u2028\\", "$& é 猫"]
CLASS_NAMES = st.sampled_from(NASTY) | st.text(st.characters(exclude_categories=["Cs"]))


@given(st.lists(CLASS_NAMES, min_size=10, max_size=10))
def test_class_names_stay_text(names):
    page = explore(draw_gray, class_names=names, images=None).page
    assert read_data(page)["names"] == names
    assert page.count("<") == explore(draw_gray, images=None).page.count("<"), "a name adds a tag"


def test_output_holds_the_page_in_a_sandbox_and_a_still_picture_outside_it(tmp_path):
    shown = explore_once("gray")
    output = shown._repr_html_()
    still, frame = re.fullmatch("<div [^>]*>(<div [^>]*>.*</div>)<iframe ([^>]*)></iframe></div>\n", output).groups()
    assert html.unescape(re.search('srcdoc="([^"]*)"', frame)[1]) == shown.page
    assert 'sandbox="allow-scripts"' in frame
    assert "{{" not in output
    (alt,) = re.findall('<img src="data:image/png;base64,[^"]*" alt="([^"]+)"', still)
    assert alt in repr(shown)
    assert shown.save(str(tmp_path / "plane.html")).read_text(encoding="utf-8") == shown.page


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        *(({"extent": bad}, "extent .*expected") for bad in (0, "wide", (1, 2), (1, 0, 0, 1), float("nan"))),
        ({"decoder": lambda points: 9 * draw_waves(points) - 4}, "add a sigmoid"),
        ({"decoder": lambda points: draw_waves(points[:5])}, "of 961 points"),
        ({"decoder": lambda points: np.zeros((len(points), 600, 600)), "images": None}, "make them smaller"),
        ({"codes": CODES + 10}, "none of 2000 codes"),
        ({"images": IMAGES[:-1]}, "1999 images for 2000 codes"),
    ],
)
def test_invalid_input_is_refused_with_advice(changes, message):
    with pytest.raises((TypeError, ValueError), match=message):
        explore(**changes)
