"""`digest subscribers`: who gets which newsletter, one by one and in files."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from digest.cli.common import Json, done_in_part, note, program, say
from digest.cli.person import described, history, ties_in_brief
from digest.cli.tables import table

if TYPE_CHECKING:
    from digest.subscribers.importing import ImportReport

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    help="Add, show, change, remove, import, export.",
)

SHOWN = 20
COMMAND_LINE = "command line"

Email = Annotated[str, typer.Argument(metavar="EMAIL", help="The subscriber's address.")]
Name = Annotated[str | None, typer.Option(help='How they are called; "" clears it.')]
Newsletters = Annotated[
    list[str] | None, typer.Option("--newsletter", metavar="S", help="A slug; may be repeated.")
]
Sections = Annotated[
    list[str] | None,
    typer.Option("--section", metavar="S", help='Such as "World » Ukraine"; may be repeated.'),
]
Timezone = Annotated[
    str | None, typer.Option(metavar="Z", help='Such as Europe/Sofia; "" clears it.')
]
Language = Annotated[str | None, typer.Option(metavar="L", help='Such as bg; "" clears it.')]
Status = Literal["pending", "active", "unsubscribed"]


@app.command()
def add(
    context: typer.Context,
    email: Email,
    *,
    name: Name = None,
    newsletter: Newsletters = None,
    section: Sections = None,
    timezone: Timezone = None,
    language: Language = None,
    confirmed: Annotated[
        bool, typer.Option("--confirmed", help="They have agreed: their consent is on record.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Subscribe a person; the only newsletter and all its sections unless told otherwise."""
    from digest.subscribers.addresses import read_address
    from digest.subscribers.choices import read_choices, read_profile
    from digest.subscribers.records import record
    from digest.subscribers.subscribing import subscribe

    app = program(context)
    address = read_address(email)
    choices = read_choices(app.settings, newsletter or (), section or ())
    profile = read_profile(name, timezone, language)
    consent = COMMAND_LINE if confirmed else ""
    with app.store.write() as session:
        subscriber = subscribe(
            session, address, choices, app.clock(), profile=profile, consent=consent
        )
        made = record(session, subscriber)
    say(made, described(made), as_json=as_json)


