"""The site: built from the stored notebooks without a warning, and every page tried in a browser, from disk."""

import re
from html.parser import HTMLParser

import pytest
from axe_playwright_python.sync_playwright import Axe
from browsers import launch, needs_browser, playwright

from tools import site
from tools.notebooks import list_notebooks, name_of
from tools.repository import read_project

SLUG, _ = read_project()
PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 900}
SERIOUS = {"serious", "critical"}
SAMPLE = ["index", "glossary", "notebooks/08_variational_autoencoder", "results", "gallery", "helpers/measures"]


@pytest.fixture(scope="module")
def pages():
    """Build the site; return the paths of its pages. A warning fails the build."""
    site.main()
    return sorted(path for path in site.SITE.rglob("*.html") if "_static" not in path.parts)


def test_site_has_a_page_for_each_notebook_and_helper_and_for_a_wrong_address(pages):
    names = {path.relative_to(site.SITE).with_suffix("").as_posix() for path in pages}
    modules = {path.stem for path in (site.ROOT / "helpers").glob("*.py") if not path.stem.startswith("_")}
    assert {f"notebooks/{name_of(path)}" for path in list_notebooks()} <= names
    assert {f"helpers/{module}" for module in modules} <= names
    assert {"index", "404", "glossary", "results", "gallery", "search"} <= names


def test_site_is_small(pages):
    assert sum(path.stat().st_size for path in site.SITE.rglob("*") if path.is_file()) < 40_000_000
    assert (site.SITE / "index.html").stat().st_size < 1_000_000


class Links(HTMLParser):
    """Collect what a page refers to."""

    def __init__(self, page):
        super().__init__()
        self.found = []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.found += [(tag, name, value or "") for name, value in attributes if name in ("href", "src")]


def test_links_within_the_site_lead_to_a_file(pages):
    lost = []
    for path in pages:
        if path.name == "404.html":  # It lies anywhere, so its addresses begin at the root of the host.
            continue
        for _, _, address in Links(path.read_text(encoding="utf-8")).found:
            if re.match(r"\w+:|#|$|//", address):
                continue
            target = (path.parent / address.partition("#")[0].partition("?")[0]).resolve()
            if not target.exists():
                lost.append(f"{path.relative_to(site.SITE)}: {address}")
    assert lost == []


def test_lessons_can_be_opened_in_colab_and_downloaded_with_their_outputs(pages):
    for path in list_notebooks():
        name = name_of(path)
        page = (site.SITE / "notebooks" / f"{name}.html").read_text(encoding="utf-8")
        assert f"https://colab.research.google.com/github/{SLUG}/blob/main/notebooks/{name}.ipynb" in page
        assert (site.SITE / "_sources" / "notebooks" / f"{name}.ipynb").exists()


def test_linked_pages_show_a_picture(pages):
    owner, name = SLUG.split("/")
    for page in ("index", "notebooks/08_variational_autoencoder"):
        text = (site.SITE / f"{page}.html").read_text(encoding="utf-8")
        address = re.search(r'<meta property="og:image" content="([^"]+)"', text)[1]
        root = f"https://{owner.lower()}.github.io/{name}/"
        assert address.startswith(root)
        assert (site.SITE / address.removeprefix(root)).is_file()


@pytest.fixture(scope="module")
def browser():
    with launch() as browser:
        yield browser


@pytest.fixture
def visit(browser):
    """Return a function that opens a page by name. No console may hold an error, and no request leave the machine."""
    context = browser.new_context(viewport=DESK)
    page, messages, addresses = context.new_page(), [], []
    page.on("console", lambda message: messages.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: messages.append(str(error)))
    page.on("requestfailed", lambda request: messages.append(f"not loaded: {request.url}"))
    page.on("request", lambda request: addresses.append(request.url))

    def open_page(name, size=None):
        page.set_viewport_size(size or DESK)
        page.goto((site.SITE / f"{name}.html").as_uri())
        return page

    yield open_page
    context.close()
    assert messages == []
    assert {re.match(r"\w+:", address)[0] for address in addresses} <= {"file:", "data:", "about:", "blob:"}


