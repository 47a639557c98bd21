"""`digest suppressions`: addresses that are never mailed."""

from typing import Annotated, Any, Literal

import typer

from digest.cli.common import Json, program, say
from digest.cli.tables import table

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    help="Addresses that are never mailed.",
)

Emails = Annotated[list[str], typer.Argument(metavar="EMAIL…", help="One address or several.")]


@app.command("list")
def list_(context: typer.Context, as_json: Json = False) -> None:
    """List the suppressed addresses, the latest first."""
    from digest.feedback.suppressions import suppressions

    with program(context).store.read() as session:
        found = [suppression.model_dump() for suppression in suppressions(session)]
    rows: list[dict[str, Any]] = [{"email": row.pop("key"), **row} for row in found]
    lines = table(
        (row["email"], row["reason"], f"{row['created']:%Y-%m-%d}", row["note"]) for row in rows
    )
    say({"suppressions": rows}, lines or ["none"], as_json=as_json)


@app.command()
def add(
    context: typer.Context,
    emails: Emails,
    reason: Annotated[
        Literal["manual", "bounce", "complaint"], typer.Option(help="Why.")
    ] = "manual",
    note: Annotated[str, typer.Option(metavar="TEXT", help="Kept with it.")] = "",
    as_json: Json = False,
) -> None:
    """Never mail these addresses again, whoever subscribes them."""
    from digest.feedback.suppressions import SuppressionReason, suppress
    from digest.subscribers.addresses import read_address
    from digest.subscribers.withdrawing import holders, withdrawing
    from digest.text import one_line

    app = program(context)
    addresses = [read_address(email) for email in emails]
    kept, now = one_line(note, 200), app.clock()
    with withdrawing(app.store, holders(addresses)) as session:
        added = [
            address.email
            for address in addresses
            if suppress(session, address, SuppressionReason(reason), kept, now)
        ]
    unchanged = len(addresses) - len(added)
    line = f"suppressed {len(added)}, already suppressed {unchanged}"
    say({"added": added, "unchanged": unchanged}, [line], as_json=as_json)


@app.command()
def remove(context: typer.Context, emails: Emails, as_json: Json = False) -> None:
    """Let these addresses be mailed again."""
    from digest.feedback.suppressions import lift
    from digest.subscribers.addresses import read_address

    addresses = [read_address(email) for email in emails]
    with program(context).store.write() as session:
        for address in addresses:
            lift(session, address)
    removed = [address.email for address in addresses]
    say({"removed": removed}, [f"no longer suppressed: {', '.join(removed)}"], as_json=as_json)
