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


@pytest.fixture
def opened(browser: Browser) -> Iterator[Opened]:
    """Opens HTML as a page of `width`, light or dark, with pictures or without."""
    contexts = []

    def open_page(
        html: str, width: int = 640, scheme: str = "light", *, images: bool = True
    ) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": 800},
            color_scheme="dark" if scheme == "dark" else "light",
        )
        contexts.append(context)
        page = context.new_page()
        show(page, html, images=images)
        return page

    yield open_page
    for context in contexts:
        context.close()
