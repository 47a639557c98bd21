"""How large our mails are, and what a spam filter makes of them.

    python -m benchmarks.mail sizes [--random 200]
    python -m benchmarks.mail spam

`sizes` sends five typical editions, and one of 500 long stories to readers with every bad choice of
sections in every language; it weighs each mail as a server got it, and follows its links into the
pages on the web. `spam` lets Debian's SpamAssassin judge every mail that the program sends, by its
local rules.

Both sign with a key of either kind, as delivery does.
"""

import argparse
import sys

from benchmarks.mail_sizes import sizes
from benchmarks.mail_spam import spam


def main() -> int:
    """Read the command."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    weigh = commands.add_parser("sizes")
    weigh.add_argument("--random", type=int, default=200, help="choices at random, a language")
    commands.add_parser("spam")
    asked = parser.parse_args()
    return spam() if asked.command == "spam" else sizes(asked.random)


if __name__ == "__main__":
    sys.exit(main())
