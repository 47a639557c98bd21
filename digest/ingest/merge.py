"""What becomes of a stored article when it comes in again. Pure.

A page knows more than a listing, and the publisher's own export more than either: the better
source's word stands, whichever came first. The same source corrects itself; another one as good
only fills what is blank. So importing the same things in any order, any number of times, comes to
rest instead of changing the article to and fro.
"""

from datetime import datetime
from typing import Any

from digest.ingest.clean import first_sentences
from digest.ingest.incoming import Incoming

_RANK = {"listing": 0, "feed": 1, "page": 2, "jsonl": 3}
_TEXTS = ("title", "url", "teaser", "language", "image_url", "image_alt", "image_caption")


def _rank(source: str) -> int:
    return _RANK.get(source.partition(":")[0], 0)


def new_row(incoming: Incoming, section: int, now: datetime) -> dict[str, Any]:
    """The row of an article seen for the first time; an undated one is dated now."""
    return {
        **{name: getattr(incoming, name) for name in _TEXTS},
        "teaser": incoming.teaser or first_sentences(incoming.body),
        "body": incoming.body,
        "body_html": incoming.body_html,
        "section_id": section,
        "tags": list(incoming.tags or ()),
        "authors": list(incoming.authors or ()),
        "priority": incoming.priority or 0,
        "source": incoming.source,
        "published": incoming.published or now,
        "known": now,
        "changed": now,
    }


def merged(
    row: dict[str, Any], incoming: Incoming, section: int | None, *, unfiled: bool
) -> dict[str, Any]:
    """The row after an article came in again; `section` is the one it names, if any.

    `unfiled` says that the stored row is in no section yet. What the incoming article does not
    know stays as it is.
    """
    told = _told(incoming, section)
    stronger = _rank(incoming.source) > _rank(row["source"])
    corrects = incoming.source == row["source"] and incoming.source != "listing"
    if stronger or corrects:
        result = {**row, **told, "source": incoming.source}
        if "image_url" in told and told["image_url"] != row["image_url"]:
            # Another picture does not keep the words of the one before.
            result.update(image_alt=incoming.image_alt, image_caption=incoming.image_caption)
        if not incoming.teaser and row["teaser"] == first_sentences(row["body"]):
            # Nobody wrote this teaser: it follows the body it was taken from.
            result["teaser"] = first_sentences(result["body"])
        return result
    result = {**row, **{name: value for name, value in told.items() if not row[name]}}
    if unfiled and section is not None:
        result["section_id"] = section
    if incoming.source == row["source"] == "listing" and len(incoming.teaser) > len(row["teaser"]):
        # Listings cut teasers to fit; the longest tells the most.
        result["teaser"] = incoming.teaser
    return result


def _told(incoming: Incoming, section: int | None) -> dict[str, Any]:
    """What the incoming article knows."""
    told: dict[str, Any] = {name: getattr(incoming, name) for name in _TEXTS}
    told = {name: value for name, value in told.items() if value}
    if incoming.body:
        told.update(body=incoming.body, body_html=incoming.body_html)
    for name in ("tags", "authors"):
        if getattr(incoming, name) is not None:
            told[name] = list(getattr(incoming, name))
    if incoming.priority is not None:
        told["priority"] = incoming.priority
    if incoming.published is not None:
        told["published"] = incoming.published
    if section is not None:
        told["section_id"] = section
    return told
