"""A reader's mail spliced, beside the same mail rendered and inlined for that reader alone.

    python -m benchmarks.rendering [--stories 30] [--language bg] [--readers 1000]

The yardstick, in the same run and for the same readers: Jinja2 and premailer for an edition that
holds only that reader's stories. Both have to come to the same mail, octet by octet. Readers have
sections, a language, an address and a date by chance. To be ready to go a mail is spliced, encoded
and addressed. Sizes are those of both parts in the shorter
transfer encoding, as the standard library writes them.
"""

import argparse
import random
import statistics
import sys
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from html import escape
from string import ascii_letters
from typing import NamedTuple

from digest.bootstrap import shipped
from digest.delivery.message import prepare_choice
from digest.rendering import (
    SiteFacts,
    Slot,
    Spliced,
    Templates,
    fill,
    furniture,
    inline_css,
    languages,
    render_edition,
    splice,
)
from digest.rendering.viewer import home_of
from digest.sections import is_within
from digest.store.document import (
    EditionDocument,
    Heading,
    Image,
    Placement,
    RelatedArticle,
    StoryEntry,
)
from tests.letters import HEAD, READER

SECTIONS = ("Politics", "Business", "World", "Society", "Sports", "Culture")
SITE = SiteFacts("The Morning Courier", "https://news.example.org", "1 Example Street, Sofia")
TEMPLATES = Templates([shipped("templates")])
AT = datetime(2026, 3, 3, 3, tzinfo=UTC)
VALUES = {Slot.TOKEN: "t" * 24, Slot.EMAIL: "ann@example.org", Slot.SINCE: "12 January 2026"}
WORDS = {
    "en": "council harbour bridge winter ferry night budget school teacher river museum railway",
    "bg": "съвет пристанище мост зима ферибот нощ бюджет училище учител река музей железница",
}
READERS = 1_000


def made(stories: int, language: str, chance: random.Random) -> EditionDocument:
    """An edition with three top stories, a picture in every third, a brief in every fourth."""
    words = WORDS[language].split()

    def text(length: int) -> str:
        return " ".join(chance.choices(words, k=length)).capitalize()

    def url(kind: str, number: int) -> str:
        return f"https://news.example.org/2026/03/03/{kind}-of-the-morning-{number}"

    def entry(n: int) -> StoryEntry:
        section = SECTIONS[n % len(SECTIONS)]
        placement = Placement.TOP if n < 3 else Placement.BRIEF if n % 4 == 0 else Placement.STORY
        others = 0 if placement is Placement.BRIEF else chance.choice([0, 0, 1, 2, 3])
        return StoryEntry(
            position=n + 1,
            headline=text(8),
            lead=n,
            url=url("story", n),
            teaser=text(20),
            section=section,
            heading=section.lower(),
            sections=(section.lower(),),
            placement=placement,
            published=AT - timedelta(minutes=n),
            image=Image(url=url("picture", n), alt=text(3)) if n % 3 == 0 else None,
            related=tuple(
                RelatedArticle(
                    article=k, title=text(8), url=url("also", k), section=section, published=AT
                )
                for k in range(others)
            ),
        )

    return EditionDocument(
        newsletter="morning",
        title="The Morning Courier",
        date=date(2026, 3, 3),
        number=4602,
        language=language,
        timezone="Europe/Sofia",
        send_at="07:00",
        cutoff=AT,
        headings=tuple(Heading(key=name.lower(), path=name, title=name) for name in SECTIONS),
        stories=tuple(entry(n) for n in range(stories)),
    )


def transferred(part: str) -> int:
    """Bytes of a part in the shorter of its encodings, with its two or three header fields."""
    sizes = []
    for encoding in ("quoted-printable", "base64"):
        message = EmailMessage(SMTP)
        message.set_content(part, cte=encoding)
        sizes.append(len(message.as_bytes()))
    return min(sizes)


def filled(spliced: Spliced, values: Mapping[Slot, str]) -> tuple[str, str, str]:
    """Subject and both parts for one subscriber."""
    html, text = fill(spliced.html, values, escape), fill(spliced.text, values)
    return spliced.subject, html, text


def in_two_sections(document: EditionDocument) -> EditionDocument:
    """The edition, but that every other story has an article in another section besides."""
    keys = [heading.key for heading in document.headings]
    after = dict(zip(keys, keys[1:] + keys[:1], strict=True))
    stories = tuple(
        entry.model_copy(update={"sections": (entry.heading, after[entry.heading])})
        if number % 2
        else entry
        for number, entry in enumerate(document.stories)
    )
    return document.model_copy(update={"stories": stories})


