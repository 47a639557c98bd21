"""What the desk was told: a row for each matter and address, written before anything is sent."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import CursorResult, select, update
from sqlmodel import Session, col

from digest.store import Store
from digest.store.models import Notice, NoticeStatus
from digest.store.rows import among, insert_into


class Matter(NamedTuple):
    """Something that the desk is to hear of once.

    `key` names it among all that ever were; `mail` is the folder of its templates, `newsletter`
    whose address it comes from, `facts` what stands in it.
    """

    key: str
    mail: str
    newsletter: str
    facts: dict[str, Any]


def known(session: Session, keys: Collection[str]) -> set[str]:
    """Those of the keys whose matters were taken down before."""
    if not keys:
        return set()
    query = select(col(Notice.key)).where(among(session, col(Notice.key), keys)).distinct()
    return set(session.scalars(query))


def take_down(
    store: Store, matters: Sequence[Matter], emails: Sequence[str], now: datetime
) -> None:
    """Write down what each address is to be told. A matter that was taken down stays as it is.

    Who is to be notified only now hears nothing of what the others were told before.
    """
    if not matters or not emails:
        return
    with store.write() as session:
        told = known(session, {matter.key for matter in matters})
        rows = [
            Notice(**matter._asdict(), email=email, made=now, due=now).model_dump(exclude={"id"})
            for matter in matters
            if matter.key not in told
            for email in emails
        ]
        if rows:
            # Another process may be writing the same.
            session.connection().execute(
                insert_into(session, Notice).on_conflict_do_nothing(), rows
            )


def waiting(store: Store, emails: Collection[str], now: datetime) -> list[Notice]:
    """The notices that are due, to those who are to be notified now."""
    query = select(Notice).where(
        col(Notice.status) == NoticeStatus.WAITING,
        col(Notice.due) <= now,
        col(Notice.email).in_(emails),
    )
    with store.read() as session:
        return list(session.scalars(query.order_by(col(Notice.id))))


def let_go(store: Store, notice: Notice) -> bool:
    """Say, before a notice leaves, that nobody can tell whether it arrived.

    Returns:
        Whether it may leave. Of several processes one is told so; the rest come too late.
    """
    return _change(store, notice, NoticeStatus.WAITING, status=NoticeStatus.UNCERTAIN)


def lost(store: Store, due: datetime) -> list[Notice]:
    """The notices that left, were due by then, and of which nobody recorded what came."""
    query = select(Notice).where(
        col(Notice.status) == NoticeStatus.UNCERTAIN,
        col(Notice.due) <= due,
        col(Notice.reply) == "",
    )
    with store.read() as session:
        return list(session.scalars(query.order_by(col(Notice.id))))


def settle(store: Store, notice: Notice, status: NoticeStatus, reply: str) -> None:
    """Record what came of a notice that left."""
    _change(store, notice, NoticeStatus.UNCERTAIN, status=status, reply=reply)


def put_off(
    store: Store, notice: Notice, status: NoticeStatus, due: datetime | None, reply: str
) -> None:
    """Let a notice that stands at `status` wait for another try; without `due` it is given up."""
    values: dict[str, object] = {"attempts": notice.attempts + 1, "reply": reply}
    if due is None:
        _change(store, notice, status, status=NoticeStatus.REFUSED, **values)
    else:
        _change(store, notice, status, status=NoticeStatus.WAITING, due=due, **values)


def _change(store: Store, notice: Notice, stands: NoticeStatus, /, **values: object) -> bool:
    """Change a row that `stands` somewhere, and on which nobody else has spent a try."""
    row = update(Notice).where(
        col(Notice.id) == notice.id,
        col(Notice.status) == stands,
        col(Notice.attempts) == notice.attempts,
    )
    with store.write() as session:
        changed: CursorResult[object] = session.connection().execute(row.values(**values))
        return changed.rowcount == 1
