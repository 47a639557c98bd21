"""The lint: what is wrong with a mail, told before anybody gets it.

Pure: it reads what it is given and fetches nothing.
"""

from digest.rendering.lint.colours import check_colours
from digest.rendering.lint.letter import check_letter, part, read_letter
from digest.rendering.lint.page import read_page
from digest.rendering.lint.plain_text import check_text
from digest.rendering.lint.rules import RULES, Finding, Findings, Rule, Severity
from digest.rendering.lint.structure import check_structure
from digest.rendering.lint.support import check_support

__all__ = ["RULES", "Finding", "Rule", "Severity", "lint_html", "lint_message"]


def lint_html(html: str) -> tuple[Finding, ...]:
    """What is wrong with an HTML part, errors first."""
    found = Findings()
    _check_page(html, found)
    return found.all()


def lint_message(data: bytes, *, bulk: bool = True) -> tuple[Finding, ...]:
    """What is wrong with a whole mail, errors first.

    Args:
        data: the mail as it stands in an `.eml` file.
        bulk: whether it goes to many, as a newsletter does; False for mails that somebody's own
            action asked for, which nobody unsubscribes from.
    """
    found = Findings()
    letter = read_letter(data)
    check_letter(data, letter, found, bulk=bulk)
    images = _check_page(part(letter, "text/html"), found)
    check_text(part(letter, "text/plain"), images, found)
    return found.all()


def _check_page(html: str, found: Findings) -> frozenset[str]:
    """Check the HTML; gives the addresses that are pictures' and no link's."""
    page = read_page(html)
    check_support(page, found)
    check_structure(page, found)
    check_colours(page, found)
    pictures = {image.get("src") or "" for image in page.named("img")}
    return frozenset(pictures - {link.get("href") for link in page.named("a")} - {""})
