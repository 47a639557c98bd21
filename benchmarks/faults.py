"""What becomes of everybody when senders are killed.

    python -m benchmarks.faults kills [--rounds 200] [--seed N] [--database URL]

`kills` sends editions to 1,000 readers over 20 connections, kills the sender at a random moment and
starts another, so many times; each edition's rows are then held against the journal of the server,
which knows what it took. It does so on SQLite and PostgreSQL, or on the empty database named; by
turns what may have left is held, and is sent again.

The seed is printed: with it the moments are the same again. What the machine does in between is
not.
"""

import argparse
import random
import sys

from benchmarks.fault_kills import kills


def main() -> int:
    """Read the command."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("kills")
    command.add_argument("--rounds", type=int, default=200)
    command.add_argument("--database", metavar="URL")
    command.add_argument("--seed", type=int, default=random.randrange(10**6))
    asked = parser.parse_args()
    print(f"seed {asked.seed}", flush=True)
    return kills(asked.rounds, asked.seed, asked.database)


if __name__ == "__main__":
    sys.exit(main())
