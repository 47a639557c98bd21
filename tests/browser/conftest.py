"""A real Chromium, and pages that ask no other server for anything."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, Route, sync_playwright

from tests.browsers import launch

LEAD = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="592" height="300">'
    '<rect width="592" height="300" fill="#c6d3da"/><path d="M0 236 592 22V300H0z" fill="#8a989e"/>'
    '<path d="M0 300 592 82V300H0z" fill="#5f6f64"/><path d="M168 300 592 146V300z"/>'
    "</svg>"
)
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

        def answer(route: Route) -> None:
            if route.request.url == "http://mail.test/":
                route.fulfill(body=html, content_type="text/html; charset=utf-8")
            elif images and route.request.resource_type == "image":
                route.fulfill(body=LEAD, content_type="image/svg+xml")
            else:
                route.abort()

        page.route("**/*", answer)
        page.goto("http://mail.test/")
        return page

    yield open_page
    for context in contexts:
        context.close()
