"""The articles of a day in their stories, grouped at once or as they come in."""

from bisect import insort
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from digest.stories.features import Features, Vocabulary, extract
from digest.stories.grouping import communities
from digest.stories.hand import NO_HAND, Hand, obey
from digest.stories.items import Item, canonical
from digest.stories.model import Model, load
from digest.stories.similarity import graph

# When a day has grown by this share since all of it was grouped, all of it is grouped anew.
GROWTH = 0.1
# A story of so many articles is not looked at again for one more.
MANY = 8


class Day:
    """Articles and the stories they are in.

    Adding articles looks at these alone, and at the stories to which they have a tie that might
    pay. So the stories may differ from those of the same articles grouped at once: words weigh as
    they did when all was last grouped; articles that declare no language are told by each other
    alone; and a story that no newcomer touches stays as it is. It is made good when the day has
    grown by `GROWTH`.
    """

    def __init__(self, items: Iterable[Item], model: Model | None = None) -> None:
        self._model = model or load()
        self._group_all(items)

    def _group_all(self, items: Iterable[Item]) -> None:
        self.items: list[Item] = sorted(items, key=canonical)
        self._order = list(range(len(self.items)))
        self.features = extract(self.items, Vocabulary(self._model))
        self._grouped = len(self.items)
        self._weights = graph(self.features, self._model)
        self._labels = communities(self._weights, self.features.full, self._model)

    def add(self, items: Iterable[Item]) -> None:
        """Take in further articles; no two of all have one id."""
        newer, before = sorted(items, key=canonical), len(self._labels)
        if not newer:
            return
        if not before or len(self.items) + len(newer) > (1 + GROWTH) * self._grouped:
            self._group_all([*self.items, *newer])
            return
        self.features = _stacked(self.features, extract(newer, self.features.vocabulary))
        self.items += newer
        for number in range(len(self._order), len(self.items)):
            insort(self._order, number, key=lambda each: self.items[each].id)
        fresh = graph(self.features, self._model, since=before)
        old = self._weights
        old.resize(fresh.shape)
        self._weights = old + fresh
        self._settle(fresh, before)

    def _settle(self, fresh: Any, before: int) -> None:
        """Group the new rows, together with the stories that they may be part of."""
        stories = int(self._labels.max(initial=-1)) + 1
        sizes = np.bincount(self._labels, minlength=stories)
        share = (1 / sizes[self._labels], (np.arange(before), self._labels))
        means = (fresh[before:, :before] @ sparse.csr_matrix(share, (before, stories))).tocsr()
        joined = self._joined(means, sizes)
        # Half of what small stories ask beyond the price of large ones: some come in together.
        ties = means[joined < 0].tocoo()
        near = ties.data * sizes[ties.col] >= sizes[ties.col] + self._model.smallness
        labels = np.concatenate((self._labels, joined))
        touched = np.zeros(stories + 1, dtype=bool)  # the last stands for new rows without a story
        touched[ties.col[near & (sizes[ties.col] < MANY)]] = True
        touched[-1] = True
        looked_at = np.flatnonzero(touched[labels])
        part = self._weights[looked_at][:, looked_at]
        labels[looked_at] = stories + communities(part, self.features.full[looked_at], self._model)
        self._labels = labels

    def _joined(self, means: Any, sizes: NDArray[np.int64]) -> NDArray[np.int64]:
        """The story of many that each new row joins, -1 for none: one article changes none."""
        if not means.nnz:
            return np.full(means.shape[0], -1)
        ties = means.tocoo()
        # A closer story that does not pay for one more is in nobody's way.
        pays = ties.data >= 1 + 2 * self._model.smallness / (sizes[ties.col] + 1)
        paying = (ties.data[pays], (ties.row[pays], ties.col[pays]))
        closest = sparse.csr_matrix(paying, means.shape)
        best = closest.argmax(axis=1).A1
        many = (sizes[best] >= MANY) & (closest.getnnz(axis=1) > 0)
        return np.where(many, best, -1)

    def groups(self, hand: Hand = NO_HAND) -> list[list[int]]:
        """The numbers of each story's articles in `items`, as the editor wants it.

        Stories and articles are in one fixed order, whatever the order they came in.
        """
        row_of = self.features.row_of[self._order]
        members: dict[tuple[str, int], list[int]] = {}
        for place, row in enumerate(row_of.tolist()):
            key = ("alone", place) if row < 0 else ("story", int(self._labels[row]))
            members.setdefault(key, []).append(place)
        groups = list(members.values())
        if hand.together or hand.apart:
            ids = [self.items[number].id for number in self._order]
            groups = obey(groups, ids, hand, row_of, self._weights)
        return [[self._order[place] for place in places] for places in groups]


def _stacked(old: Features, new: Features) -> Features:
    """The features of both, of one vocabulary; a new text that is an old one has its row."""
    before, width = len(old.lengths), len(new.stems)
    # Few of the old texts begin like a new one.
    alike = np.flatnonzero(np.isin(_beginnings(old), _beginnings(new)))
    row_of = dict(zip(_keys(old, alike), alike.tolist(), strict=True))
    keys = _keys(new, np.arange(len(new.lengths)))
    places = np.array([row_of.get(key, -1) for key in keys], dtype=np.int64)
    fresh = np.flatnonzero(places < 0)
    places[fresh] = before + np.arange(len(fresh))
    earliest = np.concatenate((old.earliest, np.full(len(fresh), np.nan)))
    latest = np.concatenate((old.latest, np.full(len(fresh), np.nan)))
    np.fmin.at(earliest, places, new.earliest)
    np.fmax.at(latest, places, new.latest)

    def stacked(one: Any, other: Any) -> Any:
        wider = sparse.csr_matrix((one.data, one.indices, one.indptr), shape=(before, width))
        return sparse.vstack([wider, other[fresh]], format="csr")

    return Features(
        row_of=np.concatenate((old.row_of, np.append(places, -1)[new.row_of])),
        vectors=stacked(old.vectors, new.vectors),
        titles=stacked(old.titles, new.titles),
        lengths=np.concatenate((old.lengths, new.lengths[fresh])),
        full=np.concatenate((old.full, new.full[fresh])),
        earliest=earliest,
        latest=latest,
        languages=np.concatenate((old.languages, new.languages[fresh])),
        vocabulary=new.vocabulary,
    )


def _beginnings(features: Features) -> Any:
    """The weight of each row's first word."""
    return features.vectors.data[features.vectors.indptr[:-1]]


def _keys(features: Features, rows: NDArray[np.int64]) -> Iterator[tuple[int, bytes, bytes]]:
    """What no two rows have in common."""
    vectors = features.vectors
    for row in rows.tolist():
        words = slice(vectors.indptr[row], vectors.indptr[row + 1])
        language = int(features.languages[row])
        yield language, vectors.indices[words].tobytes(), vectors.data[words].tobytes()
