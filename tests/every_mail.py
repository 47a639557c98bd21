"""Every mail that the program sends, with ordinary and with awkward data, as pages."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from digest.notices.letter import with_dates
from digest.rehearsal.editions import Masthead, sample_editions
from digest.rehearsal.notices import NOTICES
from digest.rendering.mail import render_mail
from tests.documents import SITE, TEMPLATES
from tests.gallery.mails import EDITIONS, edition_page, page
from tests.notices import COMMON, MAILS, awkward

UTC = ZoneInfo("UTC")


class Sample(NamedTuple):
    """A mail and how it is made: rendering takes its time."""

    name: str
    html: Callable[[], str]


def every_mail(language: str) -> Iterator[Sample]:
    """The editions and notices of the rehearsal, the mails of the gallery, and hostile notices."""
    masthead = Masthead("morning", "The Morning Courier", "Europe/Sofia", language)
    for sample in sample_editions(masthead, ()):
        spoken = sample.document.language
        yield Sample(sample.name, partial(edition_page, sample.document, sample.choice, spoken))
    yield from gallery_mails(language)
    for name, samples in NOTICES.items():
        ordinary, *others = (COMMON | with_dates(facts, UTC) for facts in samples)
        for facts in (*others, awkward(ordinary)):
            yield Sample(f"{name} of other facts", partial(_notice, name, language, facts))


def gallery_mails(language: str) -> Iterator[Sample]:
    """Editions of news in this language, in all the shapes of the gallery, and the notices."""
    for name in (*EDITIONS, *MAILS):
        yield Sample(name, partial(page, name, language))


def _notice(name: str, language: str, facts: dict[str, Any]) -> str:
    return render_mail(TEMPLATES, name, language, SITE, **facts).html
