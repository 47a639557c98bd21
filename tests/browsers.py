"""A real browser for the tests: `python -m tests.browsers` makes sure that there is one."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import Browser, Playwright, sync_playwright

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# Nothing but the page under test: no updates, no phoning home, no graphics card.
_QUIET = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
_REMEDY = (
    "The tests need a browser and none could be installed: install Chromium (Debian: "
    "apt-get install chromium), or run: .venv/bin/playwright install chromium"
)


def find_system_browser() -> str | None:
    """The path of a browser that the system has, if it has one."""
    return next((path for name in _NAMES if (path := shutil.which(name))), None)


def find_playwright_browser(playwright: Playwright) -> str | None:
    """The path of the browser that Playwright installed for itself, if it did."""
    path = playwright.chromium.executable_path
    return path if Path(path).exists() else None


def launch(playwright: Playwright) -> Browser:
    """A browser, without a window.

    Raises:
        RuntimeError: there is none.
    """
    path = find_system_browser() or find_playwright_browser(playwright)
    if path is None:
        raise RuntimeError(_REMEDY)
    # Chromium's sandbox refuses to work for root.
    sandbox = [] if os.getuid() else ["--no-sandbox"]
    return playwright.chromium.launch(executable_path=path, args=[*_QUIET, *sandbox])


def ensure() -> str:
    """The path of a browser, installed now if need be.

    Raises:
        RuntimeError: there is none and none can be installed.
    """
    with sync_playwright() as playwright:
        found = find_system_browser() or find_playwright_browser(playwright)
        if found:
            return found
        if os.getuid() == 0 and shutil.which("apt-get"):
            _run("apt-get", "update", "-qq")
            _run("apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium")
        found = find_system_browser()
        if not found:
            _run(sys.executable, "-m", "playwright", "install", "chromium")
            found = find_playwright_browser(playwright)
    if not found:
        raise RuntimeError(_REMEDY)
    return found


def _run(*command: str) -> None:
    """Run it and let it say on standard error why it failed; what counts is what is there after."""
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(command, env=environment, stdout=sys.stderr, check=False)


if __name__ == "__main__":
    try:
        print(ensure())  # noqa: T201 - the answer
    except RuntimeError as error:
        sys.exit(str(error))