PICTURES = """() => [...document.images].filter(image => image.offsetParent)
    .filter(image => !image.complete || !image.naturalWidth || !image.alt).map(image => image.src.slice(0, 100))"""
WIDER = "() => document.scrollingElement.scrollWidth - document.scrollingElement.clientWidth"


@needs_browser
def test_every_page_opens_with_its_pictures_and_fits_a_phone(pages, visit):
    for path in pages:
        name = path.relative_to(site.SITE).with_suffix("").as_posix()
        if name == "404":
            continue
        page = visit(name)
        assert page.locator("h1").first.inner_text().strip(), name
        page.evaluate("() => document.querySelectorAll('img').forEach(image => image.loading = 'eager')")
        page.wait_for_function("() => [...document.images].every(image => image.complete)")
        assert page.evaluate(PICTURES) == [], name
        page.set_viewport_size(PHONE)
        assert page.evaluate(WIDER) <= 1, f"{name} is wider than a phone"


@needs_browser
def test_maths_is_typeset(pages, visit):
    page = visit("notebooks/08_variational_autoencoder")
    page.locator("mjx-container").first.wait_for()
    page.wait_for_function("() => !document.querySelector('.math:not(:has(mjx-container))')")
    assert page.locator("mjx-container").count() > 50
    assert page.locator("mjx-merror").count() == 0


@needs_browser
@pytest.mark.parametrize("word", ["reparameterisation", "importance-weighted", "keep_epochs"])
def test_search_finds(pages, visit, word):
    page = visit("index")
    page.goto(f"{(site.SITE / 'search.html').as_uri()}?q={word}")
    playwright.expect(page.locator("#search-results li a").first).to_be_visible()


@needs_browser
def test_dark_mode_is_dark_and_is_kept_from_page_to_page(pages, visit):
    brightness = "() => parseInt(getComputedStyle(document.body).backgroundColor.match(/\\d+/)[0])"
    page = visit("index")
    for mode, is_dark in {"Dark": True, "Light": False}.items():
        page.get_by_role("button", name="Color mode").click()
        page.get_by_role("button", name=mode, exact=True).click()
        assert (page.evaluate(brightness) < 60) == is_dark
        assert (visit("notebooks/01_dense_autoencoder").evaluate(brightness) < 60) == is_dark


VISIBLE_LINKS = """() => [...document.querySelectorAll('a[href], button, input, select, summary')]
    .filter(e => e.checkVisibility({visibilityProperty: true}) && !e.disabled && e.tabIndex >= 0)
    .map((e, place) => (e.dataset.place = place))"""


@needs_browser
@pytest.mark.parametrize("name", ["index", "results"])
def test_keyboard_alone_reaches_every_link_and_button(pages, visit, name):
    page = visit(name)
    wanted = set(page.evaluate(VISIBLE_LINKS))
    reached = set()
    for _ in range(2 * len(wanted) + 20):
        page.keyboard.press("Tab")
        place = page.evaluate("() => document.activeElement.dataset.place ?? null")
        reached.add(None if place is None else int(place))
    missing = wanted - reached
    assert [page.locator(f"[data-place='{place}']").inner_text() for place in sorted(missing)] == []


@needs_browser
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_pages_have_no_serious_fault_for_those_who_cannot_see_or_point(pages, visit, theme):
    page = visit("index")
    page.evaluate(f"() => {{ localStorage.setItem('mode', '{theme}'); localStorage.setItem('theme', '{theme}') }}")
    for name in SAMPLE:
        found = Axe().run(visit(name), options={"preload": False}).response["violations"]
        serious = {rule["id"]: rule["nodes"][0]["html"][:200] for rule in found if rule["impact"] in SERIOUS}
        assert serious == {}, name
