"""A morning of invented news in each language, so that pictures show mails as readers get them."""

import tomllib
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from digest.rendering import SiteFacts
from digest.sections import split_path
from digest.store.document import EditionDocument, Figure, Image, Panel, Placement, StoryEntry
from tests.documents import CUTOFF, SITE, edition, related, story

_FOLDER = Path(__file__).parent / "newsrooms"
PICTURES = f"{SITE.base_url}/p/"
"""Where the stories' pictures lie; `scenes/` has one of each name."""


class Newsroom(NamedTuple):
    """An edition, and the publisher that it is of."""

    document: EditionDocument
    site: SiteFacts


@cache
def newsroom(language: str) -> Newsroom:
    """The morning's edition in a language, with everything in it in that language."""
    told = tomllib.loads((_FOLDER / f"{language}.toml").read_text(encoding="utf-8"))
    document = edition(
        *(_story(entry) for entry in told["stories"]),
        headings=tuple(told["sections"]),
        language=language,
        title=told["title"],
        strapline=told["strapline"],
        panels=_panels(told.get("figures", [])),
    )
    return Newsroom(document, SiteFacts(told["publisher"], SITE.base_url, told["address"]))


def _story(told: dict[str, Any]) -> StoryEntry:
    section = told["section"]
    beside = (related(title, split_path(section)[0]) for title in told.get("related", ()))
    return story(
        told["headline"],
        section,
        Placement(told.get("place", Placement.STORY)),
        teaser=told.get("teaser", ""),
        image=_image(told),
        published=CUTOFF - timedelta(hours=told.get("hours", 6)),
        updated=CUTOFF - timedelta(minutes=50) if told.get("updated") else None,
        language=told.get("language", ""),
        mark=told.get("mark", ""),
        related=tuple(beside),
    )


def _image(told: dict[str, Any]) -> Image | None:
    if "picture" not in told:
        return None
    url = f"{PICTURES}{told['picture']}.jpg"
    return Image(url=url, alt=told.get("alt", ""), caption=told.get("caption", ""))


def _panels(figures: list[list[str]]) -> tuple[Panel, ...]:
    shown = tuple(Figure(label=label, value=value) for label, value in figures)
    return (Panel(name="morning", figures=shown),) if shown else ()
