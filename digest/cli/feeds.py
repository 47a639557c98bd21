"""`digest feeds`: the addresses that are polled for articles."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from digest.cli.common import Json, done_in_part, program, say

if TYPE_CHECKING:
    from digest.ingest.incoming import Incoming
    from digest.ingest.polling import FeedOutcome

_MINUTE = "%Y-%m-%d %H:%M UTC"
NONE_DUE = "no feed is due yet (see `digest feeds list`); one that is named is asked now"

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    help="Fetch, list and try feeds.",
)


@app.command()
def fetch(
    context: typer.Context,
    slugs: Annotated[
        list[str] | None, typer.Argument(metavar="[SLUG…]", help="These now, due or not.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Poll the feeds that are due, or those that are named."""
    from digest.ingest.polling import poll_due, poll_named

    program_ = program(context)
    settings, store, now = program_.settings, program_.store, program_.clock()
    outcomes = poll_named(store, settings, slugs, now) if slugs else poll_due(store, settings, now)
    lines = [_outcome_line(outcome) for outcome in outcomes] or [NONE_DUE]
    say({"feeds": [outcome.as_json() for outcome in outcomes]}, lines, as_json=as_json)
    done_in_part(complete=all(outcome.status != "failed" for outcome in outcomes))


def _outcome_line(outcome: "FeedOutcome") -> str:
    if outcome.error:
        return f"{outcome.slug}: {outcome.error}"
    counts = f"{outcome.added} added, {outcome.updated} updated, {outcome.unchanged} unchanged"
    return f"{outcome.slug}: {outcome.status}, {counts}"


@app.command("list")
def list_feeds(context: typer.Context, as_json: Json = False) -> None:
    """List the declared feeds and how each fared."""
    from digest.ingest.polling import feed_states

    program_ = program(context)
    rows = feed_states(program_.store, program_.settings)
    none = "no feeds are declared: add [[feeds]] to the configuration"
    lines = [_state_line(row) for row in rows] or [none]
    say({"feeds": rows}, lines, as_json=as_json)


def _state_line(row: dict[str, Any]) -> str:
    """A feed as people read it: how it fared, and when it is asked next."""
    fared = row["error"] or (f"fetched {row['succeeded']:{_MINUTE}}" if row["succeeded"] else "")
    due = f"due {row['next_poll']:{_MINUTE}}" if row["next_poll"] else "due now"
    return "  ".join(filter(None, (row["slug"], row["url"], fared or "not polled yet", due)))


@app.command()
def parse(file: Path, as_json: Json = False) -> None:
    """Show what a feed's file holds, without storing anything."""
    from digest.bootstrap import utc_now
    from digest.ingest.feeds import read_feed

    feed = read_feed(_read(file), str(file), utc_now())
    result = {
        "title": feed.title,
        "articles": [_article(article) for article in feed.articles],
        "rejected": [rejection.as_json() for rejection in feed.rejected],
    }
    lines = [f"{feed.title or 'untitled'}: {len(feed.articles)} articles"]
    lines += [f"  {article.published or '—'}  {article.title}" for article in feed.articles]
    lines += [f"  rejected: {rejection.reason}" for rejection in feed.rejected]
    say(result, lines, as_json=as_json)
    done_in_part(complete=not feed.rejected)


def _article(article: "Incoming") -> dict[str, Any]:
    from digest.sections import join_path

    return {
        "id": article.external_id,
        "url": article.url,
        "title": article.title,
        "teaser": article.teaser,
        "body": article.body,
        "section": join_path(article.section),
        "tags": list(article.tags or ()),
        "published": article.published,
    }


@app.command()
def opml(file: Path, as_json: Json = False) -> None:
    """Turn a list of feeds (OPML) into [[feeds]] tables to paste into digest.toml."""
    from dataclasses import asdict

    from digest.ingest.opml import as_toml, parse_opml

    feeds = parse_opml(_read(file), str(file))
    lines = as_toml(feeds) or ["# this list holds no feed with a web address"]
    say({"feeds": [asdict(feed) for feed in feeds]}, lines, as_json=as_json)


def _read(path: Path) -> bytes:
    """The bytes of a file, at most as many as a feed may have."""
    from digest.errors import CannotReadError, FeedUnreadableError

    limit = 20_000_000
    try:
        with path.open("rb") as stream:
            data = stream.read(limit + 1)
    except OSError as error:
        raise CannotReadError(path=path, why=error.strerror) from error
    if len(data) > limit:
        raise FeedUnreadableError(source=path, why=f"it is larger than {limit:,} bytes")
    return data
