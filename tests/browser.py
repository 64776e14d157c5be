"""A headless Chromium for the tests that look at a page as people do; mark them `browser`.

Playwright drives the machine's own Chromium (Debian's package `chromium`) and downloads nothing.
"""

import functools
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Page

NAMES = ("chromium", "chromium-browser", "google-chrome")
OPTIONS = (
    "--no-sandbox",  # Chromium's own takes user namespaces, which a container lacks
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@functools.cache
def found() -> str:
    """Where Chromium lies; empty where there is none."""
    return next(filter(None, map(shutil.which, NAMES)), "")


def lacking() -> str:
    """Why no page can be looked at here; empty where one can."""
    return "" if found() else f"no {', '.join(NAMES)} on the PATH: `apt-get install chromium`"


@contextmanager
def page(width: int = 1280, height: int = 800, timeout: float = 30) -> "Iterator[Page]":
    """An empty page of that size in pixels, in a browser of its own, whose every step may take `timeout` s.

    While it is open the thread counts as one with a running event loop: have `asyncio.run` elsewhere.
    """
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=found(), headless=True, args=list(OPTIONS))
        try:
            opened = browser.new_page(viewport={"width": width, "height": height})
            opened.set_default_timeout(1000 * timeout)
            opened.set_default_navigation_timeout(1000 * timeout)
            yield opened
        finally:
            browser.close()
