"""Which version of a piece is shown, and what that is to each of the others.

A correction that is an account of its own is shown, or else the latest version that is complete:
one that tells nearly as much as the fullest. So an update replaces what it updates, while a
shortened copy does not replace the full report, however late it comes. A correction holds for what
follows it too: a later version is shown in its place, unless that repeats what was corrected or
says nothing of its own. A notice, which says what was wrong and little more, replaces nothing: the
account stays, and the notice is told with it, until a later version says the right thing. Of
identical copies the first is shown, unless the editor pinned another or gave it a higher priority.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
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

    Of identical copies one whose id is `pinned` is shown; it never hides what came after it.
    """
    standing = _Standing(group)
    shown = standing.shown(pinned)
    older = sorted(
        (item for item in standing.items if item is not shown),
        key=lambda item: (standing.when(item), canonical(item)),
        reverse=True,
    )
    kinds = standing.kinds(shown)
    versions = tuple(Version(item, kinds(item)) for item in older)
    found = {version.kind for version in versions}
    marks = [kind for kind in (VersionKind.CORRECTION, VersionKind.UPDATE) if kind in found]
    says_so = standing.piece_of[shown.id].says_so
    return Account(shown, versions, mark="" if says_so else "".join(marks[:1]))


class _Standing:
    """The versions of one piece beside each other."""

    def __init__(self, group: Sequence[Piece]) -> None:
        self.items = [item for piece in group for item in piece.items]
        self.piece_of: Mapping[str, Piece] = {
            item.id: piece for piece in group for item in piece.items
        }
        self._group = group
        self._fullest = max(piece.length for piece in group)
        corrections = [item for item in self.items if self._replaces(self.piece_of[item.id])]
        last = max(corrections, key=lambda item: (self.when(item), canonical(item)), default=None)
        self._ruling = None if last is None else self._correction(last)

    def when(self, item: Item) -> datetime:
        """When an article was published."""
        return self.piece_of[item.id].when[item.id]

    def _replaces(self, piece: Piece) -> bool:
        """Whether a text is a correction that is an account of its own."""
        return piece.is_correction and piece.length >= ACCOUNT * self._fullest

    def _is_notice(self, piece: Piece) -> bool:
        return piece.is_correction and not self._replaces(piece)

    def _correction(self, item: Item) -> "_Correction":
        return _Correction(self.piece_of[item.id], self.when(item), self._before(self.when(item)))

    def _before(self, when: datetime) -> list[Piece]:
        """The accounts that were there before an instant."""
        return [one for one in self._group if one.earliest < when and not self._is_notice(one)]

    def _stands(self, item: Item) -> bool:
        """Whether no correction speaks against a version."""
        piece, ruling = self.piece_of[item.id], self._ruling
        follows = ruling is not None and ruling.is_followed_by(piece, self.when(item))
        return ruling is None or self._replaces(piece) or follows

    def shown(self, pinned: Collection[str]) -> Item:
        """The version that is shown."""

        def preference(item: Item) -> tuple[object, ...]:
            piece = self.piece_of[item.id]
            whole = self._replaces(piece) or piece.length >= COMPLETE * self._fullest
            return (self._stands(item), bool(item.title), whole, self.when(item), canonical(item))

        def precedence(item: Item) -> tuple[object, ...]:
            first = (self.when(item) == NEVER, self.when(item), canonical(item))
            return (item.id not in pinned, not item.title, -item.priority, *first)

        best = max(self.items, key=preference)
        stands, piece = self._stands(best), self.piece_of[best.id]
        same = (item for item in self.items if _same(piece, self.piece_of[item.id]))
        return min((item for item in same if self._stands(item) == stands), key=precedence)

    def kinds(self, shown: Item) -> Callable[[Item], VersionKind]:
        """What the version that is shown is to each of the others."""
        by, by_when = self.piece_of[shown.id], self.when(shown)
        correction = self._correction(shown) if by.is_correction else None

        def kind(item: Item) -> VersionKind:
            piece, when = self.piece_of[item.id], self.when(item)
            if by is piece:
                return VersionKind.COPY
            if self._is_notice(piece):
                taken_over = NEVER < when < by_when and self._heeds(by, piece, when)
                return VersionKind.UPDATE if taken_over else VersionKind.NOTICE
            if correction is not None:
                return correction.kind(piece, when)
            later = by_when > when
            if later and (by.is_marked or _new_runs(by, piece) or by.numbers - piece.numbers):
                return VersionKind.UPDATE
            return VersionKind.COPY

        return kind

    def _heeds(self, by: Piece, notice: Piece, when: datetime) -> bool:
        """Whether a later account says something that a notice brought: a number or a name."""
        brought = set(notice.numbers | notice.named)
        for piece in self._before(when):
            if not piece.is_correction:
                brought -= piece.numbers
                brought -= piece.words
        return bool(brought & (by.numbers | by.words)) or not _new_runs(notice, by)


class _Correction:
    """A correction that is an account, by what it says anew and what it no longer says."""

    def __init__(self, piece: Piece, when: datetime, before: Sequence[Piece]) -> None:
        self.piece = piece
        self.when = when
        said = [one.runs | one.numbers for one in before if one is not piece]
        # What a correction corrects is the version that came before it.
        self._corrected = max(
            (one for one in before if not one.is_correction),
            key=lambda one: (one.earliest, one.length, one.key),
            default=None,
        )
        was: frozenset[int | str] = frozenset().union(*said)
        now: frozenset[int | str] = piece.runs | piece.numbers
        self._corrects_something = bool(said)
        self._right, self._wrong = now - was, was - now

    def kind(self, piece: Piece, when: datetime) -> VersionKind:
        """What it is to another version."""
        corrected = self._corrected
        if when > self.when and (corrected is None or not self.is_repeated_in(piece)):
            return VersionKind.COPY
        if not _new_runs(self.piece, piece):
            repeats = when >= self.when and self.piece.numbers <= piece.numbers
            if piece.is_correction or repeats:
                return VersionKind.COPY
        if corrected is None or corrected.earliest <= piece.earliest:
            return VersionKind.CORRECTION
        updated = _new_runs(corrected, piece) or corrected.numbers - piece.numbers
        return VersionKind.UPDATE if updated else VersionKind.CORRECTION

    def is_followed_by(self, piece: Piece, when: datetime) -> bool:
        """Whether a version came later, with something of its own, and does not take it back."""
        own = piece.telling - self.piece.runs or piece.numbers - self.piece.numbers
        return NEVER < self.when < when and bool(own) and not self.is_repeated_in(piece)

    def is_repeated_in(self, piece: Piece) -> bool:
        """Whether a text says what was corrected rather than what is right."""
        if not self._corrects_something:  # what it corrects is not here: a copy of that may be
            return not _new_runs(piece, self.piece)
        says = piece.runs | piece.numbers
        wrong = len(says & self._wrong) / max(1, len(self._wrong))
        return 0 < wrong >= len(says & self._right) / max(1, len(self._right))


def _same(one: Piece, other: Piece) -> bool:
    """Whether another piece tells all that one does, and comes as what it comes as.

    Of two corrections the later may correct what the first left wrong.
    """
    return one is other or (
        bool(one.telling)
        and one.telling <= other.runs
        and one.numbers <= other.numbers
        and one.is_marked == other.is_marked
        and not (one.is_correction or other.is_correction)
    )


def _new_runs(by: Piece, piece: Piece) -> bool:
    return len(by.telling - piece.runs) > NEW_RUNS * len(by.telling)