def whole(document: EditionDocument, choice: tuple[str, ...]) -> EditionDocument:
    """The edition as it would be had there never been more than what this reader chose.

    It has their stories, each belongs where this reader finds it, and sections are in their order.
    """
    keys = [heading.key for heading in document.headings]
    titles = {heading.key: heading.title for heading in document.headings}
    kept = [
        entry for entry in document.stories if any(_within(key, choice) for key in entry.sections)
    ]
    by_rank = (
        entry
        for place in (Placement.TOP, Placement.STORY)
        for entry in kept
        if entry.placement is place
    )
    lead = next(by_rank, None)

    def found(entry: StoryEntry) -> StoryEntry:
        chosen = next(key for key in entry.sections if _within(key, choice))
        home = home_of(chosen, keys)
        if home is None or _within(entry.heading, choice):
            return entry
        if entry is not lead:
            return entry.model_copy(update={"heading": keys[home]})
        # The label above a lead is its own article's, wherever the reader finds it.
        label = titles.get(entry.heading, entry.section)
        return entry.model_copy(update={"heading": "", "section": label, "sections": (keys[home],)})

    def place(heading: Heading) -> int:
        near = (n for n, key in enumerate(choice) if _near(key, heading.key))
        return next(near, len(choice))

    headings = tuple(sorted(document.headings, key=place))
    return document.model_copy(update={"headings": headings, "stories": tuple(map(found, kept))})


def _near(key: str, other: str) -> bool:
    return is_within(key, other) or is_within(other, key)


def _within(key: str, choice: tuple[str, ...]) -> bool:
    return any(is_within(key, chosen) for chosen in choice)


class Reader(NamedTuple):
    """What tells a reader's mail from others'."""

    choice: tuple[str, ...]
    language: str
    values: dict[Slot, str]


def readers(count: int, chance: random.Random) -> Iterator[Reader]:
    """Readers by chance."""
    for _ in range(count):
        sections = chance.sample(SECTIONS, chance.randint(1, len(SECTIONS)))
        language = chance.choice(languages())
        day = date(2026, 1, 1) + timedelta(days=chance.randrange(60))
        yield Reader(
            tuple(name.lower() for name in sections),
            language,
            {
                Slot.TOKEN: "".join(chance.choices(ascii_letters, k=24)),
                Slot.EMAIL: f"{chance.choice(WORDS['en'].split())}@example.org",
                Slot.SINCE: furniture(language).long_date(day),
            },
        )


def main() -> int:
    """Print sizes, costs and their ratio; 1 if a reader's mail is another than the yardstick's."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stories", type=int, default=30)
    parser.add_argument("--language", choices=sorted(WORDS), default="en")
    parser.add_argument("--readers", type=int, default=READERS)
    asked = parser.parse_args()
    chance = random.Random(7)
    document = in_two_sections(made(asked.stories, asked.language, chance))
    inlined: list[str] = []

    def counting(page: str) -> str:
        inlined.append(page)
        return inline_css(page)

    render_edition(document, SITE, TEMPLATES)  # parses the templates and loads premailer
    started = time.perf_counter()
    rendered = {
        language: render_edition(document, SITE, TEMPLATES, counting, language=language)
        for language in languages()
    }
    once = (time.perf_counter() - started) / len(rendered)

    spliced_us, whole_us, ready_us, same = [], [], [], 0
    for reader in readers(asked.readers, chance):
        started = time.perf_counter()
        theirs = filled(splice(rendered[reader.language], reader.choice), reader.values)
        spliced_us.append((time.perf_counter() - started) * 1e6)
        started = time.perf_counter()
        _, mail = prepare_choice(HEAD, rendered[reader.language], reader.choice)
        mail.personalise(READER, AT)
        ready_us.append((time.perf_counter() - started) * 1e6)
        started = time.perf_counter()
        alone = render_edition(
            whole(document, reader.choice), SITE, TEMPLATES, language=reader.language
        )
        same += theirs == filled(splice(alone, None), reader.values)
        whole_us.append((time.perf_counter() - started) * 1e6)

    _, html, text = filled(splice(rendered[asked.language], None), VALUES)
    splice_us, alone_us = statistics.median(spliced_us), statistics.median(whole_us)
    print(f"{asked.stories} stories, {asked.language}")
    print(f"HTML {transferred(html):,} bytes, text {transferred(text):,} bytes in transfer")
    print(f"premailer called  {len(inlined):10,}      times for {len(rendered)} languages")
    print(f"rendered once     {once * 1e6:10,.0f} µs   a language")
    print(f"spliced           {splice_us:10,.0f} µs   a reader, median of {asked.readers:,}")
    ready = statistics.median(ready_us)
    print(f"made ready to go  {ready:10,.0f} µs   a reader whose choice no other has, median")
    print(f"rendered alone    {alone_us:10,.0f} µs   a reader, median of {asked.readers:,}")
    print(f"ratio             {alone_us / splice_us:10,.0f}")
    print(f"the same mail     {same:10,}      of {asked.readers:,}")
    return 0 if same == asked.readers and len(inlined) == len(rendered) else 1


if __name__ == "__main__":
    sys.exit(main())
