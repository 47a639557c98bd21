"""Progress, on standard error: of a sending a bar at a terminal, else a line now and then."""

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Column
from rich.text import Text

from digest.cli.common import note

if TYPE_CHECKING:
    from digest.delivery import Tally

Tell = Callable[["Tally"], None]

_WINDOW = timedelta(seconds=10)
"""Over which the rate is taken: longer ones hide that a server has slowed down."""
_EVERY = timedelta(seconds=10)
"""Between two lines where there is no terminal."""
_SLOW = 10
"""A second; fewer are told with a decimal."""


@contextmanager
def sending_progress(clock: Callable[[], datetime], *, quiet: bool) -> Iterator[Tell | None]:
    """What to tell an account to, about once a second; None when `quiet`."""
    console = Console(stderr=True)
    if quiet:
        yield None
    elif console.is_terminal:
        with _bar(console) as bar:
            yield _to_bar(bar, clock)
    else:
        yield _to_lines(clock)


@contextmanager
def working() -> Iterator[Callable[[str], object]]:
    """What to tell what is worked on, of work that takes seconds: a line at a terminal alone."""
    console = Console(stderr=True)
    if console.is_terminal:
        with console.status("") as status:
            yield lambda what: status.update(Text(what))
    else:
        yield lambda _: None


class Pace:
    """How fast a number grows, over the last seconds."""

    def __init__(self) -> None:
        self._seen: deque[tuple[datetime, int]] = deque()

    def rate(self, now: datetime, number: int) -> float:
        """Growth a second up to now, where the number has just been seen; 0 at first."""
        self._seen.append((now, number))
        while self._seen[0][0] < now - _WINDOW and len(self._seen) > 2:  # noqa: PLR2004 - a rate takes two
            self._seen.popleft()
        since, before = self._seen[0]
        seconds = (now - since).total_seconds()
        return max(number - before, 0) / seconds if seconds > 0 else 0.0


def outlook(account: "Tally", rate: float, now: datetime) -> str:
    """Rate, time left, who is left, and why nothing leaves: what stands beside the bar."""
    parts = []
    if rate:
        parts.append(f"{rate:,.0f}/s" if rate >= _SLOW else f"{rate:.1f}/s")
    if account.next_waiting and account.next_waiting > now:
        parts.append(f"{account.waiting:,} waiting, {_next('turn', account.next_waiting, now)}")
    elif account.waiting and rate and not account.note:
        parts.append(f"{_length(account.waiting / rate)} left")
    if account.deferred and account.next_deferred:
        parts.append(f"{account.deferred:,} deferred, {_next('try', account.next_deferred, now)}")
    parts += [
        f"{count:,} {name}"
        for name, count in (("refused", account.refused), ("uncertain", account.uncertain))
        if count
    ]
    if account.note and not rate:  # a note may be of a while ago: what leaves now says more
        parts.append(account.note)
    return " · ".join(parts)


def _next(what: str, due: datetime, now: datetime) -> str:
    return f"next {what} in {_length(max((due - now).total_seconds(), 0))}"


def _length(seconds: float) -> str:
    text = str(timedelta(seconds=round(seconds)))
    return text.removeprefix("0:").removeprefix("0") if text.startswith("0:") else text


def _bar(console: Console) -> Progress:
    return Progress(
        TextColumn("sending"),
        BarColumn(bar_width=20),
        MofNCompleteColumn(),
        # Folded, not cut: a note says at its end what to do.
        TextColumn("{task.fields[outlook]}", markup=False, table_column=Column(overflow="fold")),
        console=console,
        transient=True,
    )


def _to_bar(bar: Progress, clock: Callable[[], datetime]) -> Tell:
    pace = Pace()
    task = bar.add_task("sending", total=None, outlook="")

    def tell(account: "Tally") -> None:
        now = clock()
        rate = pace.rate(now, account.audience - account.waiting)
        said = outlook(account, rate, now)
        bar.update(task, total=account.audience, completed=account.done, outlook=said)

    return tell


def _to_lines(clock: Callable[[], datetime]) -> Tell:
    pace = Pace()
    told: datetime = clock()

    def tell(account: "Tally") -> None:
        nonlocal told
        now = clock()
        rate = pace.rate(now, account.audience - account.waiting)
        if now - told >= _EVERY:
            told = now
            said = outlook(account, rate, now)
            note(f"{account.done:,} of {account.audience:,} done" + (f" · {said}" if said else ""))

    return tell
