"""The editor's hand: which articles are one story, which never are, and which stand first."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count, pairwise, product
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

    def place(self, article: str) -> int:
        """An article's place among the pinned ones; all others come after those."""
        return self.pins.index(article) if article in self.pins else len(self.pins)


NO_HAND = Hand()


def obey(
    groups: Sequence[Sequence[int]], ids: Sequence[str], hand: Hand, row_of: Any, weights: Any
) -> list[list[int]]:
    """Groups that do what the editor wants; one that holds no article they name stays as it is.

    Kept together means that the whole stories of two articles become one: that is what is meant
    by "these are one story". A story that holds articles kept apart falls into parts, which grow
    along the strongest ties first: identical texts, then the closest pairs, then whatever is left;
    two parts never join where an article of one is kept apart from one of the other. So each of
    the other articles goes to the side it is closer to. Where the two wishes contradict each
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
    pooled: dict[int, list[int]] = {}
    for group in groups:
        pooled.setdefault(pools.find(group[0]), []).extend(group)
    stories = []
    for pool in map(sorted, pooled.values()):
        if parts.are_guarded(pool):
            stories += _divided(pool, parts, row_of, weights)
        else:
            stories.append(pool)
    return sorted(stories)


def check(hand: Hand) -> None:
    """Make sure that the wishes agree with each other.

    Raises:
        ContradictionError: a chain of articles is kept together whose ends are kept apart.
    """
    beside: dict[str, set[str]] = {}
    for one, two in hand.together:
        beside.setdefault(one, set()).add(two)
        beside.setdefault(two, set()).add(one)
    for one, two in _in_order(hand.apart):
        chains: list[tuple[str, ...]] = [(one,)]
        seen = {one}
        for chain in chains:  # grows while it is read, the shorter chains first
            if chain[-1] == two:
                links = " and ".join(f"{link} with {other}" for link, other in pairwise(chain))
                raise ContradictionError(first=one, last=two, chain=links)
            further = sorted(beside.get(chain[-1], set()) - seen)
            seen.update(further)
            chains += [(*chain, article) for article in further]


def _in_order(pairs: Iterable[Pair]) -> list[Pair]:
    """Pairs in an order that does not depend on the one they came in."""
    return sorted((min(pair), max(pair)) for pair in pairs)


class _Parts:
    """Disjoint parts of some numbers, which grow by joining unless they hold a guarded pair."""

    def __init__(self, apart: Iterable[tuple[int, int]]) -> None:
        self._parents: dict[int, int] = {}
        self._foes: dict[int, set[int]] = {}  # by the number that stands for the part
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
        if any(self.find(foe) == two for foe in self._foes.get(one, ())):
            return False
        self._parents[two] = one
        if foes := self._foes.pop(two, None):
            self._foes.setdefault(one, set()).update(foes)
        return True

    def gather(self, numbers: Iterable[int]) -> list[int]:
        """Join each to the first that it may join; gives one number of each part that is left."""
        firsts: list[int] = []
        for number in numbers:
            if not any(self.join(first, number) for first in firsts):
                firsts.append(number)
        return firsts

    def are_guarded(self, numbers: Iterable[int]) -> bool:
        """Whether something may not join some of the numbers."""
        return any(self.find(number) in self._foes for number in numbers)


def _divided(pool: Sequence[int], parts: _Parts, row_of: Any, weights: Any) -> list[list[int]]:
    copies: dict[int, list[int]] = {}
    for number in pool:
        copies.setdefault(int(row_of[number]), []).append(number)
    copies.pop(-1, None)
    # A text whose copies are kept apart is on several sides.
    sides = {row: parts.gather(numbers) for row, numbers in copies.items()}
    for row, other in _strongest_first(weights, sorted(sides)):
        for one, two in product(sides[row], sides[other]):
            parts.join(one, two)
    parts.gather(pool)
    divided: dict[int, list[int]] = {}
    for number in pool:
        divided.setdefault(parts.find(number), []).append(number)
    return list(divided.values())


def _strongest_first(weights: Any, rows: Sequence[int]) -> Iterator[tuple[int, int]]:
    """The pairs among some rows that have a tie, each once; of equal ones the first rows first."""
    among = weights[rows][:, rows]
    among.sort_indices()
    ties = among.tocoo()
    for place in (-ties.data).argsort(kind="stable").tolist():
        row, other = rows[ties.row[place]], rows[ties.col[place]]
        if row < other:
            yield row, other
