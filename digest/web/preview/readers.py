"""Finding readers and days: what the preview offers to choose from."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, func
from sqlmodel import Session, and_, col, or_, select

from digest.config import Newsletter, Settings
from digest.errors import UsageError
from digest.store.models import Edition, Subscriber, Subscription
from digest.text import one_line

_FOUND = 12


@dataclass(frozen=True)
class Day:
    """A day with an edition, and that edition's status."""

    date: date
    status: str


@dataclass(frozen=True)
class Days:
    """Where one can go from a day: the editions before and after, and today."""

    before: Day | None
    after: Day | None
    today: date
    recent: tuple[Day, ...]


@dataclass(frozen=True)
class Found:
    """A reader who fits what was typed."""

    email: str
    name: str
    sections: str


def days_around(session: Session, newsletter: Newsletter, day: date, today: date) -> Days:
    """The editions before and after a day, and the latest ones."""
    mine = select(col(Edition.date), col(Edition.status)).where(
        Edition.newsletter == newsletter.slug
    )
    earlier = mine.where(Edition.date < day).order_by(col(Edition.date).desc())
    later = mine.where(Edition.date > day).order_by(col(Edition.date))
    latest = mine.order_by(col(Edition.date).desc()).limit(_FOUND)
    before, after = session.exec(earlier).first(), session.exec(later).first()
    return Days(
        before=Day(*before) if before else None,
        after=Day(*after) if after else None,
        today=today,
        recent=tuple(Day(*row) for row in session.exec(latest)),
    )


def find_readers(session: Session, newsletter: Newsletter, typed: str) -> list[Found]:
    """Readers of a newsletter whose address or name holds what was typed, the first dozen."""
    query = (
        select(col(Subscriber.email), col(Subscriber.name), col(Subscription.sections))
        .join(Subscription, col(Subscription.subscriber_id) == Subscriber.id)
        .where(_fits(newsletter, typed))
        .order_by(col(Subscriber.key))
        .limit(_FOUND)
    )
    return [
        Found(email, name, ", ".join(chosen) if chosen else "all sections")
        for email, name, chosen in session.exec(query)
    ]


def only_reader(session: Session, newsletter: Newsletter, typed: str) -> str:
    """The address of the one reader of a newsletter who fits what was typed.

    Raises:
        UsageError: nobody fits, or several do; it names up to a dozen of them.
    """
    found = find_readers(session, newsletter, typed)
    if len(found) == 1:
        return found[0].email
    what = f'"{one_line(typed, 100)}"'
    if not found:
        raise UsageError(detail=f"No subscriber fits {what}: write a part of an address or name")
    count = select(func.count()).select_from(Subscription).join(Subscriber)
    fitting = session.exec(count.where(_fits(newsletter, typed))).one()
    names = [f"{one.email} ({one.name})" if one.name else one.email for one in found]
    more = f" and {fitting - len(found):,} more" if fitting > len(found) else ""
    raise UsageError(detail=f"{fitting:,} subscribers fit {what}: {', '.join(names)}{more}")


def _fits(newsletter: Newsletter, typed: str) -> ColumnElement[bool]:
    """The condition on subscriptions, with their subscribers, that fit what was typed."""
    mine = col(Subscription.newsletter) == newsletter.slug
    text = typed.strip().casefold()
    if not text:
        return mine
    # SQLite knows capitals in ASCII only: other names are looked for as people write them, too.
    spellings = {text, typed.strip(), text.title(), text.upper()}
    holds = or_(
        col(Subscriber.key).contains(text, autoescape=True),
        func.lower(col(Subscriber.name)).contains(text, autoescape=True),
        *(col(Subscriber.name).contains(spelt, autoescape=True) for spelt in sorted(spellings)),
    )
    return and_(mine, holds)


@dataclass(frozen=True)
class Box:
    """A section that a made-up reader may choose."""

    path: str
    title: str
    chosen: bool


def boxes(settings: Settings, newsletter: Newsletter, chosen: tuple[str, ...]) -> list[Box]:
    """The newsletter's sections in its order."""
    declared = settings.declared_sections()
    own = [declared[key] for key in newsletter.section_keys]
    return [Box(one.path, one.title or one.path, one.path in chosen) for one in own]
