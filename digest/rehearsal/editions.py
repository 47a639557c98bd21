"""Editions to rehearse with: an ordinary day, and days on which everything is awkward."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

from digest.rendering import Choice
from digest.sections import section_key, split_path
from digest.store.document import (
    EditionDocument,
    Figure,
    Heading,
    Image,
    Panel,
    Placement,
    RelatedArticle,
    StoryEntry,
)

_CUTOFF = datetime(2026, 3, 3, 5, 0, tzinfo=UTC)
_SECTIONS = ("Politics", "World", "Society", "Sports")
_MANY = 500
RIGHT_TO_LEFT = "ar"
"""A language that is written from right to left."""
_LONG = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"
_HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{ link.unsubscribe }} {% raw %} %s ${x}",
    "</td></table></body></html><!--",
    "]]> --> &amp;lt; &#13;&#10;",
    "\u202eturned round\u2066 e\u0301 \ufeff",
    "a\r\nBcc: victim@example.com",
    "=?utf-8?q?x=0D=0ABcc:_victim@example.com?=",
    "nul\x00 and other controls \x07\x1b[31m",
)


class Sample(NamedTuple):
    """An edition to rehearse with, and what its reader chose."""

    name: str
    document: EditionDocument
    choice: Choice = None


class Masthead(NamedTuple):
    """What the newsletter gives its editions."""

    newsletter: str
    title: str
    timezone: str
    language: str


def sample_editions(masthead: Masthead, languages: tuple[str, ...]) -> Iterator[Sample]:
    """Every edition that a newsletter's templates should stand, with its furniture in `languages`.

    They are made up, and the same each time.
    """
    ordinary = _edition(masthead, _day(_words))
    yield Sample("an ordinary day", ordinary)
    yield Sample(f"{_MANY} stories", _edition(masthead, _day(_words, _MANY)))
    yield Sample("one section of it", ordinary, (section_key(_SECTIONS[1]),))
    for language in languages:
        document = _edition(masthead._replace(language=language), _day(_words))
        yield Sample(f"its furniture in {language}", document)
    yield Sample("long words", _edition(masthead, _day(_long_words)))
    yield Sample("Arabic", _edition(masthead._replace(language=RIGHT_TO_LEFT), _day(_arabic)))
    yield Sample("Chinese", _edition(masthead._replace(language="zh"), _day(_chinese)))
    yield Sample("hostile texts", _edition(masthead, _day(_hostile)))
    bare = [entry.model_copy(update={"image": None}) for entry in ordinary.stories]
    yield Sample("no pictures", _edition(masthead, bare))
    short = [entry.model_copy(update={"teaser": "", "related": ()}) for entry in ordinary.stories]
    yield Sample("no teasers", _edition(masthead, short))
    yield Sample("one story", _edition(masthead, ordinary.stories[:1]))
    yield Sample("a headline alone", _edition(masthead, [_bare_story()]))


Write = Callable[[int, int], str]
"""Makes the text with a number, of about so many words."""


def _edition(masthead: Masthead, stories: Any) -> EditionDocument:
    return EditionDocument(
        newsletter=masthead.newsletter,
        title=masthead.title,
        strapline="What happened, and what it means",
        date=date(2026, 3, 3),
        number=4602,
        language=masthead.language,
        timezone=masthead.timezone,
        send_at="07:00",
        cutoff=_CUTOFF,
        panels=(
            Panel(
                name="weather",
                title="Weather",
                figures=(
                    Figure(label="Harbour", value="4° / 11°"),
                    Figure(label="Hills", value="-2° / 6°", url="https://www.example.org/w"),
                ),
            ),
        ),
        headings=tuple(Heading(key=section_key(s), path=s, title=s) for s in _SECTIONS),
        stories=tuple(
            entry.model_copy(update={"position": position})
            for position, entry in enumerate(stories, 1)
        ),
    )


def _day(write: Write, length: int = 16) -> list[StoryEntry]:
    """Stories of every placement, with and without what a story may have."""
    return [_story(write, number, length) for number in range(length)]


def _story(write: Write, number: int, length: int) -> StoryEntry:
    section = _SECTIONS[number % len(_SECTIONS)]
    placement = Placement.TOP if number < 3 else Placement.STORY  # noqa: PLR2004 - as newspapers have
    if number >= length * 3 // 4:
        placement = Placement.BRIEF
    return StoryEntry(
        position=number + 1,
        headline=write(number, 9),
        lead=number + 1,
        url=f"https://www.example.org/{number}?a=b&c=d",
        teaser=write(number + 1, 30) if number % 5 else "",
        section=f"{section} » {write(number, 1)}" if number % 4 == 1 else section,
        heading=section_key(split_path(section)[0]),
        sections=(section_key(section),),
        placement=placement,
        published=_CUTOFF - timedelta(hours=3 + number % 50),
        updated=_CUTOFF - timedelta(hours=1) if number % 7 == 1 else None,
        language="bg" if number % 6 == 5 else "",  # noqa: PLR2004 - every so often
        image=_image(write, number) if number % 3 == 0 else None,
        related=tuple(_related(write, number, n) for n in range(number % 4)),
        correction=write(number + 2, 12) if number % 8 == 3 else "",  # noqa: PLR2004 - as above
    )


def _image(write: Write, number: int) -> Image:
    told = number % 2 == 0
    return Image(
        url=f"https://www.example.org/{number}.jpg",
        alt=write(number, 4) if told else "",
        caption=write(number, 8) if told else "",
    )


def _related(write: Write, number: int, place: int) -> RelatedArticle:
    return RelatedArticle(
        article=1000 + number,
        title=write(number + place + 1, 8),
        url=f"https://www.example.org/{number}/{place}" if place else "",
        section=_SECTIONS[0],
        published=_CUTOFF,
        mark="update" if place == 1 else "",
        correction=write(number, 10) if place == 2 else "",  # noqa: PLR2004 - the third
    )


def _bare_story() -> StoryEntry:
    """A story of which nothing is known but its headline."""
    story = _story(_words, 3, 16)
    gone = {"url": "", "teaser": "", "image": None, "related": (), "correction": ""}
    return story.model_copy(update=gone)


def _from(vocabulary: str, joint: str = " ") -> Write:
    words = vocabulary.split()
    return lambda number, length: joint.join(
        words[(number * 7 + place) % len(words)] for place in range(length)
    )


_words = _from(
    "Parliament passes the budget after a long night and harbour towns wait for ferries that keep "
    "their winter timetable while schools reopen, lorries cross the bridge and athletes run"
)
_arabic = _from("مجلس الميزانية مدرسة جسر عبّارة شتاء ليلة تصويت ميناء بلدة")
_chinese = _from("議会 予算 学校 橋 渡し船 冬 夜 投票。", "")


def _long_words(number: int, length: int) -> str:
    return f"{_words(number, length // 2)} {_LONG * (1 + number % 3)}"


def _hostile(number: int, length: int) -> str:
    return f"{_words(number, length)} {_HOSTILE[number % len(_HOSTILE)]}"
