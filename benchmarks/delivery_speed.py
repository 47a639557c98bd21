"""Messages a second beside the yardsticks, in turns."""

import shutil
import statistics
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.delivery_scratch import CONNECTIONS, Publisher, publish
from benchmarks.delivery_sending import Sending, run
from benchmarks.delivery_yardsticks import YARDSTICKS, Yardstick, node_modules
from tests.postfix import sink


@dataclass(frozen=True)
class Size:
    """How much is sent: subscribers of our edition, and rounds in which all take turns."""

    count: int
    rounds: int


def speed(size: Size) -> int:
    """Print how fast we and the yardsticks send to one `smtp-sink`."""
    with tempfile.TemporaryDirectory() as folder, sink() as port:
        beside(Path(folder), port, size, available())
    return 0


def available() -> list[Yardstick]:
    """The yardsticks that are to be had here; what is left out is said."""
    try:
        node_modules()
    except RuntimeError as error:
        print(f"A yardstick is left out: {error}", file=sys.stderr)
        return [yardstick for yardstick in YARDSTICKS if not yardstick.needs_node]
    return list(YARDSTICKS)


def beside(folder: Path, port: int, size: Size, yardsticks: Sequence[Yardstick]) -> None:
    """Send to the server on this port of 127.0.0.1 in turns, and print the table."""
    publisher = publish(folder / "publisher", "sqlite:///digest.db", port)
    edition = publisher.edition(range(1, size.count + 1))
    mail, mean = publisher.sample(edition)
    # Theirs are of our mean size: what is cut off is of the last line, which nobody looks at.
    message = folder / "message.eml"
    message.write_bytes(mail[: round(mean) - 2].rstrip(b"\r\n") + b"\r\n")
    ours: list[Sending] = []
    rates: dict[str, list[float]] = {yardstick.name: [] for yardstick in yardsticks}
    ways = [None, *yardsticks]
    for number in range(size.rounds):
        # Another one begins each time: none always comes after the same other one.
        first = number % len(ways)
        for way in ways[first:] + ways[:first]:
            if way is None:
                ours.append(once(publisher, edition, size.count))
            else:
                count = max(CONNECTIONS, round(size.count * way.share))
                rates[way.name].append(count / way.seconds(port, count, message))
    print(
        f"{size.count:,} mails of {mean / 1000:.1f} kB on average over {CONNECTIONS} connections, "
        f"medians of {size.rounds} rounds; the ledger on SQLite, fully synchronised"
    )
    own = [size.count / sending.sending for sending in ours]
    print(f"{'':<34}{'messages/s':>10}{'ours/theirs':>13}{'in each round':>18}{'aim':>8}")
    print(f"{'digest, sending':<34}{_median(own):>10,.0f}")
    whole = _median([size.count / sending.whole for sending in ours])
    preparing = _median([sending.preparing for sending in ours])
    print(f"{'digest, the whole command':<34}{whole:>10,.0f}   of it preparing {preparing:.2f} s")
    for yardstick in yardsticks:
        print(_row(yardstick, own, rates[yardstick.name]), flush=True)


def once(publisher: Publisher, edition: int, count: int) -> Sending:
    """Send the edition from a copy of the publisher's folder: it stays to be sent again."""
    turn = Publisher(publisher.folder.with_name("turn"))
    shutil.copytree(publisher.folder, turn.folder)
    try:
        sending = run(turn.config, edition)
        turn.check(edition, count)
    finally:
        shutil.rmtree(turn.folder)
    return sending


def _row(yardstick: Yardstick, own: Sequence[float], theirs: Sequence[float]) -> str:
    ratios = [mine / other for mine, other in zip(own, theirs, strict=True)]
    span = f"{min(ratios):.2f} to {max(ratios):.2f}"
    ratio = _median(own) / _median(theirs)
    aim = f"≥ {yardstick.aim:g}" if yardstick.aim else "none"
    return f"{yardstick.name:<34}{_median(theirs):>10,.0f}{ratio:>13.2f}{span:>18}{aim:>8}"


def _median(values: Sequence[float]) -> float:
    return statistics.median(values)
