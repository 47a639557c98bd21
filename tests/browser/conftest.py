"""A real Chromium, and pages that ask no other server for anything."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.browsers import launch
from tests.mail_page import show

Opened = Callable[..., Page]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for the tests of a file.

    Playwright keeps an event loop running in its thread: it ends before tests that run their own.
    """
    with sync_playwright() as playwright:
        browser = launch(playwright)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def _page(browser: Browser) -> Page:
    return browser.new_page()


@pytest.fixture
def opened(_page: Page) -> Opened:
    """Opens HTML as a page of `width`, light or dark, with pictures or without.

    It is one page for the tests of a file: each opening goes on from the last.
    """

    def open_page(
        html: str, width: int = 640, scheme: str = "light", *, images: bool = True
    ) -> Page:
        _page.set_viewport_size({"width": width, "height": 800})
        _page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        show(_page, html, images=images)
        return _page

    return open_page
