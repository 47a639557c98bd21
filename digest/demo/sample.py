"""The files of the sample day: where they are, and how they get into a folder of one's own."""

import json
import shutil
from datetime import UTC, date, datetime
from importlib.resources import as_file, files
from pathlib import Path

EDITION_DATE = date(2026, 3, 3)
# 07:00 in Sofia, the cut-off: all but one of the articles were published before it.
MORNING = datetime(2026, 3, 3, 5, 0, tzinfo=UTC)

# One of each kind that `digest articles import` reads; the feed names no section of its own.
ARTICLE_FILES = {"articles.jsonl": "", "page.txt": "", "listing.txt": "", "world.xml": "World"}


def unpack(folder: Path) -> None:
    """Copy the sample day into `folder`, which is made where it is absent.

    Raises:
        OSError: the folder cannot be written.
    """
    with as_file(files(__package__) / "sample") as sample:
        shutil.copytree(sample, folder, dirs_exist_ok=True)


def stories() -> dict[str, list[str]]:
    """The stories of two and more articles in `articles.jsonl`, as ids, as a reader groups them."""
    text = (files(__package__) / "sample" / "stories.json").read_text(encoding="utf-8")
    told: dict[str, list[str]] = json.loads(text)
    return told
