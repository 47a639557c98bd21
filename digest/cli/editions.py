"""`digest editions`: compose, look at, send, pause and account for editions."""

from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from digest.cli import account as accounts
from digest.cli.account import Id, account_data, account_lines, standing
from digest.cli.common import Json, done_in_part, note, program, say
from digest.cli.dates import read_day
from digest.cli.desk import named_article

if TYPE_CHECKING:
    from sqlmodel import Session

    from digest.bootstrap import App
    from digest.delivery.proof import Proof
    from digest.store.models import Edition

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    help="Compose, preview, send and account for editions.",
)
app.add_typer(accounts.app)

LISTED = 20
DAYS_AHEAD = 7


@app.command()
def build(
    context: typer.Context,
    newsletter: Annotated[str, typer.Argument(help="The newsletter's slug.")],
    day: Annotated[
        str | None, typer.Option("--date", metavar="D", help="The local date; today unless given.")
    ] = None,
    rebuild: Annotated[bool, typer.Option(help="Compose a draft anew.")] = False,
    as_json: Json = False,
) -> None:
    """Compose and freeze the edition of a day; one that exists is shown as it is."""
    from digest.cli.contents import content_lines, contents, counted
    from digest.editions.life import Rebuild, load_document
    from digest.editions.life import build as build_edition

    app = program(context)
    wanted = app.settings.newsletter(newsletter)
    now = app.clock()
    today = now.astimezone(app.settings.zone(wanted)).date()
    date_wanted = read_day(day) or today
    if date_wanted > today + timedelta(days=DAYS_AHEAD):
        raise typer.BadParameter(
            f"{date_wanted} is more than {DAYS_AHEAD} days ahead: its articles are not written yet",
            param_hint="--date",
        )
    anew = Rebuild.ALWAYS if rebuild else Rebuild.NEVER
    edition = build_edition(app.store, app.settings, wanted, date_wanted, now, rebuild=anew)
    with app.store.read() as session:
        excluded = _excluded(session, edition)
    document = load_document(edition)
    held = contents(document)
    data = {**_facts(edition), **held, "excluded": excluded}
    lines = [_headline(edition), "", *content_lines(held, whole=False)]
    lines += ["", counted(document)]
    lines += _left_out(excluded)
    if edition.status == "cancelled":
        note("digest: this edition was cancelled: its date has no other, articles that nobody got")
        note("digest: come in the next one")
    if edition.composed < edition.cutoff and edition.status == "draft":
        note("digest: composed before its cut-off: what comes until then is not in it (--rebuild)")
    say(data, lines, as_json=as_json)


@app.command("list")
def list_editions(
    context: typer.Context,
    newsletter: Annotated[str | None, typer.Option(help="Of this newsletter only.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many, the newest first.")] = 30,
    as_json: Json = False,
) -> None:
    """Show the editions there are, the newest first."""
    from sqlalchemy.orm import defer
    from sqlmodel import col, select

    from digest.store.models import Edition

    app = program(context)
    query = select(Edition).order_by(col(Edition.date).desc(), col(Edition.id).desc()).limit(limit)
    # Each may hold a megabyte: its pages, in every language of its readers.
    large = (col(Edition.document), col(Edition.rendered))
    query = query.options(*map(defer, large))  # type: ignore[arg-type] # SQLModel's types hide these
    if newsletter:
        query = query.where(Edition.newsletter == app.settings.newsletter(newsletter).slug)
    with app.store.read() as session:
        editions = session.exec(query).all()
    say(
        {"editions": [_facts(edition) for edition in editions]},
        [_headline(edition) for edition in editions] or ["no editions yet: digest editions build"],
        as_json=as_json,
    )


