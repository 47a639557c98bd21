"""What the preview is asked for: an edition, a reader, and what of it to show."""

from dataclasses import dataclass
from datetime import date
from typing import Annotated
from urllib.parse import urlencode

from fastapi import Depends, Query
from sqlmodel import Session

from digest.config import Newsletter, Settings
from digest.delivery.proof import NOBODY, choice_of, language_of
from digest.editions.calendar import FIRST_DAY, LAST_DAY
from digest.errors import InvalidAddressError
from digest.rendering import Choice
from digest.store.models import Subscriber, Subscription
from digest.subscribers import find_subscription
from digest.subscribers.choices import read_choices, read_profile
from digest.web.preview.readers import only_reader
from digest.web.preview.views import PANES, USUAL, VIEWS


@dataclass(frozen=True)
class Asked:
    """A request, as its address says it; what is empty was left to the program.

    `no_day` is what was written for a date and is none. `subscriber` is an address, or a part of
    what only one subscriber has. Where there is none, `sections` and `language` are those of a
    reader who is made up: no sections are all of them, no language is the newsletter's. `shown` are
    the views and panes; None where nothing was said of them, for none at all can be wanted, too.
    """

    newsletter: str = ""
    day: date | None = None
    no_day: str = ""
    subscriber: str = ""
    sections: tuple[str, ...] = ()
    language: str = ""
    shown: tuple[str, ...] | None = None

    @property
    def views(self) -> tuple[str, ...]:
        """The views and panes to be shown."""
        return USUAL if self.shown is None else self.shown

    @property
    def query(self) -> str:
        """The request as the query of an address."""
        one = {
            "newsletter": self.newsletter,
            "date": self.day.isoformat() if self.day else "",
            "subscriber": self.subscriber,
            "language": self.language,
        }
        shown = () if self.shown is None else self.shown or ("",)
        several = {"section": self.sections, "view": shown}
        return urlencode({k: v for k, v in (one | several).items() if v}, doseq=True)


def _asked(
    *,
    newsletter: str = "",
    day: Annotated[str, Query(alias="date")] = "",
    subscriber: str = "",
    section: Annotated[list[str] | None, Query()] = None,
    language: str = "",
    view: Annotated[list[str] | None, Query()] = None,
) -> Asked:
    shown = None if view is None else tuple(name for name in (*VIEWS, *PANES) if name in view)
    written, subscriber = day.strip(), subscriber.strip()
    read = _read_day(written)
    return Asked(
        newsletter=newsletter,
        day=read,
        no_day="" if read else written,
        subscriber=subscriber,
        sections=() if subscriber else tuple(section or ()),
        language="" if subscriber else language,
        shown=shown,
    )


def _read_day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if FIRST_DAY <= day <= LAST_DAY else None


Wanted = Annotated[Asked, Depends(_asked)]


@dataclass(frozen=True)
class Reader:
    """Who a mail is looked at for; `sections` are chosen paths, None for all."""

    email: str
    choice: Choice
    sections: tuple[str, ...] | None
    language: str | None


def reader_of(session: Session, settings: Settings, newsletter: Newsletter, asked: Asked) -> Reader:
    """The reader who was asked for: a subscriber, or one made up.

    Raises:
        UsageError: there is no such subscriber, section or language, or several fit.
    """
    slug = newsletter.slug
    if asked.subscriber:
        try:
            tie = find_subscription(session, slug, asked.subscriber)
        except InvalidAddressError:
            only = only_reader(session, newsletter, asked.subscriber)
            tie = find_subscription(session, slug, only)
        email = session.get_one(Subscriber, tie.subscriber_id).email
        language = language_of(session, tie)
    else:
        chosen = read_choices(settings, [slug], asked.sections)[slug]
        tie = Subscription(subscriber_id=0, newsletter=slug, sections=chosen)
        email, language = NOBODY, read_profile(language=asked.language).language or None
    sections = None if tie.sections is None else tuple(tie.sections)
    return Reader(email, choice_of(tie), sections, language)
