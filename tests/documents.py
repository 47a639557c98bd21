"""Editions for tests of rendering, made up and small."""

import zlib
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from digest.rendering import SiteFacts, Templates
from digest.sections import section_key, split_path
from digest.store.document import (
    EditionDocument,
    Heading,
    Image,
    Placement,
    RelatedArticle,
    StoryEntry,
)

OUR_TEMPLATES = Path(__file__).parent.parent / "templates"
TEMPLATES = Templates([OUR_TEMPLATES])
SITE = SiteFacts(
    name="The Morning Courier",
    base_url="https://news.example.org",
    postal_address="1 Example Street, Sofia",
)
CUTOFF = datetime(2026, 3, 3, 5, 0, tzinfo=UTC)
HEADINGS = ("Politics", "World", "Society", "Sports")


def related(title: str, section: str = "World", url: str = "https://news.example.org/r"):
    """An article beside a lead."""
    return RelatedArticle(article=7, title=title, url=url, section=section, published=CUTOFF)


def story(
    headline: str,
    section: str = "World",
    placement: Placement = Placement.STORY,
    also: tuple[str, ...] = (),
    **more,
) -> StoryEntry:
    """A story of `section`, with articles in the sections `also` as well."""
    key = section_key(section)
    values = {
        "position": 0,
        "headline": headline,
        "lead": 1,
        "url": f"https://news.example.org/{zlib.crc32(headline.encode())}",
        "section": section,
        "heading": section_key(split_path(section)[0]),
        "sections": (key, *map(section_key, also)),
        "placement": placement,
        "published": CUTOFF - timedelta(hours=3),
    }
    return StoryEntry.model_validate(values | more)


def edition(*stories: StoryEntry, headings: tuple[str, ...] = HEADINGS, **more) -> EditionDocument:
    """An edition of these stories, in this order."""
    values = {
        "newsletter": "morning",
        "title": "The Morning Courier",
        "date": date(2026, 3, 3),
        "number": 4602,
        "language": "en",
        "timezone": "Europe/Sofia",
        "send_at": "07:00",
        "cutoff": CUTOFF,
        "headings": tuple(Heading(key=section_key(h), path=h, title=h) for h in headings),
        "stories": tuple(
            entry.model_copy(update={"position": n}) for n, entry in enumerate(stories, 1)
        ),
    }
    return EditionDocument.model_validate(values | more)


def ordinary_day(**more) -> EditionDocument:
    """A day as a newspaper has it: three top stories, sections, briefs, pictures, an update."""
    picture = Image(url="https://news.example.org/p/lead.jpg", alt="Hills at dawn")
    small = Image(url="https://news.example.org/p/small.jpg")
    return edition(
        story(
            "Parliament passes the budget after an all-night sitting",
            "Politics",
            Placement.TOP,
            teaser="Members voted 128 to 97 shortly before five in the morning. Schools and "
            "hospitals gain; the fuel levy stays where it was, which two coalition parties had "
            "said they could not accept.",
            image=picture,
            related=(
                related("What changes for households, in six lines", "Politics"),
                related("Coalition partners explain the vote they said they would not cast"),
                related("Markets open higher; bond yields fall by a tenth"),
            ),
        ),
        story(
            "The harbour bridge reopens, two lanes at first",
            "Society",
            Placement.TOP,
            also=("World",),
            teaser="Lorries wait until the weekend; the ferry keeps its summer timetable.",
            image=small,
        ),
        story(
            "A record crowd for the indoor athletics",
            "Sports",
            Placement.TOP,
            teaser="Eleven thousand came, and the sprint final was worth the queue.",
        ),
        story(
            "Ferry operators agree on winter crossings across the strait",
            "World » Europe",
            teaser="Three companies will share one timetable until April, so that islands keep "
            "a daily link in bad weather.",
            image=small,
            related=(related("Fares stay as they were"),),
        ),
        story(
            "Rescue teams reach the last village cut off by the floods",
            "World » Asia",
            updated=CUTOFF - timedelta(hours=1),
            teaser="New since yesterday: the road from the north is open to lorries, and the "
            "school serves as a clinic.",
            related=(related("How the road was cleared"), related("Letters from the valley")),
        ),
        story(
            "Élodie Çelik wins the translation prize for «Северно крайбрежие»", "World » Culture"
        ),
        story("Talks on fishing quotas go into a third day", "World", Placement.BRIEF),
        story("Observatory finds a ring around a distant dwarf planet", "World", Placement.BRIEF),
        story("Rail strike ends; night trains run again from Friday", "World", Placement.BRIEF),
        story(
            "Читалището в Горна Баня отваря отново врати",
            "Society",
            language="bg",
            teaser="След двегодишен ремонт библиотеката посреща читатели от понеделник.",
        ),
        story("Sofia hosts the chess league's last round", "Sports", also=("World",)),
        story("Marathon route avoids the tram works", "Sports", Placement.BRIEF),
        **more,
    )
