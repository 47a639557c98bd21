"""Grouping, measured: how right it is on labelled sets, and how fast on made ones.

    python -m benchmarks.stories scores FOLDER                  labelled sets, *.jsonl.gz
    python -m benchmarks.stories speed [COUNT…] [--rounds N]    whole runs of the command
    python -m benchmarks.stories growth [FOLDER]                articles added to a day
    python -m benchmarks.stories make COUNT FILE                the made articles, as JSON Lines

`scores`: B-Cubed F1 and pairwise F1 of ours and of published methods, and the time each takes. A
labelled line has id, title, body, cluster, and perhaps date and lang. Whatever a method chooses or
learns, it does on the other sets, less the articles that they share with the one scored.

`speed`: `digest stories group` beside scikit-learn's TfidfVectorizer on the same file, by turns in
the same run; and how long the command takes to start.

`growth`: a hundred articles added to ten thousand made ones, beside grouping all of them at once,
and one in a hundred to each labelled set: the time, and how often the stories differ.

Everything runs on one core. What needs a package of the group `bench` that is not installed is
left out, and says so.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.made_articles import write
from benchmarks.one_core import one_core
from benchmarks.story_speed import speed

SPEED_COUNTS = (1_000, 10_000, 100_000)
ROUNDS = 3


def main(argv: Sequence[str] | None = None) -> int:
    """Run what the arguments ask for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.stories", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    kinds = parser.add_subparsers(dest="kind", required=True)
    kinds.add_parser("scores").add_argument("folder", type=Path)
    timing = kinds.add_parser("speed")
    timing.add_argument("counts", type=int, nargs="*", default=SPEED_COUNTS)
    timing.add_argument("--rounds", type=int, default=ROUNDS)
    kinds.add_parser("growth").add_argument("folder", type=Path, nargs="?")
    making = kinds.add_parser("make")
    making.add_argument("count", type=int)
    making.add_argument("file", type=Path)
    chosen = parser.parse_args(argv)
    if chosen.kind == "make":
        write(chosen.count, chosen.file)
        return 0
    one_core()
    if chosen.kind == "speed":
        return speed(chosen.counts, chosen.rounds)
    # numpy must not be imported before the process is confined to one core.
    if chosen.kind == "growth":
        from benchmarks.story_growth import growth  # noqa: PLC0415 - as said above

        return growth(chosen.folder)
    from benchmarks.story_scores import scores  # noqa: PLC0415

    return scores(chosen.folder)


if __name__ == "__main__":
    sys.exit(main())
