"""`digest run` and its parts, and `digest preview`: commands that stay until they are stopped."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from digest.cli.common import note, one_command, program

if TYPE_CHECKING:
    from digest.bootstrap import App

run = one_command()
scheduler = one_command()
worker = one_command()
web = one_command()
preview = one_command()

LOOPBACK = "127.0.0.1"


@run.command("run")
def run_all(context: typer.Context) -> None:
    """Run scheduler, delivery and web in one process, until Ctrl-C or SIGTERM."""
    _serve(program(context), schedules=True, sends=True, serves=True)


@scheduler.command("scheduler")
def run_scheduler(context: typer.Context) -> None:
    """Poll feeds, compose each edition when it is due, and let workers send it."""
    _serve(program(context), schedules=True)


@worker.command("worker")
def run_worker(context: typer.Context) -> None:
    """Send the editions whose sending has begun."""
    _serve(program(context), sends=True)


@web.command("web")
def run_web(context: typer.Context) -> None:
    """Serve the readers' pages, the archive and the preview."""
    _serve(program(context), serves=True)


@preview.command("preview")
def open_preview(
    context: typer.Context,
    newsletter: Annotated[str, typer.Argument(help="The first one unless given.")] = "",
    day: Annotated[
        str, typer.Option("--date", metavar="D", help="The local date; today unless given.")
    ] = "",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes any free one.")] = 8090,
    browser: Annotated[bool, typer.Option(help="Open it in a browser.")] = True,
) -> None:
    """Show an edition in a browser as its readers will get it; it follows every change."""
    import asyncio
    import webbrowser
    from urllib.parse import urlencode

    from digest.cli.dates import read_day
    from digest.running import Site, listen, run_parts
    from digest.web.app import create_app

    app = program(context)
    query = {"newsletter": app.settings.newsletter(newsletter).slug} if newsletter else {}
    if wanted := read_day(day or None):
        query["date"] = wanted.isoformat()
    app.store.check()
    listening = listen(LOOPBACK, port)
    address = f"http://{LOOPBACK}:{listening.getsockname()[1]}/preview?{urlencode(query)}"
    note(f"preview at {address.rstrip('?')} (Ctrl-C ends it)")
    if browser and sys.stdout.isatty():
        webbrowser.open(address)
    asyncio.run(run_parts(app, site=Site(create_app(app), listening)))


def _serve(
    app: "App", *, schedules: bool = False, sends: bool = False, serves: bool = False
) -> None:
    import asyncio

    from digest.logs import set_up
    from digest.running import Site, listen, run_parts
    from digest.web.app import create_app

    set_up(app.settings.logging.format, app.settings.logging.level)
    app.store.check()
    _ = app.press.tokens
    site = None
    if serves:
        host, port = app.settings.web.host, app.settings.web.port
        site = Site(create_app(app), listen(host, port))
        note(f"readers' pages at http://{host}:{port}, preview at http://{host}:{port}/preview")
    asyncio.run(run_parts(app, schedules=schedules, sends=sends, site=site))
