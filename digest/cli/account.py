"""An edition's account at the command line: as lines, followed live, recipient by recipient."""

import time
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from digest.cli.common import Json, note, program, say
from digest.cli.tables import table

if TYPE_CHECKING:
    from digest.bootstrap import App
    from digest.delivery import Tally
    from digest.store.models import Edition

app = typer.Typer()


# What an id has at most: PostgreSQL takes no larger one.
_DIGITS = 9


def _read_id(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= _DIGITS):
        raise typer.BadParameter(f'"{text}" is no edition: `digest editions list` shows their ids')
    return int(text)


Id = Annotated[
    int,
    typer.Argument(metavar="ID", parser=_read_id, help="The edition, as `editions list` shows it."),
]
Status = Literal["accepted", "refused", "deferred", "uncertain", "skipped", "waiting"]
_GLANCE = 1.0
"""Seconds between two looks at what other processes do."""


@app.command()
def deliveries(
    context: typer.Context,
    edition_id: Id,
    status: Annotated[Status | None, typer.Option(help="Only those that stand there.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000_000, help="How many at most.")] = 50,
    as_json: Json = False,
) -> None:
    """List an edition's deliveries: who got it, who did not, and what the server said.

    Those that are uncertain come with their Message-ID, to look for in the server's log.
    """
    from digest.delivery.account import deliveries
    from digest.editions.life import find_edition
    from digest.store.models import DeliveryStatus

    app = program(context)
    wanted = DeliveryStatus(status) if status else None
    with app.store.read() as session:
        edition = find_edition(session, edition_id)
        rows, total = deliveries(session, edition_id, wanted, limit=limit)
    rows = [row | {"message_id": _message_id(app, edition, row["delivery"])} for row in rows]
    lines = table(map(_cells, rows)) or ["none"]
    if total > len(rows):
        lines.append(f"… and {total - len(rows):,} more (--limit shows them)")
    say({"id": edition_id, "deliveries": rows, "total": total}, lines, as_json=as_json)


def _message_id(app: "App", edition: "Edition", delivery: int) -> str | None:
    from digest.delivery.message import message_id
    from digest.errors import UsageError

    try:
        newsletter = app.settings.newsletter(edition.newsletter)
        return message_id(newsletter, edition.id or 0, delivery, app.tokens)
    except UsageError:  # the newsletter is no more, or the key is lost: the rest can be told
        return None


def _cells(row: dict[str, Any]) -> tuple[str, str, str]:
    sought = row["message_id"] if row["status"] == "uncertain" else None
    return row["email"] or "(erased)", row["said"], sought or ""


@app.command()
def resolve(
    context: typer.Context,
    edition_id: Id,
    uncertain: Annotated[
        Literal["accepted", "resend"],
        typer.Option(help="accepted: it arrived. resend: send once more; some may get it twice."),
    ],
    to: Annotated[
        list[str] | None,
        typer.Option("--to", metavar="EMAIL", help="Only this reader's; may be repeated."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Settle the deliveries whose answer was lost, once you know more: all, or some readers'."""
    from digest.delivery import tally
    from digest.delivery.resolve import Resolution, resolve_uncertain
    from digest.editions.life import find_edition

    app = program(context)
    settled = resolve_uncertain(
        app.store, edition_id, Resolution(uncertain), app.clock(), emails=to or ()
    )
    with app.store.read() as session:
        status = find_edition(session, edition_id).status
        account = tally(session, edition_id)
    became = "to be sent again" if uncertain == "resend" else "accepted"
    said = f"{settled} {became}" if settled else "nothing is uncertain"
    data = {"id": edition_id, "resolved": settled, "status": status, **account_data(account)}
    say(data, [said, *standing(edition_id, status, account)], as_json=as_json)


def watch_sending(app: "App", edition_id: int, *, quiet: bool) -> None:
    """Show the progress of a sending in whatever process, until it ends, pauses, or Ctrl-C."""
    from sqlmodel import col, select

    from digest.cli.progress import sending_progress
    from digest.delivery import tally
    from digest.store.models import Edition

    query = select(Edition.status).where(col(Edition.id) == edition_id)
    followed = False
    with suppress(KeyboardInterrupt), sending_progress(app.clock, quiet=quiet) as tell:
        while True:
            with app.store.read() as session:
                status = session.exec(query).one_or_none()
                account = tally(session, edition_id)
            if status != "sending":
                if not followed and status:
                    note(f"edition {edition_id} is {status}: there is no sending to follow")
                return
            followed = True
            if tell:
                tell(account)
            time.sleep(_GLANCE)


def standing(edition_id: int, status: str, account: "Tally") -> list[str]:
    """For people: where an edition stands, its account, what holds it up and what takes it on."""
    hint = {
        "sending": [f"`digest run` sends it on, or `digest editions send {edition_id}`"],
        "paused": [f"`digest editions resume {edition_id}` lets it go on"],
    }.get(status, [])
    lines = account_lines(account, edition_id, status)
    held_up = [account.note] if account.note else []
    return [f"edition {edition_id} is {status}", *lines, *held_up, *hint]


def account_data(account: "Tally") -> dict[str, Any]:
    """The account as JSON has it: its parts, whether they sum up, when the next are due."""
    return account.as_dict() | {
        "adds_up": account.adds_up,
        "next_waiting": account.next_waiting,
        "next_deferred": account.next_deferred,
    }


def account_lines(account: "Tally", edition_id: int, status: str) -> list[str]:
    """The account for people: a part a line, and the sum."""
    if not account.audience:
        return ["its audience is not written yet" if status == "draft" else "it has no audience"]
    parts = list(_parts(account, edition_id))
    width = len(f"{account.audience:,}")
    lines = table((name, f"{count:>{width},}", beside) for name, count, beside in parts)
    numbers = " + ".join(f"{count:,}" for _, count, _ in parts)
    sums = "=" if account.adds_up else "≠"
    return [*lines, f"audience {account.audience:,} {sums} {numbers or '0'}"]


def _parts(account: "Tally", edition_id: int) -> Iterator[tuple[str, int, str]]:
    """Each part that is there, its count, and what an operator may want to know or do."""
    from digest.delivery.account import skipped_why

    who = f"digest editions deliveries {edition_id} --status"
    deferred = account.next_deferred
    beside = {
        "refused": f"{who} refused",
        "deferred": f"next try {deferred:%Y-%m-%d %H:%M:%S} UTC" if deferred else "",
        "uncertain": f"{who} uncertain",
    }
    for name in ("accepted", "refused", "deferred", "uncertain", "waiting"):
        if count := getattr(account, name):
            yield name, count, beside.get(name, "")
    for reason, count in account.skipped.items():
        yield "skipped", count, skipped_why(reason)
