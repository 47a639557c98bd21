"""What mail clients support, as caniemail.com's testers found: see facts.json, `make facts`."""

import json
from functools import cache
from pathlib import Path
from typing import NamedTuple

# Outlook on Windows shows mails in Word, and alone reads conditional comments for "mso".
WORD = "outlook.windows"


class Feature(NamedTuple):
    """A feature of HTML or CSS: the clients without it, and those with a part of it.

    `partly` says of each client what is missing there.
    """

    title: str
    no: tuple[str, ...]
    partly: dict[str, str]


class Facts(NamedTuple):
    """The facts, and where they are from. `clients` has a name for each key."""

    source: str
    licence: str
    updated: str
    clients: dict[str, str]
    features: dict[str, Feature]


@cache
def facts() -> Facts:
    """The facts that ship with the program."""
    data = json.loads(Path(__file__).with_name("facts.json").read_text(encoding="utf-8"))
    features = {
        slug: Feature(feature["title"], tuple(feature["no"]), feature["partly"])
        for slug, feature in data.pop("features").items()
    }
    return Facts(features=features, **data)
