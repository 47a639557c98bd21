"""What becomes of everybody when senders are killed or databases go away, and of odd mails.

    python -m benchmarks.faults kills [--rounds 200] [--seed N] [--database URL]
    python -m benchmarks.faults outage [--rounds 50] [--seed N]
    python -m benchmarks.faults mails [--count 100000] [--seed N] [--database URL]

`kills` sends editions to 1,000 readers over 20 connections, kills the sender at a random moment and
starts another, so many times; each edition's rows are then held against the journal of the server,
which knows what it took. It does so on SQLite and PostgreSQL, or on the empty database named; by
turns what may have left is held, and is sent again.

`outage` takes the database away from senders at random moments, and gives it back: PostgreSQL is
stopped as by a crash and started again; the disk under SQLite, a small one that only root can
mount, is filled. A sender waits until its database is back; one whose journal is on the full disk
ends in words, and the next goes on.

`mails` sends editions with hostile titles, names and addresses, signed with RSA and Ed25519, and
reads each mail anew from its raw bytes: header fields, parts, tokens, envelope, and both signatures
by dkimpy.

The seed is printed: with it the moments, or the texts, are the same again. What the machine does in
between is not.
"""

import argparse
import random
import sys

from benchmarks.fault_kills import kills
from benchmarks.fault_mails import mails
from benchmarks.fault_outage import outage


def main() -> int:
    """Read the command."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    kinds = {"kills": (kills, "--rounds", 200), "mails": (mails, "--count", 100_000)}
    for name, (_, size, usual) in kinds.items():
        command = commands.add_parser(name)
        command.add_argument(size, dest="size", type=int, default=usual)
        command.add_argument("--database", metavar="URL")
        command.add_argument("--seed", type=int, default=random.randrange(10**6))
    command = commands.add_parser("outage")
    command.add_argument("--rounds", type=int, default=50)
    command.add_argument("--seed", type=int, default=random.randrange(10**6))
    asked = parser.parse_args()
    print(f"seed {asked.seed}", flush=True)
    if asked.command == "outage":
        return outage(asked.rounds, asked.seed)
    return kinds[asked.command][0](asked.size, asked.seed, asked.database)


if __name__ == "__main__":
    sys.exit(main())
