"""What a reader's mail costs when spliced, beside rendering and inlining it for that reader alone.

    python -m benchmarks.rendering [--stories N] [--language bg]

The yardstick, in the same run: Jinja2 and premailer for an edition that holds only that reader's
stories. Sizes are those of both parts in the shorter transfer encoding, as the standard library
writes them.
"""

import argparse
import random
import statistics
import time
from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from html import escape

from digest.bootstrap import shipped
from digest.rendering import SiteFacts, Slot, Spliced, Templates, fill, render_edition, splice
from digest.store.document import (
    EditionDocument,
    Heading,
    Image,
    Placement,
    RelatedArticle,
    StoryEntry,
)

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
ALONE = 20


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


def filled(spliced: Spliced) -> tuple[str, str]:
    """Both parts for one subscriber."""
    return fill(spliced.html, VALUES, escape), fill(spliced.text, VALUES)


def main() -> None:
    """Print sizes and the ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stories", type=int, default=30)
    parser.add_argument("--language", choices=sorted(WORDS), default="en")
    asked = parser.parse_args()
    chance = random.Random(7)
    document = made(asked.stories, asked.language, chance)
    choices = [
        frozenset(name.lower() for name in chance.sample(SECTIONS, chance.randint(1, 6)))
        for _ in range(READERS)
    ]

    render_edition(document, SITE, TEMPLATES)  # parses the templates and loads premailer
    started = time.perf_counter()
    rendered = render_edition(document, SITE, TEMPLATES)
    once = time.perf_counter() - started

    spliced_us = []
    for choice in choices:
        started = time.perf_counter()
        filled(splice(rendered, choice))
        spliced_us.append((time.perf_counter() - started) * 1e6)

    alone_us = []
    for choice in choices[:ALONE]:
        theirs = tuple(entry for entry in document.stories if entry.heading in choice)
        started = time.perf_counter()
        filled(
            splice(
                render_edition(document.model_copy(update={"stories": theirs}), SITE, TEMPLATES),
                None,
            )
        )
        alone_us.append((time.perf_counter() - started) * 1e6)

    html, text = filled(splice(rendered, None))
    splice_us, whole_us = statistics.median(spliced_us), statistics.median(alone_us)
    print(f"{asked.stories} stories, {asked.language}")
    print(f"HTML {transferred(html):,} bytes, text {transferred(text):,} bytes in transfer")
    print(f"rendered once     {once * 1e6:10,.0f} µs")
    print(f"spliced, a choice {splice_us:10,.0f} µs   median of {READERS:,}")
    print(f"rendered alone    {whole_us:10,.0f} µs   median of {ALONE}")
    print(f"ratio             {whole_us / splice_us:10,.0f}")


if __name__ == "__main__":
    main()
