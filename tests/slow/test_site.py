"""The site: it builds from the stored notebooks without a warning, and every page works in a browser, from disk."""

import re
from urllib.parse import unquote

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tools import site
from tools.notebooks import list_notebooks, name_of

pytestmark = pytest.mark.slow
PHONE = {"width": 390, "height": 844}
DESK = {"width": 1300, "height": 900}
EXPLORED = "notebooks/10_fashion_vae"
VAE = "notebooks/08_variational_autoencoder"
ONE_OF_EACH_KIND = ["index", "map", "glossary", VAE, "results", "solutions", "helpers/vae_metrics"]


@pytest.fixture(scope="module")
def pages():
    """Build the site; return the paths of its pages by name. A warning fails the build."""
    site.main()
    paths = [path for path in site.SITE.rglob("*.html") if "_static" not in path.parts]
    return {path.relative_to(site.SITE).with_suffix("").as_posix(): path for path in sorted(paths)}


def test_site_has_a_page_for_each_notebook_and_helper(pages):
    modules = {path.stem for path in (site.ROOT / "helpers").glob("*.py") if not path.stem.startswith("_")}
    assert {f"notebooks/{name_of(path)}" for path in list_notebooks()} <= set(pages)
    assert {f"helpers/{module}" for module in modules} <= set(pages)
    assert {"index", "404", "map", "questions", "glossary", "results", "solutions", "search"} <= set(pages)
    assert sum(path.stat().st_size for path in site.SITE.rglob("*") if path.is_file()) < 40_000_000


def test_links_within_the_site_lead_to_a_file(pages):
    broken = []
    for name, path in pages.items():
        # The host shows 404 at any address, so its links start at the root of the host.
        page = path.read_text(encoding="utf-8") if name != "404" else ""
        for address in re.findall(r'<[^>]* (?:href|src)="([^"#?]+)', page):
            is_inside = not re.match(r"\w+:|//", address)
            if is_inside and not (path.parent / unquote(address)).exists():
                broken.append(f"{name}: {address}")
    assert broken == []


@pytest.fixture
def visit(pages, new_page):
    """Return a function that opens a page of the site by name."""
    page = new_page(viewport=DESK, color_scheme="null")  # Emulating one would hide the site's from the explorer.

    def open_page(name, query=""):
        page.goto(pages[name].as_uri() + query)
        return page

    return open_page


BAD_PICTURES = """() => [...document.images].filter(image => image.offsetParent)
    .filter(image => !image.complete || !image.naturalWidth || !image.alt).map(image => image.src.slice(0, 100))"""
OPEN_AND_LOAD = """() => { document.querySelectorAll('details').forEach(fold => fold.open = true);
    document.querySelectorAll('img').forEach(image => image.loading = 'eager'); }"""
CUT_OFF = """tag => [...document.querySelectorAll(tag)].filter(part => part.scrollWidth > part.clientWidth + 1)
    .map(part => part.innerText.slice(0, 60))"""
SCROLLS_BY = "() => document.scrollingElement.scrollWidth - document.scrollingElement.clientWidth"


def test_every_page_shows_pictures_math_and_whole_lines_of_code_and_fits_a_phone(pages, visit):
    for name in pages.keys() - {"404"}:
        page = visit(name)
        assert page.locator("h1").first.inner_text().strip(), name
        page.evaluate(OPEN_AND_LOAD)
        page.wait_for_function("() => [...document.images].every(image => image.complete)")
        assert page.evaluate(BAD_PICTURES) == [], name
        page.wait_for_function("() => !document.querySelector('.math:not(:has(mjx-container))')")
        assert page.locator("mjx-merror").count() == 0, name
        assert page.evaluate(CUT_OFF, "pre") == [], f"{name} has code that is cut off"
        page.set_viewport_size(PHONE)
        assert page.evaluate(SCROLLS_BY) <= 1, f"{name} is wider than a phone"
        assert name != "results" or page.evaluate(CUT_OFF, "table") == []
        page.set_viewport_size(DESK)


def test_search_results_show_the_number_of_the_lesson(visit):
    results = visit("search", "?q=reparameterization").locator("#search-results li a")
    expect(results.filter(has_text="08 Variational autoencoder").first).to_be_visible()


def test_dark_mode_is_dark_and_is_kept_from_page_to_page(visit):
    brightness = "() => parseInt(getComputedStyle(document.body).backgroundColor.match(/\\d+/)[0])"
    page = visit("index")
    for mode in ("Dark", "Light"):
        page.get_by_role("button", name="Color mode").click()
        page.get_by_role("button", name=mode, exact=True).click()
        assert (page.evaluate(brightness) < 60) == (mode == "Dark")
        assert (visit(EXPLORED).evaluate(brightness) < 60) == (mode == "Dark")
        assert (page.frame_locator("iframe").locator("body").evaluate(brightness) < 60) == (mode == "Dark")


NUMBER_CONTROLS = """() => [...document.querySelectorAll('a[href], button, input, select, summary')]
    .filter(e => e.checkVisibility({visibilityProperty: true}) && !e.disabled && e.tabIndex >= 0)
    .map((e, number) => { e.dataset.number = number; return e.innerText; })"""


@pytest.mark.parametrize("name", ["index", "results"])
def test_keyboard_alone_reaches_every_link_and_button(visit, name):
    page = visit(name)
    controls = page.evaluate(NUMBER_CONTROLS)
    reached = set()
    for _ in range(2 * len(controls) + 20):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("() => document.activeElement.dataset.number"))
    assert [text for number, text in enumerate(controls) if str(number) not in reached] == []


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", ONE_OF_EACH_KIND)
def test_page_has_no_serious_accessibility_fault(visit, name, theme):
    visit("index").evaluate(f"() => {{ localStorage.mode = localStorage.theme = '{theme}' }}")
    faults = Axe().run(visit(name), options={"preload": False}).response["violations"]
    serious = {fault["id"]: fault["nodes"][0]["html"] for fault in faults if fault["impact"] in ("serious", "critical")}
    assert serious == {}
