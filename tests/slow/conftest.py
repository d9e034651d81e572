"""A browser for the slow tests, driven by Playwright: Debian's Chromium or another installed browser."""

import re
import shutil

import pytest
from playwright import sync_api as playwright

NAMES = "chromium", "chromium-browser", "google-chrome"
OPTIONS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()
HIDDEN = "hidden by content-visibility"


@pytest.fixture(scope="module")
def browser():
    """Return a browser, with timeouts for a busy machine; skip the tests that need one if none is installed."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        pytest.skip(f"no browser found; install one of {', '.join(NAMES)}")
    playwright.expect.set_options(timeout=20_000)  # milliseconds
    with playwright.sync_playwright() as tools:
        browser = tools.chromium.launch(executable_path=found, args=OPTIONS)
        yield browser
        browser.close()


@pytest.fixture
def new_page(browser):
    """Return a function that opens an empty page with Playwright's options, such as its size or color scheme.

    After the test, fail if a page reported an error or a warning, or requested anything but local files and data.
    """
    contexts, messages, addresses = [], [], []

    def open_page(**options):
        contexts.append(browser.new_context(**options))
        page = contexts[-1].new_page()
        # Chromium also warns of measuring the explorer's hidden still, which only the tests do.
        page.on("console", lambda m: messages.append(m.text) if m.type != "log" and HIDDEN not in m.text else None)
        page.on("pageerror", lambda error: messages.append(str(error)))
        page.on("requestfailed", lambda request: messages.append(f"not loaded: {request.url}"))
        page.on("request", lambda request: addresses.append(request.url))
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert messages == []
    assert {re.match(r"\w+:", address)[0] for address in addresses} <= {"file:", "data:", "about:", "blob:"}
