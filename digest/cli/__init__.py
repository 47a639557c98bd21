"""`digest`: the command line. One file a noun; each is imported when it is called."""

import atexit
import gc
import importlib
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup
from typer.main import get_command

from digest import __version__
from digest.cli.common import Invocation, drop_output, note, say, watch_output
from digest.errors import DigestError

# Each command: the module it lives in, and what the overview says of it. A module's `app` holds
# the commands of a noun, or is the command itself; `module:name` is one of several in a module.
COMMANDS = {
    "init": ("digest.cli.init", "Write a configuration and a key, create or upgrade the database."),
    "articles": ("digest.cli.articles", "Import, list, pin and hide articles."),
    "feeds": ("digest.cli.feeds", "Fetch, list and try feeds."),
    "stories": ("digest.cli.stories", "Group articles into stories; keep some together or apart."),
    "subscribers": ("digest.cli.subscribers", "Add, show, change, import and export subscribers."),
    "suppressions": ("digest.cli.suppressions", "List and change who is never mailed."),
    "editions": ("digest.cli.editions", "Compose, look at, send and account for editions."),
    "dkim": ("digest.cli.dkim", "Make the keys that sign mails; show their DNS records."),
    "templates": ("digest.cli.templates", "Check the templates of mails."),
    "lint": ("digest.cli.templates:lint", "Say what is wrong with a mail."),
    "demo": ("digest.cli.demo", "See the whole main job on a sample day, on this machine alone."),
    "preview": ("digest.cli.services:preview", "Show an edition in a browser."),
    "run": ("digest.cli.services:run", "Run scheduler, delivery and web in one process."),
    "scheduler": ("digest.cli.services:scheduler", "Poll feeds and compose what is due."),
    "worker": ("digest.cli.services:worker", "Send the editions whose sending has begun."),
    "web": ("digest.cli.services:web", "Serve the readers' pages and the preview."),
}


class _LazyGroup(TyperGroup):
    """Imports a command's module when the command is asked for: start-up stays quick."""

    # Typer carries click within itself and does not export its types: hence `Any`.
    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - click passes it
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002 - click passes it
        if cmd_name not in COMMANDS:
            return None
        place, summary = COMMANDS[cmd_name]
        module, _, name = place.partition(":")
        command = get_command(getattr(importlib.import_module(module), name or "app"))
        command.name = cmd_name
        command.short_help = summary
        return command

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002 - click passes it
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary) for name, (_, summary) in COMMANDS.items()])


app = typer.Typer(
    cls=_LazyGroup,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
)


def _version(wanted: bool) -> None:
    if wanted:
        say({}, [f"digest {__version__}"], as_json=False)
        raise typer.Exit


@app.callback()
def digest(
    context: typer.Context,
    config: Annotated[
        Path | None, typer.Option(help="The configuration; $DIGEST_CONFIG or digest.toml.")
    ] = None,
    _version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say the version.")
    ] = False,
) -> None:
    """A daily news digest: articles in, one edition a morning, every reader accounted for."""
    context.obj = invocation = Invocation(config)
    context.call_on_close(invocation.close)


_OBJECTS = 50_000
"""New objects after which the youngest are collected."""


def main() -> None:
    """Run the command line: 0 done, 1 done in part or failed, 2 wrong usage or configuration.

    A user's mistake shows its message and no traceback.
    """
    # Modules and their classes are there to stay. To look through them for what is not, at every
    # 700th object and once more at the end, takes a third of a short command's time.
    gc.set_threshold(_OBJECTS)
    atexit.register(gc.freeze)
    watch_output()
    try:
        app()
    except DigestError as error:
        for line in str(error).splitlines():
            note(f"digest: {line}")
        sys.exit(error.exit_status)
    except BrokenPipeError:
        # The reader of our output went away (`digest … | head`); what is left has no reader.
        drop_output()
        sys.exit(1)
