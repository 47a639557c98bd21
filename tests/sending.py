"""A sender in a process of its own, which dies or falls asleep at a step that is named.

    python -m tests.sending CONFIG EDITION [--kill STEP] [--freeze STEP] [--turn N] [--lease S]

The program is as it is; what marks a step is a function of it that is wrapped here.
"""

import argparse
import asyncio
import itertools
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

from digest.bootstrap import App
from digest.delivery import audience, recovery, send_edition, sender
from digest.delivery.clerk import Clerk
from digest.delivery.journal import Journal
from digest.delivery.ledger import Ledger
from digest.delivery.paces import Paces
from digest.delivery.wire import Dialogue

_PATIENCE = 60.0
_exchanging = threading.Lock()
_DOT = b"\r\n.\r\n"


class Step(NamedTuple):
    """Before or after a call of a function; `counts` says which calls, by their arguments."""

    owner: Any
    name: str
    after: bool
    counts: Callable[..., bool] = lambda *_: True


WAY = {
    "the audience is written": Step(audience, "_write_rows", after=True),
    "the audience is frozen": Step(sender, "begin", after=True),
    "before the exchange": Step(Ledger, "exchange", after=False),
    "before the exchange is committed": Step(Paces, "save", after=True),
    "the exchange is committed": Step(Ledger, "exchange", after=True),
    "before the message is begun": Step(Journal, "begin", after=False),
    "the message is begun": Step(Journal, "begin", after=True),
    "the final dot has left": Step(
        Dialogue, "say", after=True, counts=lambda _, data, *__: _DOT in data
    ),
    "the answer is heard": Step(Clerk, "heard", after=False),
    "the answer is noted": Step(Clerk, "heard", after=True),
    "the delivery is settled": Step(Clerk, "settle", after=True),
    "another's journal is sealed": Step(recovery, "seal", after=True),
    "before another's claims are settled": Step(recovery, "record", after=False),
    "another's claims are settled": Step(recovery, "record", after=True),
}
"""Steps on the way: a sender that follows one killed comes to all of them."""
ENDS = {
    "before claims are given back": Step(Ledger, "give_back", after=False),
    "claims are given back": Step(Ledger, "give_back", after=True),
    "the journal is closed": Step(Journal, "close", after=True),
    "before the edition is complete": Step(sender, "complete", after=False),
    "the edition is complete": Step(sender, "complete", after=True),
}
"""Steps that a sender comes to once everybody has had a turn."""
CLEARING = {
    "before another's journal is removed": Step(recovery, "forget", after=False),
    "another's journal is removed": Step(recovery, "forget", after=True),
}
"""Steps that the one comes to who finishes an edition after a sender that was killed."""
STEPS = WAY | ENDS | CLEARING

CONNECTIONS = 4


def configure(folder: Path, port: int, more: str = "") -> Path:
    """Let senders find the server at a port; gives the configuration's file."""
    config = folder / "digest.toml"
    with config.open("a", encoding="utf-8") as file:
        file.write(f"[smtp]\nport = {port}\nmax_connections = {CONNECTIONS}\n{more}\n")
    return config


def start(config: Path, edition: int, **options: object) -> subprocess.Popen[bytes]:
    """Start a sender."""
    command = [sys.executable, "-m", "tests.sending", str(config), str(edition)]
    for name, value in options.items():
        command += [f"--{name}", str(value)]
    return subprocess.Popen(command, cwd=Path(__file__).parent.parent)


def ended(sender: subprocess.Popen[bytes]) -> int:
    """The status that a sender ends with by itself; one that does not is killed."""
    try:
        return sender.wait(_PATIENCE)
    except subprocess.TimeoutExpired:
        sender.kill()
        raise


def _freeze() -> None:
    """Stop this process, though not inside a transaction: its locks would hold everybody up."""
    with _exchanging:
        os.kill(os.getpid(), signal.SIGSTOP)


def die() -> None:
    """End this process at once, with nothing put in order."""
    os.kill(os.getpid(), signal.SIGKILL)


def _exchange(true: Callable[..., object]) -> Callable[..., object]:
    def exchange(*arguments: object) -> object:
        with _exchanging:
            return true(*arguments)

    return exchange


def strike(step: Step, turn: int, fault: Callable[[], None]) -> None:
    """Let something happen when a step is reached for the `turn`th time."""
    true, turns = getattr(step.owner, step.name), itertools.count(1)

    def reached(*arguments: object) -> None:
        if step.counts(*arguments) and next(turns) == turn:
            fault()

    def struck(*arguments: object, **options: object) -> object:
        if not step.after:
            reached(*arguments)
        result = true(*arguments, **options)
        if step.after:
            reached(*arguments)
        return result

    setattr(step.owner, step.name, struck)


def main() -> None:
    """The process."""
    parser = argparse.ArgumentParser()
    parser.add_argument("config", type=Path)
    parser.add_argument("edition", type=int)
    parser.add_argument("--kill", choices=STEPS)
    parser.add_argument("--freeze", choices=STEPS)
    parser.add_argument("--turn", type=int, default=1)
    parser.add_argument("--lease", type=float)
    asked = parser.parse_args()
    if asked.kill:
        strike(STEPS[asked.kill], asked.turn, die)
    if asked.freeze:
        Ledger.exchange = _exchange(Ledger.exchange)  # type: ignore[method-assign, assignment]
        strike(STEPS[asked.freeze], asked.turn, _freeze)
    if asked.lease:
        lease = timedelta(seconds=asked.lease)
        # No setting makes it so short.
        sender._lease = lambda _settings: lease  # type: ignore[assignment]
    app = App.from_file(asked.config)
    asyncio.run(send_edition(app.store, app.press, asked.edition))
    app.close()


if __name__ == "__main__":
    main()
