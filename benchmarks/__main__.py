"""`make bench`: the benchmarks that need no data from outside, one after the other."""

import subprocess
import sys

BENCHMARKS = (
    "rendering",
    "editions",
    "subscribers",
    "ingest",
    "stories speed",
    "stories growth",
    "delivery speed",
    "delivery cpu",
    "delivery audience",
)


def main() -> int:
    """Run each in a process of its own, so that none inherits another's memory."""
    failed = 0
    for name in BENCHMARKS:
        print(f"== {name}", flush=True)
        failed |= subprocess.run(
            [sys.executable, "-m", *f"benchmarks.{name}".split()], check=False
        ).returncode
    return failed


if __name__ == "__main__":
    sys.exit(main())
