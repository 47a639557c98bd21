"""`digest articles`: what came in."""

from collections.abc import Iterator
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from digest.cli import desk
from digest.cli.common import Json, done_in_part, program, say
from digest.cli.dates import read_day

if TYPE_CHECKING:
    from digest.ingest.incoming import Report

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    help="Import, list, pin and hide articles.",
)
app.add_typer(desk.marks)
_SHOWN = 20


class Format(StrEnum):
    """The formats of `digest.ingest.files.Format`, which is slow to import."""

    AUTO = "auto"
    PAGE = "page"
    LISTING = "listing"
    JSONL = "jsonl"
    FEED = "feed"


@app.command("import")
def import_files(
    context: typer.Context,
    paths: Annotated[list[str], typer.Argument(metavar="PATH…", help="Files, or - for input.")],
    form: Annotated[
        Format, typer.Option("--format", help="What the files are; auto looks inside.")
    ] = Format.AUTO,
    section: Annotated[
        str | None, typer.Option(help="For articles that name no section of their own.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Read articles from files: pages, listings, JSON Lines or feeds."""
    from digest.ingest import files, importing

    app = program(context)
    report = importing.import_files(
        app.store,
        app.settings,
        paths,
        app.clock(),
        form=files.Format(form.value),
        section=section or "",
    )
    say(report.as_json(), _import_lines(report), as_json=as_json)
    if report.found_nothing:
        raise typer.Exit(2)
    done_in_part(complete=not report.rejected)


def _import_lines(report: "Report") -> Iterator[str]:
    yield (
        f"{report.read} read: {report.added} added, {report.updated} updated,"
        f" {report.unchanged} unchanged, {report.unreadable} rejected"
    )
    for rejection in report.rejected[:_SHOWN]:
        where = f":{rejection.line}" if rejection.line is not None else ""
        yield f"  {rejection.source}{where}: {rejection.reason}"
    if len(report.rejected) > _SHOWN:
        yield f"  … and {len(report.rejected) - _SHOWN} more (--json shows all)"
    if report.undeclared_sections:
        yield f"sections nobody declared: {', '.join(sorted(report.undeclared_sections))}"
    if report.without_section:
        yield f"{report.without_section} name no section: give them one with --section"


@app.command("list")
def list_articles(
    context: typer.Context,
    date: Annotated[str | None, typer.Option(metavar="D", help="Published on that day.")] = None,
    section: Annotated[str | None, typer.Option(help="Of this section and those below.")] = None,
    limit: Annotated[
        int, typer.Option(min=1, max=1_000_000, help="At most so many, the latest first.")
    ] = 50,
    marked: Annotated[
        bool, typer.Option("--marked", help="Only those that are pinned or hidden.")
    ] = False,
    as_json: Json = False,
) -> None:
    """List articles, the latest first."""
    from digest.ingest import catalogue

    program_ = program(context)
    zone = ZoneInfo(program_.settings.site.timezone)
    declared = [section.path for section in program_.settings.declared_sections().values()]
    rows = catalogue.list_articles(
        program_.store,
        zone,
        day=read_day(date),
        section=section,
        limit=limit,
        declared=declared,
        marked=marked,
    )
    lines = (
        f"{row['id']:>7}  {row['published'].astimezone(zone):%Y-%m-%d %H:%M}"
        f"  {row['section'] or '—'}  {row['title']}{_marks(row['marks'])}"
        for row in rows
    )
    say({"articles": rows}, lines, as_json=as_json)


def _marks(marks: list[dict[str, str | None]]) -> str:
    said = (
        f"{mark['mark']} in {mark['newsletter']}" if mark["newsletter"] else str(mark["mark"])
        for mark in marks
    )
    return f"  [{', '.join(said)}]" if marks else ""
