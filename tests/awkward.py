"""Titles, names and addresses that would like to be more than they are, drawn by chance."""

import random
from collections.abc import Iterator
from datetime import timedelta
from typing import NamedTuple

from digest.store.document import EditionDocument, Image, Placement, StoryEntry
from tests.documents import CUTOFF, edition, related, story

HOSTILE = (
    "x\r\nBcc: victim@example.com",
    "x\n\nbody\n.\nRCPT TO:<victim@example.com>",
    "\r\n.\r\nMAIL FROM:<victim@example.com>",
    ".\n..\n.x",
    ". begins with a dot",
    "=?utf-8?q?x=0D=0ABcc:_victim@example.com?=",
    "=?utf-8?b?eA0KQmNjOiB2aWN0aW1AZXhhbXBsZS5jb20=?= =?x",
    "--=_digest--\r\nContent-Type: text/html\r\n\r\n<script>",
    "=3D=\r\n=0A=",
    "quotes \" and ' and \\ backslash\\",
    "a, b <c@example.com>; (comment",
    "</td></table></body></html><!--",
    "From the first to the last \t ",
    "x" * 1200,
    "п" * 700,
    "\u2028Bcc: victim@example.com\x85\u2029",
    "\u202eturned round\u2066\ufeff",
    "👩‍👩‍👧‍👦🏴󠁧󠁢󠁥󠁮󠁧󠁿 e\u0301",
    "&amp;lt; &#13;&#10; %0d%0a",
)
"""Texts that a careless program makes a header, a part or a command of."""
NUL = "nul\x00 and other controls \x07\x1b[31m\x7f"
"""Which a frozen edition can hold, and a column of PostgreSQL cannot."""
TITLES = (
    'The "Morning", Courier; <desk@example.com> (daily)',
    "=?utf-8?q?x=0D=0ABcc:_victim@example.com?= News",
    "صباح الخير، صوفيا",
    "朝刊ソフィア 🌅",
    "Утринен вестник на общината " * 7 + "и",
)
"""Of newsletters; their settings hold back line breaks."""
_WORDS = {
    "Politics": "council budget school bridge, ferry; winter (night) vote = 3.5 %",
    "World": "مجلس الميزانية مدرسة جسر عبّارة شتاء ليلة تصويت",
    "World » Asia": "議会 予算 学校 橋 渡し船 冬 夜 投票。",
    "Society": "съвет бюджет училище мост ферибот зима нощ гласуване",
    "Sports": "match 🏆 final ⚽ goal café naïve Čelik",
}
"""Words of each section: what is chosen decides the transfer encoding."""
SECTIONS = tuple(_WORDS)
_STORIES = 10
_DOMAINS = {
    "example.org": "example.org",
    "Sub.Example.COM": "Sub.Example.COM",
    "bücher.example.com": "xn--bcher-kva.example.com",
    "пример.бг": "xn--e1afmkfd.xn--90ae",
    "مثال.example.org": "xn--mgbh0fb.example.org",
}
"""As readers write them and as the wire carries them."""
_PLAIN = ("reader.{}", "READER{}", "o'brien+{}", "a&b=c?{}", "{{{}}}|~`", "x" * 56 + "{}")
_BEYOND_ASCII = ("иван.{}", "用户{}", "محمد{}", "josé-{}")


class Person(NamedTuple):
    """A reader; `wire` is their address as servers see it, `sections` are None for all."""

    email: str
    wire: str
    name: str
    sections: list[str] | None


def people(numbers: range, chance: random.Random) -> Iterator[Person]:
    """Readers with addresses that no two share."""
    for number in numbers:
        domain, label = chance.choice(list(_DOMAINS.items()))
        # Only an address of ASCII letters keeps its capitals.
        local = chance.choice(_PLAIN if number % 4 else _BEYOND_ASCII).format(number)
        if not local.isascii():
            label = label.lower()
        chosen = chance.sample(SECTIONS, chance.randint(1, len(SECTIONS)))
        # Of many lengths, so that heads are folded at every place.
        name = chance.choice(("", "Ада Б.", *HOSTILE)) + f" {number}" * chance.randint(0, 3)
        yield Person(f"{local}@{domain}", f"{local}@{label}", name, chance.choice((None, chosen)))


def awkward_edition(newsletter: str, title: str, chance: random.Random) -> EditionDocument:
    """An edition in which every section has stories, and most texts are hostile."""
    return edition(
        *(_story(number, chance) for number in range(_STORIES)),
        headings=("Politics", "World", "Society", "Sports"),
        newsletter=newsletter,
        title=title,
        language=chance.choice(("en", "bg", "ar", "ja")),
    )


def _story(number: int, chance: random.Random) -> StoryEntry:
    section = SECTIONS[number % len(SECTIONS)]
    placement = Placement.TOP if number < 3 else chance.choice(list(Placement))
    url = f"https://news.example.org/{number}?a=b&c=%0d%0a"
    return story(
        f"{number} {_text(section, 6, chance)}",
        section,
        placement,
        url=url,
        teaser=_text(section, 25, chance),
        image=Image(url=f"{url}.jpg", alt=_text(section, 3, chance)),
        updated=CUTOFF - timedelta(hours=1) if number % 3 else None,
        related=[related(_text(section, 5, chance), section) for _ in range(number % 3)],
    )


def _text(section: str, length: int, chance: random.Random) -> str:
    words = chance.choices(_WORDS[section].split(), k=length)
    words.insert(chance.randint(0, length), chance.choice(("", NUL, *HOSTILE)))
    return " ".join(words)
