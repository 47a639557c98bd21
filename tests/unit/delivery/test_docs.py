"""The page that explains delivery names the outcomes and reasons that there are."""

import re
from pathlib import Path

from digest.delivery.transitions import GAVE_UP, Skip
from digest.store.models import DeliveryStatus

PAGE = Path(__file__).parents[3] / "docs/explanation/delivery.md"


def test_every_reason_to_skip_is_explained_and_no_other():
    text = PAGE.read_text(encoding="utf-8")
    table = text.partition("## Why somebody was skipped")[2].partition("## ")[0]
    assert set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)) == set(Skip)
    assert f"`{GAVE_UP}`" in text


def test_every_outcome_is_explained():
    text = PAGE.read_text(encoding="utf-8")
    named = set(re.findall(r"^ +\| \*+(\w+)\*+ \|", text, re.MULTILINE))
    # A claimed row counts as waiting: it is in flight.
    assert named == set(DeliveryStatus) - {DeliveryStatus.CLAIMED}
