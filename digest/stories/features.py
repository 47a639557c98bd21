"""Articles to sparse weighted term vectors: TF-IDF with a prior for days of few articles."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from itertools import chain
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from digest.stories.background import expected_shares
from digest.stories.items import Item
from digest.stories.languages import languages
from digest.stories.markers import unmarked
from digest.stories.model import Model, load
from digest.stories.words import STEM_CHARACTERS, terms

# A word of the headline counts as this many in the body.
TITLE_WEIGHT = 4.0
# News tells what happened first. Also the bound on what a megabyte of text can cost.
BODY_CHARACTERS = 1500

# What is known of a language beforehand counts as much as this many of the day's articles in it.
BACKGROUND_ARTICLES = 300.0
# A word that more of the day's articles hold than this share, and this many times the one known
# beforehand, is an event's and not the language's: it weighs as if no more of them held it.
EVENT_SHARE = 0.03
EVENT_TIMES = 10.0
# What a word that is everywhere still tells; keeps the vectors of a one-story day from vanishing.
WEIGHT_FLOOR = 1.0
# The rarer of two words tells more than in proportion to their information.
RARITY_POWER = 1.5

# A text may be one endless word.
LONGEST_SHOWN = 40


class Heard(NamedTuple):
    """In how many of a language's texts each stem was found, where it was."""

    texts: int
    stems: NDArray[np.int64]
    found: NDArray[np.int64]


class Vocabulary(dict[str, int]):
    """The number of each word's stem; a word not seen before gets one.

    `stems` shows each stem as the first word that had it. `heard` says for each language what the
    first articles in it held.
    """

    def __init__(self, model: Model | None = None) -> None:
        super().__init__()
        self.shares = (model or load()).shares
        self.stems: list[str] = []
        self.heard: dict[str, Heard] = {}
        self._numbers: dict[str, int] = {}

    def expected(self, columns: NDArray[np.int64]) -> NDArray[np.float64]:
        """The share of articles in which some stems are to be expected, in any language so far."""
        stems = [self.stems[column] for column in columns.tolist()]
        known = {name if name in self.shares else "" for name in self.heard}
        shares = [expected_shares(stems, self.shares.get(name)) for name in known]
        return np.asarray(np.max(shares, axis=0)) if shares else np.zeros(len(stems))

    def __missing__(self, word: str) -> int:
        number = self._numbers.setdefault(word[:STEM_CHARACTERS], len(self._numbers))
        if number == len(self.stems):
            self.stems.append(word[:LONGEST_SHOWN])
        self[word] = number
        return number


@dataclass(frozen=True)
class Features:
    """The distinct texts among some items, as vectors.

    `row_of[i]` is the row of item i, or -1 where the item holds no word; identical texts in one
    language share a row. `vectors` has unit rows with a column for each stem. In `titles` each row
    says how the information of its headline is shared out among its words, in all 1; it is empty
    without a headline. `lengths` counts each row's distinct stems; `full` are the rows with more
    than a headline. `earliest` and `latest` are POSIX
    seconds, NaN without a date. `languages` holds numbers, equal where the language is.
    """

    row_of: NDArray[np.int64]
    vectors: Any
    titles: Any
    lengths: NDArray[np.int64]
    full: NDArray[np.bool_]
    earliest: NDArray[np.float64]
    latest: NDArray[np.float64]
    languages: NDArray[np.int64]
    vocabulary: Vocabulary = field(repr=False)

    @property
    def stems(self) -> list[str]:
        """Each column's stem, shown as the first word that had it."""
        return self.vocabulary.stems

    @cached_property
    def present(self) -> Any:
        """`vectors` with 1 for each stem that is there."""
        return _like(self.vectors, np.ones(self.vectors.nnz, dtype=np.float32))


def extract(items: Sequence[Item], vocabulary: Vocabulary | None = None) -> Features:
    """The features of the items.

    Args:
        items: the articles.
        vocabulary: that of earlier features, to weigh words as they did: what they found rare
            stays so, and the columns of both are the same. A new one by default.
    """
    vocabulary = Vocabulary() if vocabulary is None else vocabulary
    in_titles = _count((unmarked(item.title) for item in items), vocabulary)
    in_bodies = _count(((item.body or item.teaser)[:BODY_CHARACTERS] for item in items), vocabulary)
    in_titles.resize(in_bodies.shape)
    counts = in_titles * np.float32(TITLE_WEIGHT) + in_bodies
    # Few of those of a vocabulary that comes from a whole day.
    used = np.flatnonzero(np.bincount(counts.indices))
    stems = [vocabulary.stems[column] for column in used.tolist()]
    spoken = languages([item.language for item in items], counts[:, used], stems)
    row_of, firsts = _distinct(counts, spoken)
    spoken = [spoken[first] for first in firsts]
    counts = counts[firsts]
    rarity = _rarity(counts, spoken, vocabulary)
    vectors = _unit(_like(counts, (1 + np.log(counts.data)) * rarity**RARITY_POWER))
    earliest, latest = _spans(items, row_of, len(firsts))
    known = {language: number for number, language in enumerate(vocabulary.heard)}
    return Features(
        row_of=row_of,
        vectors=vectors,
        titles=_shared_out(_like(counts, rarity).multiply(in_titles[firsts] > 0)),
        lengths=np.diff(counts.indptr).astype(np.int64),
        full=np.diff(in_bodies[firsts].indptr) > 0,
        earliest=earliest,
        latest=latest,
        languages=np.array([known[language] for language in spoken], dtype=np.int64),
        vocabulary=vocabulary,
    )