@app.command()
def show(
    context: typer.Context,
    edition_id: Id,
    watch: Annotated[
        bool, typer.Option("--watch", help="First follow its sending, whichever process sends it.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Show an edition's stories with their articles, and the account of its deliveries.

    Each story comes with its rank in the edition, its placement (top, story or brief) and the
    number and headline of its lead; below it, the related articles and the versions not shown.
    """
    from digest.cli.contents import content_lines, contents
    from digest.delivery import tally
    from digest.delivery.account import check_account
    from digest.editions.life import find_edition, load_document

    app = program(context)
    if watch:
        accounts.watch_sending(app, edition_id, quiet=as_json)
    with app.store.read() as session:
        edition = find_edition(session, edition_id)
        account = tally(session, edition_id)
        excluded = _excluded(session, edition)
    held = contents(load_document(edition))
    data = {**_facts(edition), **held, "excluded": excluded, **account_data(account)}
    data["instead"] = (edition.rendered or {}).get("instead", "")
    lines = [_headline(edition), "", *content_lines(held, whole=True)]
    lines += ["", *_left_out(excluded), "", *account_lines(account, edition_id, edition.status)]
    if edition.note:
        lines.append(edition.note)
    if data["instead"]:
        lines.append(f"in our templates, because yours failed: {data['instead']}")
    say(data, lines, as_json=as_json)
    check_account(account, edition_id, edition.status)


@app.command()
def why(
    context: typer.Context,
    edition_id: Id,
    who: Annotated[str, typer.Argument(metavar="ARTICLE|EMAIL", help="An article or a reader.")],
    as_json: Json = False,
) -> None:
    """Say why an article is in an edition or not, or what became of a reader's delivery.

    An article goes by its number, as `articles list` shows it, by its address, or by the id that
    its publisher gave it.
    """
    from digest.delivery import why_reader
    from digest.editions.life import find_edition
    from digest.editions.reasons import why_lines
    from digest.editions.why import why_article

    app = program(context)
    with app.store.read() as session:
        edition = find_edition(session, edition_id)
        if "@" in who and "://" not in who:
            reader = why_reader(session, edition, who)
            say(reader, [f"{reader['email']}: {reader['said']}"], as_json=as_json)
            return
        number = named_article(session, app, who)
        place = why_article(session, app.settings, edition, number)
    say(place.model_dump(mode="json"), why_lines(place), as_json=as_json)


@app.command()
def render(
    context: typer.Context,
    edition_id: Id,
    output: Annotated[Path, typer.Option("-o", "--output", help="By ending: .html .txt .eml")],
    subscriber: Annotated[str | None, typer.Option(help="As this reader gets it.")] = None,
    as_json: Json = False,
) -> None:
    """Write an edition to a file, whole or as one reader gets it."""
    from digest.errors import CannotWriteError

    if output.suffix not in {".html", ".txt", ".eml"}:
        raise typer.BadParameter(
            "the file's name ends in .html, .txt or .eml", param_hint="--output"
        )
    proof = _proof(program(context), edition_id, subscriber)
    content = {".html": proof.html.encode(), ".txt": proof.text.encode(), ".eml": proof.message}
    data = content[output.suffix]
    try:
        output.write_bytes(data)
    except OSError as error:
        raise CannotWriteError(path=output, why=error.strerror) from error
    say(
        {"bytes": len(data), "file": str(output)}, [f"{output}: {len(data)} bytes"], as_json=as_json
    )


@app.command("test-send")
def send_one_test(
    context: typer.Context,
    edition_id: Id,
    to: Annotated[str, typer.Option("--to", metavar="EMAIL", help="Who gets the test.")],
    subscriber: Annotated[str | None, typer.Option(help="As this reader gets it.")] = None,
    as_json: Json = False,
) -> None:
    """Send an edition to one address, marked as a test, outside the accounts."""
    import asyncio

    from digest.delivery import send_test
    from digest.delivery.proof import choice_of, language_of, proof_of_edition
    from digest.editions.life import find_edition
    from digest.subscribers import find_subscription
    from digest.subscribers.addresses import read_address

    app = program(context)
    to = read_address(to).email
    with app.store.read() as session:
        edition = find_edition(session, edition_id)
        reader = find_subscription(session, edition.newsletter, subscriber) if subscriber else None
        choice, language = choice_of(reader), language_of(session, reader)
    proof = proof_of_edition(app.press, edition, choice, to, language)
    accepted, reply = asyncio.run(send_test(app.settings, proof.sender, to, proof.message))
    say(
        {"accepted": accepted, "reply": reply},
        [f"{to}: {'accepted' if accepted else 'refused'} ({reply})"],
        as_json=as_json,
    )
    done_in_part(complete=accepted)


@app.command()
def send(
    context: typer.Context,
    edition_id: Id,
    at_once: Annotated[
        bool, typer.Option("--now", help="Do not wait for readers' own hours of sending.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Send an edition to its subscribers; waits until done or paused. Safe to call again."""
    import asyncio

    from digest.cli.progress import sending_progress
    from digest.delivery.account import check_account
    from digest.delivery.audience import check_readers
    from digest.editions.life import find_edition
    from digest.errors import ServerUnreachableError
    from digest.logs import set_up
    from digest.worker import send_until_done

    app = program(context)
    with app.store.read() as session:
        check_readers(session, find_edition(session, edition_id))
    with sending_progress(app.clock, quiet=as_json) as tell:
        # Within: where there is a bar, what is logged is written above it.
        set_up(app.settings.logging.format, app.settings.logging.level)
        try:
            account, status = asyncio.run(
                send_until_done(app, edition_id, at_once=at_once, on_progress=tell)
            )
        except ServerUnreachableError:
            note(f"digest: edition {edition_id} waits: `digest run` tries again, or send it again")
            raise
    say(
        {"id": edition_id, "status": status, **account_data(account)},
        standing(edition_id, status, account),
        as_json=as_json,
    )
    check_account(account, edition_id, status)
    done_in_part(complete=status == "sent")


@app.command()
def pause(context: typer.Context, edition_id: Id, as_json: Json = False) -> None:
    """Stop sending an edition, within a second, whichever process sends it."""
    from digest.delivery import pause_edition

    _turn(context, edition_id, pause_edition, as_json=as_json)


@app.command()
def resume(context: typer.Context, edition_id: Id, as_json: Json = False) -> None:
    """Let a paused edition be sent on: by `digest run`, or by `editions send`."""
    from digest.delivery import resume_edition

    _turn(context, edition_id, resume_edition, as_json=as_json)


@app.command()
def cancel(context: typer.Context, edition_id: Id, as_json: Json = False) -> None:
    """Never send what is left of an edition; if nobody got it, its articles are free again."""
    from digest.delivery import cancel_edition

    journals = program(context).settings.journal_folder
    action = partial(cancel_edition, journals=journals)
    _turn(context, edition_id, action, as_json=as_json)


def _turn(context: typer.Context, edition_id: int, action: Any, *, as_json: bool) -> None:
    from digest.delivery import tally
    from digest.editions.life import find_edition

    app = program(context)
    action(app.store, edition_id, app.clock())
    with app.store.read() as session:
        edition = find_edition(session, edition_id)
        account = tally(session, edition_id)
    say(
        {"id": edition_id, "status": edition.status, **account_data(account)},
        standing(edition_id, edition.status, account),
        as_json=as_json,
    )


def _proof(app: "App", edition_id: int, email: str | None) -> "Proof":
    from digest.delivery.proof import proof_for_subscriber, proof_of_edition
    from digest.editions.life import find_edition
    from digest.subscribers import find_subscription

    with app.store.read() as session:
        edition = find_edition(session, edition_id)
        if email is None:
            return proof_of_edition(app.press, edition)
        subscription = find_subscription(session, edition.newsletter, email)
        return proof_for_subscriber(session, app.press, edition, subscription)


def _facts(edition: "Edition") -> dict[str, Any]:
    return {
        "id": edition.id,
        "newsletter": edition.newsletter,
        "date": edition.date,
        "number": edition.number,
        "status": edition.status,
        "cutoff": edition.cutoff,
        "composed": edition.composed,
        "started": edition.started,
        "completed": edition.completed,
        "note": edition.note,
    }


def _excluded(session: "Session", edition: "Edition") -> list[dict[str, Any]]:
    from dataclasses import asdict

    from digest.editions.why import left_out

    return [asdict(left) for left in left_out(session, edition)]


def _left_out(excluded: list[dict[str, Any]]) -> list[str]:
    """What an edition left out, and why, for people."""
    lines = [f"{len(excluded)} left out" + (":" if excluded else "")]
    lines += [
        f"  {row['article']:>6}  {row['reason']}: {row['title']}" for row in excluded[:LISTED]
    ]
    if len(excluded) > LISTED:
        lines.append(f"  … and {len(excluded) - LISTED} more (--json lists them)")
    return lines


def _headline(edition: "Edition") -> str:
    return (
        f"edition {edition.id}: {edition.newsletter} of {edition.date}, "
        f"No. {edition.number}, {edition.status}"
    )
