"""The demonstration in a real browser, with the command that it names when it has ended."""

import subprocess
import sys
from pathlib import Path

from playwright.sync_api import Browser, expect


def test_the_command_that_it_names_shows_its_pictures(browser: Browser, tmp_path: Path):
    digest = [sys.executable, "-m", "digest"]
    run = [*digest, "demo", "--folder", str(tmp_path / "demo"), "--no-wait"]
    said = subprocess.run(run, capture_output=True, text=True, check=True).stdout.splitlines()
    (named,) = (line.split()[2:] for line in said if line.startswith("  preview "))
    with subprocess.Popen([*digest, *named], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            address = process.stdout.readline().split()[2]
            page = browser.new_page()
            page.goto(f"{address}&view=desktop")
            picture = page.frame_locator("#desktop").locator("img").first
            expect(picture).to_have_js_property("naturalWidth", 1280, timeout=30_000)
            page.close()
        finally:
            process.terminate()
    assert process.returncode == 0
