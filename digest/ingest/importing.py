"""Article files into the store: opened, read as a stream, and upserted."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from digest.config import Settings
from digest.ingest import clean
from digest.ingest.files import Format, Outcome, Reading, read_file
from digest.ingest.incoming import Incoming, Report
from digest.ingest.upsert import store_articles
from digest.store import Store


def import_files(
    store: Store,
    settings: Settings,
    paths: Sequence[str],
    now: datetime,
    *,
    form: Format = Format.AUTO,
    section: str = "",
) -> Report:
    """Import the articles of some files; "-" is standard input.

    Args:
        store: where they go.
        settings: the site's zone, the declared sections, and how much is read at once.
        paths: the files.
        now: when what is new became known.
        form: what the files are; AUTO looks inside each.
        section: for articles that name none of their own.

    Raises:
        StoreError: the database failed; the batches before that one are in.
    """
    declared = settings.declared_sections()
    zone = ZoneInfo(settings.site.timezone)
    reading = Reading(zone, now, settings.ingest.max_bytes, declared.keys())
    otherwise = clean.section(section)

    def outcomes() -> Iterator[Outcome]:
        for path in paths:
            for outcome in read_file(path, form, reading):
                if isinstance(outcome, Incoming) and otherwise:
                    yield replace(outcome, otherwise_section=otherwise)
                else:
                    yield outcome

    return store_articles(store, outcomes(), declared, now)