def _count(texts: Iterable[str], vocabulary: Vocabulary) -> Any:
    """Each text's stems with how often it has them; `vocabulary` decides on the columns."""
    starts = [0]

    def found() -> Iterator[list[str]]:
        for text in texts:
            words = terms(text)
            starts.append(starts[-1] + len(words))
            yield words

    flat = np.fromiter(map(vocabulary.__getitem__, chain.from_iterable(found())), np.int32)
    matrix = sparse.csr_matrix(
        (np.ones(len(flat), dtype=np.float32), flat, np.array(starts)),
        shape=(len(starts) - 1, len(vocabulary.stems)),
    )
    matrix.sum_duplicates()
    return matrix


def _distinct(counts: Any, spoken: Sequence[str]) -> tuple[NDArray[np.int64], list[int]]:
    """For each item the number of its distinct row, and the first item of each distinct row."""
    rows: dict[tuple[bytes, bytes, str], int] = {}
    row_of = np.full(counts.shape[0], -1, dtype=np.int64)
    firsts: list[int] = []
    bounds = counts.indptr.tolist()
    for item, language in enumerate(spoken):
        start, end = bounds[item], bounds[item + 1]
        if start == end:
            continue
        key = (counts.indices[start:end].tobytes(), counts.data[start:end].tobytes(), language)
        row = rows.setdefault(key, len(rows))
        if row == len(firsts):
            firsts.append(item)
        row_of[item] = row
    return row_of, firsts


def _rarity(counts: Any, spoken: Sequence[str], vocabulary: Vocabulary) -> NDArray[np.float32]:
    """How rare each entry's word is in its text's language, in nats above `WEIGHT_FLOOR`."""
    rows: dict[str, list[int]] = {}
    for row, language in enumerate(spoken):
        rows.setdefault(language, []).append(row)
    rarity = np.empty(counts.nnz, dtype=np.float32)
    of_stem = np.empty(counts.shape[1], dtype=np.float32)
    for language, texts in sorted(rows.items()):
        entries = _entries(counts.indptr, texts)
        columns = counts.indices[entries]
        found = np.bincount(columns)
        stems = np.flatnonzero(found)
        heard = vocabulary.heard.setdefault(language, Heard(len(texts), stems, found[stems]))
        of_stem[stems] = _of_stems(stems, language, heard, vocabulary)
        rarity[entries] = of_stem[columns]
    return rarity


def _entries(starts: NDArray[np.int32], rows: Sequence[int]) -> NDArray[np.int64] | slice:
    """Where the entries of some rows of a sparse matrix are."""
    if len(rows) == len(starts) - 1:
        return slice(None)
    return np.concatenate([np.arange(starts[row], starts[row + 1]) for row in rows])


def _of_stems(
    stems: NDArray[np.int64], language: str, heard: Heard, vocabulary: Vocabulary
) -> NDArray[np.float64]:
    places = np.minimum(np.searchsorted(heard.stems, stems), len(heard.stems) - 1)
    found = np.where(heard.stems[places] == stems, heard.found[places], 0)
    shown = [vocabulary.stems[stem] for stem in stems.tolist()]
    expected = expected_shares(shown, vocabulary.shares.get(language))
    known = BACKGROUND_ARTICLES * expected
    share = (found + known + 1) / (heard.texts + BACKGROUND_ARTICLES + 1)
    share = np.minimum(share, EVENT_SHARE + EVENT_TIMES * expected)
    return np.asarray(np.maximum(-np.log(share), 0) + WEIGHT_FLOOR)


def _like(matrix: Any, entries: NDArray[np.float32]) -> Any:
    """A matrix with other entries in the same places."""
    return sparse.csr_matrix(
        (entries.astype(np.float32), matrix.indices, matrix.indptr), matrix.shape
    )


def _unit(matrix: Any) -> Any:
    """The matrix with rows of length 1."""
    matrix = sparse.csr_matrix(matrix, dtype=np.float32)
    matrix.eliminate_zeros()
    return _divided(matrix, np.sqrt(_row_sums(matrix, matrix.data.astype(np.float64) ** 2)))


def _shared_out(matrix: Any) -> Any:
    """The matrix with rows that sum to 1."""
    matrix = sparse.csr_matrix(matrix, dtype=np.float32)
    return _divided(matrix, _row_sums(matrix, matrix.data))


def _row_sums(matrix: Any, entries: NDArray[Any]) -> NDArray[np.float64]:
    rows = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    sums = np.bincount(rows, weights=entries, minlength=matrix.shape[0])
    return sums.astype(np.float64)


def _divided(matrix: Any, by: NDArray[np.float64]) -> Any:
    return _like(matrix, matrix.data / np.repeat(by, np.diff(matrix.indptr)))


def _spans(
    items: Sequence[Item], row_of: NDArray[np.int64], rows: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    earliest, latest = np.full(rows, np.nan), np.full(rows, np.nan)
    dated = [
        (row, _seconds(item.published))
        for item, row in zip(items, row_of.tolist(), strict=True)
        if row >= 0 and item.published is not None
    ]
    if dated:
        where = np.array([row for row, _ in dated])
        when = np.array([seconds for _, seconds in dated])
        np.fmin.at(earliest, where, when)
        np.fmax.at(latest, where, when)
    return earliest, latest


def _seconds(moment: datetime) -> float:
    return moment.timestamp()
