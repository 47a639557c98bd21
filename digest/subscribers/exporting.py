"""Subscribers as a CSV file that importing takes back and no spreadsheet computes."""

import csv
import io
from collections.abc import Iterable, Iterator

from sqlmodel import Session, col, select

from digest.store import Store
from digest.store.models import Subscriber, Subscription, SubscriptionStatus
from digest.subscribers.csv_cells import COLUMNS, guard

_PAGE = 1000


def export_csv(
    store: Store, *, newsletter: str | None = None, status: SubscriptionStatus
) -> Iterator[str]:
    """The file in pieces (RFC 4180): the header, then page by page, by the subscribers' number.

    A subscriber has one line for all newsletters of which they chose the same sections, and is
    left out where no subscription fits `newsletter` and `status`.
    """
    yield _lines([COLUMNS])
    with store.read() as session:
        last = 0
        while people := _page(session, last):
            ties = _ties(session, people, newsletter, status)
            yield _lines(row for person in people for row in _rows(person, ties))
            last = people[-1].id or 0


def _page(session: Session, last: int) -> list[Subscriber]:
    query = select(Subscriber).where(col(Subscriber.id) > last).order_by(col(Subscriber.id))
    people = list(session.exec(query.limit(_PAGE)))
    session.expunge_all()
    return people


def _ties(
    session: Session,
    people: list[Subscriber],
    newsletter: str | None,
    status: SubscriptionStatus,
) -> dict[int, dict[tuple[str, ...], list[str]]]:
    """For each subscriber's number the newsletters by the sections chosen in them."""
    query = select(Subscription.subscriber_id, Subscription.newsletter, Subscription.sections)
    query = query.where(
        col(Subscription.subscriber_id).between(people[0].id, people[-1].id),
        Subscription.status == status,
    )
    if newsletter is not None:
        query = query.where(Subscription.newsletter == newsletter)
    found: dict[int, dict[tuple[str, ...], list[str]]] = {}
    for number, slug, sections in session.exec(query.order_by(col(Subscription.id))):
        found.setdefault(number, {}).setdefault(tuple(sections or ()), []).append(slug)
    return found


def _rows(
    person: Subscriber, ties: dict[int, dict[tuple[str, ...], list[str]]]
) -> Iterator[list[str]]:
    for sections, newsletters in ties.get(person.id or 0, {}).items():
        yield [
            guard(cell)
            for cell in (
                person.email,
                person.name,
                ";".join(newsletters),
                ";".join(sections),
                person.timezone or "",
                person.language or "",
            )
        ]


def _lines(rows: Iterable[Iterable[str]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()