@app.command("list")
def list_(
    context: typer.Context,
    newsletter: Annotated[str | None, typer.Option(metavar="S", help="Only of this one.")] = None,
    status: Annotated[Status | None, typer.Option(help="Only with such a subscription.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1_000_000, help="How many at most.")] = 50,
    as_json: Json = False,
) -> None:
    """List subscribers by address; `export` writes all of them."""
    from digest.store.models import SubscriptionStatus
    from digest.subscribers.records import listed

    app = program(context)
    slug = app.settings.newsletter(newsletter).slug if newsletter else None
    wanted = SubscriptionStatus(status) if status else None
    with app.store.read() as session:
        found, total = listed(session, newsletter=slug, status=wanted, limit=limit)
    rows = [(person["email"], person["name"], ties_in_brief(person)) for person in found]
    lines = table(rows) or ["nobody"]
    if total > len(found):
        lines.append(f"… and {total - len(found)} more (--limit shows them)")
    say({"subscribers": found, "total": total}, lines, as_json=as_json)


@app.command()
def show(
    context: typer.Context,
    email: Email,
    limit: Annotated[
        int, typer.Option(min=1, max=1_000_000, help="At most so many deliveries.")
    ] = 10,
    as_json: Json = False,
) -> None:
    """Show a subscriber, their subscriptions, and their deliveries, the latest edition first."""
    from digest.delivery.account import said_of
    from digest.subscribers.addresses import read_address
    from digest.subscribers.people import find
    from digest.subscribers.records import record

    app = program(context)
    with app.store.read() as session:
        found = record(session, find(session, read_address(email)), last=limit)
    for delivery in found["deliveries"]:
        delivery["said"] = said_of(delivery)
    lines = [*described(found), *history(found)]
    say(found, lines, as_json=as_json)


@app.command()
def update(
    context: typer.Context,
    email: Email,
    *,
    new_email: Annotated[
        str | None, typer.Option("--email", metavar="EMAIL", help="Their new address.")
    ] = None,
    name: Name = None,
    newsletter: Newsletters = None,
    section: Sections = None,
    all_sections: Annotated[
        bool, typer.Option("--all-sections", help="Every section of the newsletter.")
    ] = False,
    timezone: Timezone = None,
    language: Language = None,
    confirmed: Annotated[
        bool, typer.Option("--confirmed", help="They have agreed: what is pending is active.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Change a subscriber; sections and --confirmed concern the newsletters named, or all."""
    from digest.errors import UsageError
    from digest.subscribers import people
    from digest.subscribers.addresses import read_address
    from digest.subscribers.choices import read_choices, read_profile
    from digest.subscribers.records import record
    from digest.subscribers.subscribing import apply_profile

    if section and all_sections:
        raise UsageError(detail="--section and --all-sections say two things: give one")
    profile = read_profile(name, timezone, language)
    if not (profile or new_email or section or all_sections or confirmed):
        raise UsageError(detail="nothing to change: give --name, --section or another option")
    app = program(context)
    now = app.clock()
    with app.store.write() as session:
        subscriber = people.find(session, read_address(email))
        ties = people.ties(session, subscriber, newsletter or ())
        if new_email:
            people.move(session, subscriber, read_address(new_email))
        apply_profile(subscriber, profile)
        if section or all_sections:
            slugs = [tie.newsletter for tie in ties]
            people.choose(ties, read_choices(app.settings, slugs, section or ()))
        session.flush()
        if confirmed:
            people.confirm_all(session, ties, COMMAND_LINE, now)
        changed = record(session, subscriber)
    say(changed, described(changed), as_json=as_json)


@app.command()
def unsubscribe(
    context: typer.Context, email: Email, newsletter: Newsletters = None, as_json: Json = False
) -> None:
    """End a person's subscriptions, all or to the newsletters named."""
    from digest.subscribers import people
    from digest.subscribers.addresses import read_address
    from digest.subscribers.records import record
    from digest.subscribers.withdrawing import holders, withdrawing

    app = program(context)
    address = read_address(email)
    with withdrawing(app.store, holders([address])) as session:
        subscriber = people.find(session, address)
        ties = people.ties(session, subscriber, newsletter or ())
        ended = people.unsubscribe_all(session, ties, app.clock())
        left = record(session, subscriber)
    line = f"{left['email']} left {', '.join(ended)}" if ended else "nothing to end"
    say(left | {"ended": ended}, [line], as_json=as_json)


@app.command()
def erase(context: typer.Context, email: Email, as_json: Json = False) -> None:
    """Forget a person for good; the accounts of past editions keep their sums."""
    from digest.store.suppressed import suppressed
    from digest.subscribers import people
    from digest.subscribers.addresses import read_address
    from digest.subscribers.withdrawing import holders, withdrawing

    app = program(context)
    address = read_address(email)
    with withdrawing(app.store, holders([address])) as session:
        subscriber = people.find(session, address)
        skipped = people.erase(session, subscriber, app.clock())
        kept = bool(suppressed(session, [address.key]))
    lines = [f"{address.email} is erased; deliveries skipped: {skipped}"]
    if kept:
        lines.append("the address stays suppressed: `digest suppressions remove` lifts that")
    data = {"erased": address.email, "deliveries_skipped": skipped, "suppression_kept": kept}
    say(data, lines, as_json=as_json)


@app.command()
def export(
    context: typer.Context,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="A file; standard output unless given.")
    ] = None,
    newsletter: Annotated[str | None, typer.Option(metavar="S", help="Only of this one.")] = None,
    status: Annotated[Status, typer.Option(help="Subscriptions that stand so.")] = "active",
) -> None:
    """Write subscribers as CSV (UTF-8), safe to open in a spreadsheet; `import` takes it back."""
    from digest.errors import CannotWriteError
    from digest.store.models import SubscriptionStatus
    from digest.subscribers.exporting import export_csv

    app = program(context)
    slug = app.settings.newsletter(newsletter).slug if newsletter else None
    pieces = export_csv(app.store, newsletter=slug, status=SubscriptionStatus(status))
    if output is None:
        for piece in pieces:
            typer.echo(piece.encode(), nl=False)
        return
    try:
        with output.open("w", encoding="utf-8", newline="") as file:
            file.writelines(pieces)
    except OSError as error:
        raise CannotWriteError(path=output, why=error.strerror) from error


@app.command("import")
def import_(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE.csv", help="With a column `email`.")],
    *,
    newsletter: Newsletters = None,
    confirmed: Annotated[
        bool, typer.Option("--confirmed", help="All have agreed; needs --consent-note.")
    ] = False,
    consent_note: Annotated[
        str, typer.Option(metavar="TEXT", help="Where and when they agreed; kept with each.")
    ] = "",
    encoding: Annotated[
        str | None, typer.Option(metavar="E", help="Unless UTF-8 or marked UTF-16.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Take subscribers from CSV; --newsletter is for lines that name none."""
    from digest.errors import UsageError
    from digest.subscribers.csv_reading import SubscribersCsv
    from digest.subscribers.importing import SubscriberImport
    from digest.text import one_line

    consent = one_line(consent_note)
    if confirmed != bool(consent):
        raise UsageError(
            detail="--confirmed and --consent-note go together: say where these people agreed, "
            'such as --consent-note "sign-up form of the old site, 2019-2025"'
        )
    app = program(context)
    for slug in newsletter or ():
        app.settings.newsletter(slug)
    rows = SubscribersCsv(file, encoding)
    if rows.ignored:
        note(f"columns ignored: {', '.join(rows.ignored)}")
    importing = SubscriberImport(
        app.store, app.settings, app.clock(), newsletters=newsletter or (), consent=consent
    )
    report = importing.run(rows, _progress)
    _end_progress()
    _say_import(report, rows.ignored, as_json=as_json)


def _progress(read: int) -> None:
    if sys.stderr.isatty():
        typer.echo(f"\r{read:,} lines read", err=True, nl=False)


def _end_progress() -> None:
    if sys.stderr.isatty():
        typer.echo("", err=True)


def _say_import(report: "ImportReport", ignored: list[str], *, as_json: bool) -> None:
    from dataclasses import asdict

    counts = {"added": report.added, "updated": report.updated, "unchanged": report.unchanged}
    counts["rejected"] = len(report.rejected)
    parts = ", ".join(f"{word} {count}" for word, count in counts.items())
    lines = [f"read {report.read}: {parts}"]
    lines += [f"  line {bad.line}: {bad.reason}" for bad in report.rejected[:SHOWN]]
    if len(report.rejected) > SHOWN:
        lines.append(f"  … and {len(report.rejected) - SHOWN} more (--json lists them)")
    say(asdict(report) | {"ignored_columns": ignored}, lines, as_json=as_json)
    done_in_part(complete=not report.rejected)
