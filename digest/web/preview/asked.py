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
from digest.rendering import Choice
from digest.store.models import Subscriber, Subscription
from digest.subscribers import find_subscription
from digest.subscribers.choices import read_choices, read_profile
from digest.web.preview.views import PANES, USUAL, VIEWS


@dataclass(frozen=True)
class Asked:
    """A request, as its address says it; what is empty was left to the program.

    `subscriber` is an address. Where there is none, `sections` and `language` are those of a reader
    who is made up: no sections are all of them, no language is the newsletter's.
    """

    newsletter: str = ""
    day: date | None = None
    subscriber: str = ""
    sections: tuple[str, ...] = ()
    language: str = ""
    shown: tuple[str, ...] = ()

    @property
    def views(self) -> tuple[str, ...]:
        """The views and panes to be shown."""
        return self.shown or USUAL

    @property
    def query(self) -> str:
        """The request as the query of an address."""
        one = {
            "newsletter": self.newsletter,
            "date": self.day.isoformat() if self.day else "",
            "subscriber": self.subscriber,
            "language": self.language,
        }
        several = {"section": self.sections, "view": self.shown}
        return urlencode({k: v for k, v in (one | several).items() if v}, doseq=True)


def _asked(
    *,
    newsletter: str = "",
    day: Annotated[date | None, Query(alias="date", ge=FIRST_DAY, le=LAST_DAY)] = None,
    subscriber: str = "",
    section: Annotated[list[str] | None, Query()] = None,
    language: str = "",
    view: Annotated[list[str] | None, Query()] = None,
) -> Asked:
    known = [name for name in (*VIEWS, *PANES) if name in (view or ())]
    subscriber = subscriber.strip()
    return Asked(
        newsletter=newsletter,
        day=day,
        subscriber=subscriber,
        sections=() if subscriber else tuple(section or ()),
        language="" if subscriber else language,
        shown=tuple(known),
    )


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
        UsageError: there is no such subscriber, section or language.
    """
    slug = newsletter.slug
    if asked.subscriber:
        tie = find_subscription(session, slug, asked.subscriber)
        email = session.get_one(Subscriber, tie.subscriber_id).email
        language = language_of(session, tie)
    else:
        chosen = read_choices(settings, [slug], asked.sections)[slug]
        tie = Subscription(subscriber_id=0, newsletter=slug, sections=chosen)
        email, language = NOBODY, read_profile(language=asked.language).language or None
    sections = None if tie.sections is None else tuple(tie.sections)
    return Reader(email, choice_of(tie), sections, language)
