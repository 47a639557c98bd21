"""What grouping has learned: the coefficients in `model.json`, and what they were made from."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FILE = Path(__file__).with_name("model.json")


@dataclass(frozen=True)
class Model:
    """The learned part of grouping.

    `pair` has a coefficient for each of `similarity.EVIDENCE`: their weighted sum is the logarithm
    of a pair's weight, in units of the price that a large story pays for a pair. `smallness`,
    `apart`, `apart_headlines` and `apart_few` are those of `grouping.communities`. `shares` says
    for some languages in which share of its articles a stem is found.
    """

    pair: tuple[float, ...]
    smallness: float
    apart: float
    apart_headlines: float
    apart_few: float
    shares: Mapping[str, Mapping[str, float]]


@cache
def load() -> Model:
    """The model that the package comes with."""
    record = json.loads(FILE.read_text(encoding="utf-8"))
    return Model(
        pair=tuple(record["pair"].values()),
        shares=record["shares"],
        **record["communities"],
    )
