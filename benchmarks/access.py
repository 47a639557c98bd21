"""Every mail in a real browser: axe-core in light and dark, layout and touch at four widths.

    python -m benchmarks.access [--language LANGUAGE]…

Looks at every sample that there is, in English, Bulgarian and Arabic: axe-core's rules for WCAG 2.0
to 2.2, A and AA, and good practice, in both schemes; at 320, 375, 600 and 1200 pixels that nothing
sticks out or lies on something else, and on the two phones that links can be touched. 320 pixels
are what a window of 640 has at 200 %.
"""

import argparse
import sys
from collections import Counter

from playwright.sync_api import Page, sync_playwright

from tests.browsers import launch
from tests.every_mail import every_mail
from tests.mail_checks import (
    faint_alternatives,
    overlaps,
    small_targets,
    sticking_out,
    violations,
)
from tests.mail_page import show

LANGUAGES = ("en", "bg", "ar")
PHONES, WINDOWS = (320, 375), (600, 1200)


def look(page: Page, html: str) -> dict[str, list[str]]:
    """All that is wrong with a mail, by what was asked."""
    show(page, html)
    found: dict[str, list[str]] = {}
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        found[f"axe-core, {scheme}"] = violations(page)
        found[f"faint alternatives of pictures, {scheme}"] = faint_alternatives(page)
    for width in (*PHONES, *WINDOWS):
        page.set_viewport_size({"width": width, "height": 800})
        found[f"sideways at {width} px"] = sticking_out(page)
        found[f"overlaps at {width} px"] = overlaps(page)
        if width in PHONES:
            found[f"links too small to touch at {width} px"] = small_targets(page)
    return found


def main() -> int:
    """Print what was found; 1 if anything was."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--language", action="append", choices=LANGUAGES)
    languages = parser.parse_args().language or LANGUAGES
    counts: Counter[str] = Counter()
    mails = 0
    with sync_playwright() as playwright:
        browser = launch(playwright)
        page = browser.new_page(viewport={"width": 600, "height": 800})
        for language in languages:
            for sample in every_mail(language):
                mails += 1
                for asked, wrong in look(page, sample.html()).items():
                    counts[asked] += len(wrong)
                    for line in wrong[:3]:
                        print(f"{language}, {sample.name}, {asked}: {line}", file=sys.stderr)
        browser.close()
    print(f"{mails} mails in {', '.join(languages)}")
    for asked, count in counts.items():
        print(f"  {count:6,}  {asked}")
    return 1 if counts.total() else 0


if __name__ == "__main__":
    sys.exit(main())
