"""The editor's hand: which articles are one story, which never are, and which stand first."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, count, pairwise
from typing import Any

from digest.errors import ContradictionError

Pair = tuple[str, str]


@dataclass(frozen=True)
class Hand:
    """What an editor decided, by article id.

    The stories of two articles kept `together` are one story; two kept `apart` never are in one.
    Both reach along a chain of articles kept together, even where some of it are not in the input:
    they may have been in yesterday's edition. `pins` stand first, in this order.
    """

    together: tuple[Pair, ...] = ()
    apart: tuple[Pair, ...] = ()
    pins: tuple[str, ...] = ()

    @cached_property
    def places(self) -> Mapping[str, int]:
        """The place of each pinned article."""
        return {article: place for place, article in reversed([*enumerate(self.pins)])}

    def place(self, article: str) -> int:
        """An article's place among the pinned ones; all others come after those."""
        return self.places.get(article, len(self.pins))


NO_HAND = Hand()


def obey(
    groups: Sequence[Sequence[int]], ids: Sequence[str], hand: Hand, row_of: Any, weights: Any
) -> list[list[int]]:
    """Groups that do what the editor wants; one that holds no article they name stays as it is.

    Kept together means that the whole stories of two articles become one: that is what is meant
    by "these are one story". A story that holds articles kept apart is divided. These make its
    sides: they join where they may, the closest first. Then the side and the article with the
    highest mean tie join, again and again; what has no tie to any side stays with what it was
    grouped with.
    Identical texts, and articles kept together, go as one. Where the two wishes contradict each
    other, apart wins.

    Args:
        groups: a partition of the numbers of the articles.
        ids: each article's id.
        hand: what the editor decided.
        row_of: the row of each article's text in `weights`, -1 for a text without words.
        weights: sparse and symmetric; higher is closer, absent is no tie.

    Returns:
        A partition of the same numbers: the stories by their first articles, each in order.
    """
    numbers = {article: number for number, article in enumerate(ids)}
    absent = count(len(ids))
    for one, two in _in_order((*hand.together, *hand.apart)):
        numbers.setdefault(one, next(absent))
        numbers.setdefault(two, next(absent))
    parts = _Parts((numbers[one], numbers[two]) for one, two in hand.apart)
    pools = _Parts(())
    for one, two in _in_order(hand.together):
        if parts.join(numbers[one], numbers[two]):
            pools.join(numbers[one], numbers[two])
    for group in groups:
        for number in group:
            pools.join(group[0], number)
    pooled: dict[int, list[Sequence[int]]] = {}
    for group in sorted(map(sorted, groups)):
        pooled.setdefault(pools.find(group[0]), []).append(group)
    stories = []
    for pool in pooled.values():
        numbers_in = sorted(chain.from_iterable(pool))
        if parts.are_guarded(numbers_in):
            stories += _divided(numbers_in, pool, parts, row_of, weights)
        else:
            stories.append(numbers_in)
    return sorted(stories)


def check(
    hand: Hand,
    wished: Collection[Pair] = (),
    remedy: str = "forget one of these pairs first (`digest stories forget`)",
) -> None:
    """Make sure that the wishes agree with each other.

    Args:
        hand: the wishes.
        wished: the pairs of it that are wished now; where it is one of these that cannot be kept
            together, the message says so, and not that others cannot be kept apart.
        remedy: what to do about it.

    Raises:
        ContradictionError: a chain of articles is kept together whose ends are kept apart.
    """
    beside: dict[str, set[str]] = {}
    for one, two in hand.together:
        beside.setdefault(one, set()).add(two)
        beside.setdefault(two, set()).add(one)
    reached: dict[str, str] = {}
    for article in beside:
        if article not in reached:
            reached.update(dict.fromkeys(_before(beside, article), article))
    for one, two in _in_order(hand.apart):
        if reached.get(one, one) == reached.get(two, two):
            before, chain = _before(beside, one), [two]
            while chain[-1] != one:
                chain.append(before[chain[-1]])
            raise _contradiction((one, two), [*pairwise(reversed(chain))], wished, remedy)


def _contradiction(
    apart: Pair, links: Sequence[Pair], wished: Collection[Pair], remedy: str
) -> ContradictionError:
    now = {frozenset(pair) for pair in wished}
    meant = next((link for link in links if frozenset(link) in now), None)
    chain = " and ".join(f"{one} with {two}" for one, two in links if (one, two) != meant)
    others = [f"{chain} are together"] if chain else []
    if meant:
        others.insert(0, "{} and {} are apart".format(*apart))
    one, two = meant or apart
    kind = "together" if meant else "apart"
    return ContradictionError(
        one=one, two=two, kind=kind, others=" and ".join(others), remedy=remedy
    )


def _before(beside: Mapping[str, Collection[str]], article: str) -> dict[str, str]:
    """For each article that chains lead to, the one before it on the shortest chain."""
    before = {article: article}
    found = [article]
    for one in found:  # grows while it is read, the shorter chains first
        for further in sorted(beside.get(one, ())):
            if further not in before:
                before[further] = one
                found.append(further)
    return before


