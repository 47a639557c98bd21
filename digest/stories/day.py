"""The articles of a day in their stories, grouped at once or as they come in."""

from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Any

import numpy as np
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
MANY = 20


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
        self.items: list[Item] = sorted(items, key=canonical)
        self._group_all()

    def _group_all(self) -> None:
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
            self.items = sorted([*self.items, *newer], key=canonical)
            self._group_all()
            return
        self.features = _stacked(self.features, extract(newer, self.features.vocabulary))
        self.items += newer
        fresh = graph(self.features, self._model, since=before)
        old = self._weights
        old.resize(fresh.shape)
        self._weights = old + fresh
        self._settle(fresh, before)

    def _settle(self, fresh: Any, before: int) -> None:
        """Group the new rows, together with the stories that they may be part of."""
        rows, stories = len(self.features.lengths), int(self._labels.max(initial=-1)) + 1
        sizes = np.bincount(self._labels, minlength=stories)
        member = sparse.csr_matrix(
            (1 / sizes[self._labels], (np.arange(before), self._labels)), shape=(rows, stories)
        )
        means = (fresh[before:] @ member).tocsr()
        labels = np.concatenate((self._labels, np.full(rows - before, -1)))
        # Nothing that one article says changes a story of many.
        best = means.argmax(axis=1).A1 if means.nnz else np.zeros(rows - before, dtype=np.int64)
        mean = means.max(axis=1).toarray().ravel()
        price = 1 + 2 * self._model.smallness / (sizes[best] + 1)
        joins = (sizes[best] >= MANY) & (mean >= price)
        labels[before:][joins] = best[joins]
        # Half of what small stories ask beyond the price of large ones: some come in together.
        ties = means[~joins].tocoo()
        near = ties.data * sizes[ties.col] >= sizes[ties.col] + self._model.smallness
        touched = np.zeros(stories + 1, dtype=bool)  # the last stands for new rows without a story
        touched[ties.col[near & (sizes[ties.col] < MANY)]] = True
        touched[-1] = True
        looked_at = np.flatnonzero(touched[labels])
        part = self._weights[looked_at][:, looked_at]
        labels[looked_at] = stories + communities(part, self.features.full[looked_at], self._model)
        self._labels = labels

    def groups(self, hand: Hand = NO_HAND) -> list[list[int]]:
        """The numbers of each story's articles in `items`, as the editor wants it.

        Stories and articles are in one fixed order, whatever the order they came in.
        """
        order = sorted(range(len(self.items)), key=lambda number: canonical(self.items[number]))
        row_of = self.features.row_of[order]
        members: dict[tuple[str, int], list[int]] = {}
        for place, row in enumerate(row_of.tolist()):
            key = ("alone", place) if row < 0 else ("story", int(self._labels[row]))
            members.setdefault(key, []).append(place)
        groups = list(members.values())
        if hand.together or hand.apart:
            ids = [self.items[number].id for number in order]
            groups = obey(groups, ids, hand, row_of, self._weights)
        return [[order[place] for place in places] for places in groups]


def _stacked(old: Features, new: Features) -> Features:
    """The features of both, of one vocabulary; a new text that is an old one has its row."""
    before, width = len(old.lengths), len(new.stems)
    rows = {key: row for row, key in enumerate(_keys(old))}
    places = np.array([rows.setdefault(key, len(rows)) for key in _keys(new)], dtype=np.int64)
    fresh = np.flatnonzero(places >= before)
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


def _keys(features: Features) -> Iterator[tuple[int, bytes, bytes]]:
    """What no two rows have in common."""
    vectors, languages = features.vectors, features.languages.tolist()
    for language, (start, end) in zip(languages, pairwise(vectors.indptr.tolist()), strict=True):
        words, weights = vectors.indices[start:end], vectors.data[start:end]
        yield language, words.tobytes(), weights.tobytes()
