"""The progress of a sending at the terminal, on standard error."""

from types import TracebackType
from typing import TYPE_CHECKING, Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

if TYPE_CHECKING:
    from digest.delivery import Tally


class SendingProgress:
    """A bar with rate and time left; nothing where standard error is no terminal."""

    def __init__(self) -> None:
        self._bar = Progress(
            TextColumn("sending"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            transient=True,
        )
        self._bar.disable = not self._bar.console.is_terminal
        self._task = self._bar.add_task("sending", total=None, rate="")

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bar.stop()

    def show(self, account: "Tally") -> None:
        """Show how far it is."""
        speed = self._bar.tasks[0].speed
        rate = f"{speed:.0f}/s" if speed else ""
        self._bar.update(self._task, total=account.audience, completed=account.done, rate=rate)
