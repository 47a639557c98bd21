"""Assembling: pieces of a rendered page in a reader's order, with what fills their holes."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import lru_cache

from digest.rendering.blocks import Piece, Slot


def ordered(pieces: Sequence[Piece], order: Sequence[int]) -> Iterable[Piece]:
    """The pieces with the headings' parts in this order.

    What stands between two parts, such as the footnotes of the first, goes with that.
    """
    if order == sorted(order):
        return pieces
    numbers = [_heading_of(piece.scope) for piece in pieces]
    parted = [place for place, number in enumerate(numbers) if number is not None]
    if not parted:
        return pieces
    first, end = parted[0], parted[-1] + 1
    while end < len(pieces) and pieces[end].hole == "notes":
        end += 1
    parts: dict[int, list[Piece]] = {number: [] for number in order}
    current = order[0]
    for piece, number in zip(pieces[first:end], numbers[first:end], strict=True):
        current = current if number is None else number
        parts[current].append(piece)
    middle = (piece for number in order for piece in parts[number])
    return (*pieces[:first], *middle, *pieces[end:])


@lru_cache(10_000)
def _heading_of(scope: str) -> int | None:
    """The number of the heading that a block is a part of."""
    match scope.split(" "):
        case ["section" | "briefs", heading, *_]:
            return int(heading)
        case ["story" | "brief", _, heading, *_]:
            return int(heading)
    return None


def assembled(
    pieces: Iterable[Piece],
    scopes: Collection[str],
    values: Mapping[str, str],
    links: Sequence[str] = (),
) -> tuple[str | Slot, ...]:
    """The pieces within the scopes: stretches of text, and the slots between them."""
    done: list[str | Slot] = []
    run: list[str] = []
    notes = 0
    untold: list[str] = []
    for piece in pieces:
        if piece.scope not in scopes:
            continue
        if not piece.hole:
            run.append(piece.text)
        elif piece.hole in values:
            run.append(values[piece.hole])
        elif piece.hole.startswith("note "):
            notes += 1
            run.append(f"[{notes}]")
            untold.append(f"[{notes}] {links[int(piece.hole[5:])]}\n")
        elif piece.hole == "notes":
            run += [*untold, "\n"] if untold else []
            untold = []
        elif piece.hole.startswith("articles "):
            pass  # The reader has none there.
        else:
            done += ["".join(run), Slot(piece.hole)]
            run = []
    return (*done, "".join(run))


def fill(
    pieces: Sequence[str | Slot],
    values: Mapping[Slot, str],
    escape: Callable[[str], str] = str,
) -> str:
    """A part with a subscriber's values in its slots; for HTML, `escape` is `html.escape`."""
    filled = {slot: escape(value) for slot, value in values.items()}
    return "".join(filled[piece] if isinstance(piece, Slot) else piece for piece in pieces)