def _in_order(pairs: Iterable[Pair]) -> list[Pair]:
    """Pairs in an order that does not depend on the one they came in."""
    return sorted((min(pair), max(pair)) for pair in pairs)


class _Parts:
    """Disjoint parts of some numbers, which grow by joining unless they hold a guarded pair."""

    def __init__(self, apart: Iterable[tuple[int, int]]) -> None:
        self._parents: dict[int, int] = {}
        self._foes: dict[int, set[int]] = {}  # the parts that a part may not join
        for one, two in apart:
            self._foes.setdefault(one, set()).add(two)
            self._foes.setdefault(two, set()).add(one)

    def find(self, number: int) -> int:
        """The number that stands for the part of a number."""
        while (parent := self._parents.get(number, number)) != number:
            self._parents[number] = self._parents.get(parent, parent)
            number = parent
        return number

    def join(self, one: int, two: int) -> bool:
        """Make two numbers' parts one; False where that may not be."""
        one, two = sorted((self.find(one), self.find(two)))
        if one == two:
            return True
        if two in self._foes.get(one, ()):
            return False
        self._parents[two] = one
        foes = self._foes.pop(two, set())
        for foe in foes:
            self._foes[foe].remove(two)
            self._foes[foe].add(one)
        if foes:
            self._foes.setdefault(one, set()).update(foes)
        return True

    def gather(self, numbers: Iterable[int]) -> None:
        """Join each to the first that it may join."""
        firsts: list[int] = []
        for number in dict.fromkeys(map(self.find, numbers)):
            if not any(self.join(first, number) for first in firsts):
                firsts.append(number)

    def are_guarded(self, numbers: Iterable[int]) -> bool:
        """Whether something may not join some of the numbers."""
        return any(self.find(number) in self._foes for number in numbers)


def _divided(
    pool: Sequence[int],
    groups: Sequence[Sequence[int]],
    parts: _Parts,
    row_of: Any,
    weights: Any,
) -> list[list[int]]:
    copies: dict[int, list[int]] = {}
    for number in pool:
        copies.setdefault(int(row_of[number]), []).append(number)
    copies.pop(-1, None)
    for numbers in copies.values():
        parts.gather(numbers)
    _grow(pool, groups, parts, copies, weights)
    # What has no tie to any side stays with what it was grouped with, and never meets strangers.
    for group in groups:
        parts.gather(group)
    divided: dict[int, list[int]] = {}
    for number in pool:
        divided.setdefault(parts.find(number), []).append(number)
    return list(divided.values())


def _grow(
    pool: Sequence[int],
    groups: Sequence[Sequence[int]],
    parts: _Parts,
    copies: Mapping[int, Sequence[int]],
    weights: Any,
) -> None:
    """Join the guarded parts of a pool where they may be, and then the others to those."""
    import numpy as np  # noqa: PLC0415 - slow to import, and a hand is read without it
    from scipy import sparse  # noqa: PLC0415 - as above

    units = sorted({parts.find(number) for number in pool})
    place = {unit: number for number, unit in enumerate(units)}
    sizes = np.bincount([place[parts.find(number)] for number in pool]).astype(float)
    held = [(place[parts.find(n)], row) for row, numbers in copies.items() for n in numbers]
    told = sparse.csr_matrix(
        (np.ones(len(held)), tuple(zip(*held, strict=True)) or ([], [])),
        shape=(len(units), weights.shape[0]),
    )
    ties = (told @ weights @ told.T).tocsr()  # the sums between units

    guarded = [number for number, unit in enumerate(units) if parts.are_guarded([unit])]
    between = sparse.triu(ties[guarded][:, guarded], k=1).tocoo()
    means = between.data / (sizes[guarded][between.row] * sizes[guarded][between.col])
    for pair in np.lexsort((between.col, between.row, -means)).tolist():
        parts.join(units[guarded[between.row[pair]]], units[guarded[between.col[pair]]])
    for group in groups:
        parts.gather(number for number in group if parts.are_guarded([number]))

    sides: dict[int, list[int]] = {}
    for number in guarded:
        sides.setdefault(parts.find(units[number]), []).append(number)
    sums = np.stack([ties[side].sum(axis=0).A1 for side in sides.values()])
    of_side = np.array([sizes[side].sum() for side in sides.values()])
    free = np.ones(len(units), dtype=bool)
    free[guarded] = False
    # The closest unit to each side; of the sides only those are looked at again that have changed.
    firsts = [units[side[0]] for side in sides.values()]
    closest = np.zeros(len(firsts), dtype=np.int64)
    highest = np.zeros(len(firsts))
    changed = np.arange(len(firsts))
    while free.any():
        for side in changed.tolist():
            means = np.where(free, sums[side] / (of_side[side] * sizes), 0)
            closest[side] = means.argmax()
            highest[side] = means[closest[side]]
        side = int(highest.argmax())
        unit = int(closest[side])
        if highest[side] <= 0:
            break
        parts.join(firsts[side], units[unit])
        sums[side] += ties[[unit]].toarray()[0]
        of_side[side] += sizes[unit]
        free[unit] = False
        changed = np.flatnonzero((closest == unit) | (np.arange(len(firsts)) == side))
