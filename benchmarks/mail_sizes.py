"""What mails weigh as a server got them, and whether their links lead where they say."""

import random
import re
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial
from pathlib import Path
from typing import NamedTuple

from benchmarks.delivery_scratch import NEWSLETTER
from benchmarks.mail_editions import (
    LONG_MASTHEAD,
    LONG_SECTIONS,
    long_edition,
    typical_editions,
)
from benchmarks.mail_newsroom import Newsroom, Reader, newsroom
from digest.delivery.message import MAX_BYTES
from digest.rendering import RenderedEdition, Spliced, languages, splice
from digest.sections import section_key
from digest.store.document import EditionDocument
from digest.store.models import SubscriptionStatus
from digest.subscribers import find_subscription
from tests.smtp import Received

THIRTY = 60_000
"""The most that a typical edition of thirty stories may weigh."""

_LINK = re.compile(r"https://[^\s\"<>]+")
_LONG_NAME = "Мария-Александра Константинопольская " * 4


class Weight(NamedTuple):
    """A mail in bytes as they were sent, and what it holds.

    `way_out` are the bytes of HTML, decoded, above the first link to unsubscribe.
    """

    whole: int
    html: int
    text: int
    way_out: int
    kept: int
    shed: Counter[str]


def sizes(at_random: int) -> int:
    """Print the table; 1 if a mail is too large, or one of its links does not work."""
    problems: list[str] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        print(f"{'bytes of the mail':<40}{'whole':>9}{'HTML':>9}{'text':>9}{'way out':>9}", end="")
        print("  stories  left out")
        for number, (title, masthead, document) in enumerate(typical_editions()):
            with newsroom(folder / str(number), masthead) as room:
                reader = Reader("ann.reader@readers.example", "Ann Reader")
                [(_, weight)] = sent_and_weighed(room, document, [reader], problems)
                print(_line(title, weight, len(document.stories)))
                limit = THIRTY if len(document.stories) == 30 else MAX_BYTES
                if weight.whole > limit:
                    problems.append(f"{title}: {weight.whole:,} bytes, more than {limit:,}")
        with newsroom(folder / "long", LONG_MASTHEAD) as room:
            _longest(room, at_random, problems)
    print("\n".join(problems) or "every link of every mail was followed, and every reader got away")
    return 1 if problems else 0


def _longest(room: Newsroom, at_random: int, problems: list[str]) -> None:
    """Every reader's mail of 500 long stories: the heaviest in each language, and of them all."""
    document = long_edition()
    readers = list(_worst_choosers(at_random))
    weights: dict[str, list[Weight]] = {}
    for reader, weight in sent_and_weighed(room, document, readers, problems):
        weights.setdefault(reader.language or "", []).append(weight)
        if weight.whole > MAX_BYTES:
            problems.append(f"{reader.sections} in {reader.language}: {weight.whole:,} bytes")
    for language, found in weights.items():
        title = f"{len(document.stories)} long, {language}: of {len(found)} mails"
        print(_line(f"{title} the heaviest", max(found), len(document.stories)))


def _worst_choosers(at_random: int) -> Iterator[Reader]:
    """In each language: all sections, each alone, all in another order, and choices at random."""
    chance = random.Random(7)
    for language in languages():
        choices: list[tuple[str, ...] | None] = [None, LONG_SECTIONS, LONG_SECTIONS[::-1]]
        choices += [(section,) for section in LONG_SECTIONS]
        for _ in range(at_random):
            choices.append(
                tuple(chance.sample(LONG_SECTIONS, chance.randint(1, len(LONG_SECTIONS))))
            )
        for number, sections in enumerate(choices):
            address = f"{language}.{number}.{'a' * 50}@{'readers.' * 20}example"
            yield Reader(address, _LONG_NAME, sections, language)


def sent_and_weighed(
    room: Newsroom, document: EditionDocument, readers: Sequence[Reader], problems: list[str]
) -> Iterator[tuple[Reader, Weight]]:
    """Send the edition, weigh each mail, and follow its links."""
    room.welcome(readers)
    edition, mails = room.deliver(document)
    rendered = RenderedEdition.model_validate(edition.rendered)

    @cache
    def spliced(language: str | None, sections: tuple[str, ...] | None) -> Spliced:
        choice = None if sections is None else tuple(map(section_key, sections))
        return splice(rendered.for_reader(language), choice)

    archive = cache(partial(shows_page, room))
    if len(mails) != len(readers):
        problems.append(f"{len(readers):,} readers, and {len(mails):,} mails")
    for reader in readers:
        mail = mails[reader.email]
        problems += [f"{reader}: {problem}" for problem in dead_ends(room, mail, archive)]
        kept = spliced(reader.language, reader.sections)
        yield reader, _weigh(mail, kept)


def dead_ends(room: Newsroom, mail: Received, shows: Callable[[str], bool]) -> Iterator[str]:
    """What is wrong with a mail's ways out and to the archive, in the head and both parts."""
    leave = _LINK.search(mail.message["List-Unsubscribe"])
    if leave is None or mail.message["List-Unsubscribe-Post"] != "List-Unsubscribe=One-Click":
        yield "nothing to unsubscribe by in the head"
        return
    for part in ("html", "plain"):
        links = set(_LINK.findall(mail.part(part)))
        if leave[0] not in links:
            yield f"no link to unsubscribe in {part}"
        archives = {link for link in links if "/archive/" in link}
        if not archives:
            yield f"no link to the archive in {part}"
        # Everybody's lead to the same pages: each is looked at once.
        yield from (f"{link} leads nowhere" for link in archives if not shows(link))
    if not shows_page(room, leave[0]) or _status(room, mail) != SubscriptionStatus.ACTIVE:
        yield "looking at the page unsubscribes"
    # RFC 8058 section 3.1.
    room.web.post(leave[0], data={"List-Unsubscribe": "One-Click"}).raise_for_status()
    if _status(room, mail) != SubscriptionStatus.UNSUBSCRIBED:
        yield "one click does not unsubscribe"


def shows_page(room: Newsroom, link: str) -> bool:
    """Whether a link leads to a page of the newsroom's."""
    answer = room.web.get(link)
    return answer.status_code == 200 and "</html>" in answer.text


def _status(room: Newsroom, mail: Received) -> str:
    with room.app.store.read() as session:
        return find_subscription(session, NEWSLETTER, mail.recipient).status


def _weigh(mail: Received, spliced: Spliced) -> Weight:
    text, html = (len(part.as_bytes()) for part in mail.message.iter_parts())
    kinds = Counter(re.sub(r" [\d ]*", " ", scope).strip() for scope in spliced.shed)
    way_out = len(mail.part("html").partition("/unsubscribe/")[0].encode())
    return Weight(len(mail.data), html, text, way_out, spliced.stories, kinds)


def _line(title: str, weight: Weight, stories: int) -> str:
    left_out = ", ".join(f"{count} {kind}" for kind, count in weight.shed.items()) or "nothing"
    sizes = f"{weight.whole:>9,}{weight.html:>9,}{weight.text:>9,}{weight.way_out:>9,}"
    return f"{title:<40}{sizes}{weight.kept:>5} of{stories:>4}  {left_out}"
