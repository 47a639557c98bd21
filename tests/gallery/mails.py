"""Every mail of the gallery as a page: an edition in some shape, or a notice to the desk."""

from collections.abc import Callable
from html import escape

from digest.config import Logo, Theme
from digest.config_face import Dark, Light
from digest.rendering import Choice, SiteFacts, Slot, fill, furniture, render_edition, splice
from digest.rendering.mail import render_mail
from digest.sections import section_key
from digest.store.document import EditionDocument
from tests.documents import CUTOFF, SITE, TEMPLATES, edition, story
from tests.gallery.newsroom import newsroom
from tests.notices import COMMON, MAILS

OURS = Theme()
MERIDIAN = Theme(
    width=600,
    headline_fonts=("Trebuchet MS", "Arial", "sans-serif"),
    text_fonts=("Georgia", "serif"),
    light=Light(
        ground="#e4ebe6",
        paper="#ffffff",
        ink="#10231a",
        soft="#4c6157",
        rule="#c3d2c9",
        wash="#eef4f0",
        accent="#0b5d3b",
    ),
    dark=Dark(
        ground="#07120d",
        paper="#0f1e17",
        ink="#e7f0ea",
        soft="#a3b8ac",
        rule="#2a3f34",
        wash="#16291f",
        accent="#7fd6a8",
    ),
    logo=Logo(url=f"{SITE.base_url}/p/logo.png", width=320, alt="The Meridian"),
)
"""A publisher's own."""

_LONG = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"


def page(mail: str, language: str) -> str:
    """The HTML part of one of `EDITIONS` or of a notice."""
    if mail in EDITIONS:
        return EDITIONS[mail](language)
    document, site = newsroom(language)
    facts = COMMON | MAILS[mail] | {"newsletter": document.title}
    return render_mail(TEMPLATES, mail, language, site, **facts).html


def edition_page(
    document: EditionDocument,
    choice: Choice = None,
    language: str = "",
    site: SiteFacts = SITE,
    theme: Theme = OURS,
) -> str:
    """An edition as somebody with this choice of sections and this language gets it."""
    spoken = language or document.language
    rendered = render_edition(document, site, TEMPLATES, theme=theme, language=spoken)
    values = {
        Slot.TOKEN: "abc",
        Slot.EMAIL: "ann@example.org",
        Slot.SINCE: furniture(spoken).long_date(CUTOFF.date().replace(month=1, day=12)),
    }
    return fill(splice(rendered, choice).html, values, escape)


def _whole(language: str) -> str:
    document, site = newsroom(language)
    return edition_page(document, site=site)


def _one_section(language: str) -> str:
    document, site = newsroom(language)
    return edition_page(document, (document.headings[2].key,), site=site)


def _foreign_furniture(language: str) -> str:
    document, site = newsroom("en")
    return edition_page(document, (section_key("World"),), language, site)


def _one_story(language: str) -> str:
    document, site = newsroom(language)
    only = document.model_copy(update={"stories": document.stories[:1], "panels": ()})
    return edition_page(only, site=site)


def _quiet(language: str) -> str:
    """Headlines and hardly more."""
    document, site = newsroom(language)
    gone = {"teaser": "", "image": None, "related": ()}
    few = [entry.model_copy(update=gone) for entry in document.stories[2:6]]
    quiet = {"stories": tuple(few), "panels": (), "strapline": ""}
    return edition_page(document.model_copy(update=quiet), site=site)


def _bare(language: str) -> str:
    """A full day on which no feed sent teasers or pictures."""
    document, site = newsroom(language)
    gone = {"teaser": "", "image": None}
    stories = tuple(entry.model_copy(update=gone) for entry in document.stories)
    return edition_page(document.model_copy(update={"stories": stories}), site=site)


def _long_words(language: str) -> str:
    document, site = newsroom(language)
    stories = tuple(
        entry.model_copy(update={"headline": _LONG, "teaser": f"{_LONG} {entry.teaser}"})
        for entry in document.stories
    )
    return edition_page(document.model_copy(update={"stories": stories}), site=site)


def _shortened(language: str) -> str:
    """A day with so much news that a mail holds but a part of it."""
    _, site = newsroom(language)
    teaser = "Nobody had seen the like since the flood, and few would have believed it. " * 5
    stories = (story(f"Item {n} of a day that would not end", teaser=teaser) for n in range(200))
    return edition_page(edition(*stories), site=site)


def _meridian(language: str) -> str:
    document, _ = newsroom(language)
    told = document.model_copy(update={"title": "The Meridian", "strapline": "News from the south"})
    site = SiteFacts("The Meridian", SITE.base_url, "12 Canal Walk, Southport")
    return edition_page(told, site=site, theme=MERIDIAN)


EDITIONS: dict[str, Callable[[str], str]] = {
    "edition": _whole,
    "one-section": _one_section,
    "foreign-furniture": _foreign_furniture,
    "one-story": _one_story,
    "quiet-day": _quiet,
    "bare": _bare,
    "long-words": _long_words,
    "shortened": _shortened,
    "meridian": _meridian,
}
"""By name: what makes the page, in a language."""
