"""Takes the pictures of `docs/gallery/`: `python -m tests.gallery [FOLDER]`, or `make gallery`.

No page asks another server for anything: stories' pictures are the drawings in `scenes/`.
"""

import re
import sys
from pathlib import Path

from playwright.sync_api import Browser, ViewportSize, sync_playwright

from tests.browsers import launch
from tests.gallery.mails import page as page_of
from tests.gallery.shots import DARK, GROUPS, INVERTED, Group, Shot
from tests.mail_page import show

GALLERY = Path(__file__).parent.parent.parent / "docs" / "gallery"
_TALLEST = 940
"""Pixels of a picture; the mail may go on."""
_HEAD = """# The gallery

Every mail that the program sends, in a real browser, with made-up news; of long mails a part is
shown. `make gallery` takes the pictures anew, with the fonts that the machine has: here
Liberation Serif stands for Georgia, and Arabic and Chinese are in Noto (Debian: `fonts-noto-core`,
`fonts-noto-cjk`)."""
# What programs that turn mails over do not heed.
_STYLES = re.compile(r'<style[^>]*>.*?</style>|<meta name="[a-z-]*color-schemes?"[^>]*>', re.DOTALL)


def take(browser: Browser, shot: Shot, folder: Path) -> Path:
    """Take one picture into a folder."""
    context = browser.new_context(
        viewport=ViewportSize(width=shot.width, height=800),
        color_scheme="dark" if shot.look == DARK else "light",
    )
    page = context.new_page()
    html = page_of(shot.mail, shot.language)
    if shot.look == INVERTED:
        html = _STYLES.sub("", html)
        session = context.new_cdp_session(page)
        session.send("Emulation.setAutoDarkModeOverride", {"enabled": True})
    show(page, html, images=shot.images)
    tall: int = page.evaluate("document.documentElement.scrollHeight")
    page.set_viewport_size({"width": shot.width, "height": min(tall, _TALLEST)})
    if shot.end:
        page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
    path = folder / f"{shot.name}.png"
    page.screenshot(path=path)
    context.close()
    return path


def listing(groups: tuple[Group, ...]) -> str:
    """The page that shows the pictures."""
    lines = [_HEAD]
    for group in groups:
        lines += ["", f"## {group.title}", ""]
        for shot in group.shots:
            lines += [f"{shot.says}:", "", f"![{shot.says}]({shot.name}.png)", ""]
    return "\n".join(lines).rstrip() + "\n"


def main(arguments: list[str]) -> None:
    """Take them all."""
    folder = Path(arguments[0]) if arguments else GALLERY
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.png"):
        old.unlink()
    with sync_playwright() as playwright:
        browser = launch(playwright)
        taken = [take(browser, shot, folder) for group in GROUPS for shot in group.shots]
        browser.close()
    (folder / "README.md").write_text(listing(GROUPS), encoding="utf-8")
    size = sum(path.stat().st_size for path in taken)
    print(f"{len(taken)} pictures in {folder}: {size:,} bytes")  # noqa: T201 - the answer


if __name__ == "__main__":
    main(sys.argv[1:])
