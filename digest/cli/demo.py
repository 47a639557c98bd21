"""`digest demo`: one morning of an invented publisher, on this machine alone."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from digest.cli.common import one_command

app = one_command()


@app.command()
def demo(
    folder: Annotated[Path, typer.Option(help="Made anew at each run.")] = Path("demo-output"),
    wait: Annotated[
        bool | None,
        typer.Option(
            envvar="DEMO_WAIT", help="Keep the preview open; so at a terminal unless told."
        ),
    ] = None,
    show: Annotated[
        bool, typer.Option("--show", help="Only show what the last run left in the folder.")
    ] = False,
) -> None:
    """Show the whole main job: collect, group, compose, render, deliver to a local catcher."""
    from digest.demo.show import demonstrate, show_again

    if show:
        show_again(folder, typer.echo)
        return
    stays = sys.stdin.isatty() if wait is None else wait
    demonstrate(folder, typer.echo, wait=stays)
