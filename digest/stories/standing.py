"""Which version of a piece is shown, and what that is to each of the others.

A correction that is an account of its own is shown, or else the latest version that is complete:
one that tells nearly as much as the fullest. So an update replaces what it updates, while a
shortened copy does not replace the full report, however late it comes. A notice, which says what
was wrong and little more, replaces nothing: the account stays, and the notice is told with it. Of
identical copies the first is shown, unless the editor gave another a higher priority.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from digest.stories.items import Account, Item, Version, VersionKind, canonical
from digest.stories.pieces import NEVER, Piece

# Of the fullest version's words, the share that makes another version a complete one.
COMPLETE = 0.8
# A correction with a smaller share of them than this is a notice.
ACCOUNT = 0.5
# A version with no more new runs than this share, and no new number, is a copy and no update.
NEW_RUNS = 0.1


def as_account(group: Sequence[Piece], pinned: Collection[str]) -> Account:
    """The account that near-duplicates are: the version that is shown, and all others.

    One whose id is `pinned` is shown unless another corrects it.
    """
    piece_of = {item.id: piece for piece in group for item in piece.items}
    items = [item for piece in group for item in piece.items]
    shown = _shown(items, piece_of, pinned)
    kinds = _Kinds(shown, piece_of)
    older = sorted(
        (item for item in items if item is not shown),
        key=lambda item: (piece_of[item.id].when[item.id], canonical(item)),
        reverse=True,
    )
    versions = tuple(Version(item, kinds.of(item)) for item in older)
    found = {version.kind for version in versions}
    marks = [kind for kind in (VersionKind.CORRECTION, VersionKind.UPDATE) if kind in found]
    says_so = piece_of[shown.id].says_so
    return Account(shown, versions, mark="" if says_so else "".join(marks[:1]))


def _shown(items: Sequence[Item], piece_of: Mapping[str, Piece], pinned: Collection[str]) -> Item:
    fullest = max(piece.length for piece in piece_of.values())

    def preference(item: Item) -> tuple[object, ...]:
        piece = piece_of[item.id]
        replaces = piece.is_correction and piece.length >= ACCOUNT * fullest
        whole = replaces or piece.length >= COMPLETE * fullest
        when = piece.when[item.id]
        return (replaces, item.id in pinned, bool(item.title), whole, when, canonical(item))

    def precedence(item: Item) -> tuple[object, ...]:
        when = piece_of[item.id].when[item.id]
        first = (when == NEVER, when, canonical(item))
        return (item.id not in pinned, not item.title, -item.priority, *first)

    best = piece_of[max(items, key=preference).id]
    return min((item for item in items if _same(best, piece_of[item.id])), key=precedence)


def _same(one: Piece, other: Piece) -> bool:
    """Whether another piece tells all that one does, and comes as what it comes as."""
    return one is other or (
        bool(one.telling)
        and one.telling <= other.runs
        and one.numbers <= other.numbers
        and (one.is_marked, one.is_correction) == (other.is_marked, other.is_correction)
    )


class _Kinds:
    """What the version that is shown is to each of the others."""

    def __init__(self, shown: Item, piece_of: Mapping[str, Piece]) -> None:
        self._piece_of = piece_of
        self._by = piece_of[shown.id]
        self._when = self._by.when[shown.id]
        self._fullest = max(piece.length for piece in piece_of.values())
        before = (
            piece
            for piece in piece_of.values()
            if not piece.is_correction and piece.earliest < self._when
        )
        # What a correction corrects is the version that came before it.
        self._corrected = max(
            before, key=lambda piece: (piece.earliest, piece.length, piece.key), default=None
        )

    def of(self, item: Item) -> VersionKind:
        by, piece = self._by, self._piece_of[item.id]
        when = piece.when[item.id]
        if by is piece:
            return VersionKind.COPY
        if piece.is_correction and piece.length < ACCOUNT * self._fullest:
            return VersionKind.UPDATE if NEVER < when < self._when else VersionKind.NOTICE
        if by.is_correction:
            return self._by_correction(piece, when)
        later = self._when > when
        if later and (by.is_marked or _new_runs(by, piece) or by.numbers - piece.numbers):
            return VersionKind.UPDATE
        return VersionKind.COPY

    def _by_correction(self, piece: Piece, when: datetime) -> VersionKind:
        by, corrected = self._by, self._corrected
        if not _new_runs(by, piece):
            repeats = when >= self._when and by.numbers <= piece.numbers
            if piece.is_correction or repeats:
                return VersionKind.COPY
        if corrected is None or corrected.earliest <= piece.earliest:
            return VersionKind.CORRECTION
        updated = _new_runs(corrected, piece) or corrected.numbers - piece.numbers
        return VersionKind.UPDATE if updated else VersionKind.CORRECTION


def _new_runs(by: Piece, piece: Piece) -> bool:
    return len(by.telling - piece.runs) > NEW_RUNS * len(by.telling)
