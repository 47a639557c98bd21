"""Every feed of a corpus through the parser of `digest feeds parse`, beside feedparser's own count.

    python -m benchmarks.feed_corpora FOLDER [--every N]

Runs every feed's file below FOLDER through the parser of the child process, in this process for
speed, and every N-th one (100 unless given) through a child process as the
command does. An entry is lost when neither an article nor a rejection stands for it.
"""

import argparse
import io
import time
import warnings
from datetime import UTC, datetime
from pathlib import Path

import feedparser

from digest.errors import DigestError
from digest.ingest.feed_child import answer
from digest.ingest.feeds import read_feed

ENDINGS = {".xml", ".opml", ".json", ".rss", ".atom", ".rdf"}


def own_count(data: bytes) -> int:
    """How many entries feedparser itself finds, with its own settings."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return len(feedparser.parse(io.BytesIO(data)).entries)


def in_child(data: bytes, name: str) -> int:
    """How many articles the command would show."""
    try:
        return len(read_feed(data, name, datetime.now(UTC)).articles)
    except DigestError:
        return 0


def main() -> None:
    """Print crashes, entries lost, and the slowest and the largest file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--every", type=int, default=100)
    asked = parser.parse_args()
    files = sorted(path for path in asked.folder.rglob("*") if path.suffix in ENDINGS)
    crashes, unreadable, entries, articles, rejected, lost, children = [], 0, 0, 0, 0, 0, 0
    slowest, largest, yardstick, ours = (0.0, ""), (0, ""), 0.0, 0.0
    for number, path in enumerate(files):
        data, name = path.read_bytes(), str(path.relative_to(asked.folder))
        started = time.perf_counter()
        expected = own_count(data)
        yardstick += time.perf_counter() - started
        started = time.perf_counter()
        told = answer(data, "")
        took = time.perf_counter() - started
        ours += took
        slowest, largest = max(slowest, (took, name)), max(largest, (len(data), name))
        entries += expected
        if "error" in told:
            unreadable += 1
            lost += expected
            if "its parser failed" in told["error"]:
                crashes.append((name, told["error"]))
            elif expected:
                print(f"lost {expected} in {name}: {told['error']}")
        else:
            found = len(told["articles"]) + len(told["rejected"])
            articles += len(told["articles"])
            rejected += len(told["rejected"])
            # A JSON Feed is none to feedparser 6: more than it counts is no loss.
            lost += max(expected - found, 0)
            if found < expected:
                print(f"lost {expected - found} in {name}")
        if number % asked.every == 0:
            children += 1
            if in_child(data, name) != len(told.get("articles", ())):
                crashes.append((name, "the child process found something else"))
    for name, why in crashes:
        print(f"crash in {name}: {why}")
    print(f"{len(files)} files ({children} of them through a child process, too)")
    print(f"crashes {len(crashes)}, no feeds {unreadable}, entries {entries}, lost {lost}")
    print(f"articles {articles}, rejected {rejected}")
    print(f"slowest {slowest[0] * 1000:.0f} ms {slowest[1]}; largest {largest[0]:,} B {largest[1]}")
    print(f"yardstick: feedparser alone {yardstick:.1f} s; with our cleaning {ours:.1f} s", end="")
    print(f", ratio {ours / yardstick:.2f}" if yardstick else "")


if __name__ == "__main__":
    main()
