"""A file of constraints, for grouping without a database."""

import json
from collections.abc import Callable
from itertools import combinations, repeat
from pathlib import Path

from digest.errors import CannotReadError
from digest.stories.hand import Hand, Pair, check

_REMEDY = 'write {"together": [id, id]} or {"apart": [id, id]}'


def read_constraints(path: Path, rejected: Callable[[int, str], None]) -> Hand:
    """What the lines of a file want: {"together": [id, id, …]} or {"apart": [id, id, …]}.

    Args:
        path: the file.
        rejected: is told the number of each line that is no constraint, and why.

    Raises:
        CannotReadError: the file is not there, or may not be read.
        ContradictionError: they cannot all be met.
    """
    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise CannotReadError(path=path, why=error.strerror) from error
    kept: dict[str, list[Pair]] = {"together": [], "apart": []}
    for number, line in enumerate(lines, start=1):
        if line.strip():
            try:
                kind, ids = _constraint(line)
            except ValueError as error:
                rejected(number, f"{error}: {_REMEDY}")
                continue
            # Of those kept together a tie to the first says all: there may be thousands.
            kept[kind] += combinations(ids, 2) if kind == "apart" else zip(repeat(ids[0]), ids[1:])
    hand = Hand(tuple(kept["together"]), tuple(kept["apart"]))
    check(hand, remedy="take one of these wishes out of the file")
    return hand


def _constraint(line: bytes) -> tuple[str, list[str]]:
    try:
        record = json.loads(line.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise ValueError("not JSON") from error
    match record:
        case {"together": [_, _, *_] as ids, **more} | {"apart": [_, _, *_] as ids, **more}:
            kind = "together" if "together" in record else "apart"
            # `type`, for to Python true and false are whole numbers.
            names = {str(name) for name in ids if type(name) in {str, int}}
            if not more and len(names) == len(ids):
                return kind, sorted(names)
    raise ValueError("no constraint on two different articles or more")
