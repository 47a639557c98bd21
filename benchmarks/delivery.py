"""How fast editions are sent, what a mail costs, and whether everybody got it.

    python -m benchmarks.delivery speed [--count 20000] [--rounds 5]
    python -m benchmarks.delivery cpu [--count 20000] [--rounds 5]
    python -m benchmarks.delivery audience [--count 100000] [--database URL]
    python -m benchmarks.delivery postfix [--count 5000] [--rounds 5]

`speed` sends to one `smtp-sink` in turns with Postfix's own load generator, nodemailer's pool,
smtplib in threads, aiosmtplib's pool and the common way of one render, one connection and one
commit a subscriber. `cpu` measures the processor time of our process, with and without DKIM.
`audience` sends to a hundred thousand on SQLite and PostgreSQL, or on the empty database named,
and checks every row. `postfix` sends through a real Postfix that accepts and discards; it needs
root.

Postfix's programs and nodemailer are fetched into the virtual environment where they are missing.
Whatever else the machine does takes from both sides, so look at ratios.
"""

import argparse
import sys

from benchmarks.delivery_audience import audience
from benchmarks.delivery_cpu import cpu
from benchmarks.delivery_postfix import real_server
from benchmarks.delivery_speed import Size, speed
from digest.errors import DigestError


def main() -> int:
    """Read the command."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    turns = {"speed": (speed, 20_000), "cpu": (cpu, 20_000), "postfix": (real_server, 5_000)}
    for name, (_, count) in turns.items():
        command = commands.add_parser(name)
        command.add_argument("--count", type=_positive, default=count)
        command.add_argument("--rounds", type=_positive, default=5)
    command = commands.add_parser("audience")
    command.add_argument("--count", type=_positive, default=100_000)
    command.add_argument("--database", metavar="URL")
    asked = parser.parse_args()
    try:
        if asked.command == "audience":
            return audience(asked.count, asked.database)
        return turns[asked.command][0](Size(asked.count, asked.rounds))
    except (DigestError, RuntimeError) as error:
        print(error, file=sys.stderr)
        return 1


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return number


if __name__ == "__main__":
    sys.exit(main())
