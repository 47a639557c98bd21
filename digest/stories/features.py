"""Articles to sparse weighted term vectors: TF-IDF with a prior for days of few articles."""

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from digest.stories.items import Item
from digest.stories.languages import languages
from digest.stories.words import terms

# A word of the headline counts as this many in the body.
TITLE_WEIGHT = 4.0
# News tells what happened first. Also the bound on what a megabyte of text can cost.
BODY_CHARACTERS = 2000

# Words that begin alike this far are taken for forms of one word. That serves every language
# that inflects at the end, without a rule for any.
STEM_CHARACTERS = 7

# Where the day has few articles, how common a word is in general has to be guessed: short words
# are the common ones in every language that has words (Zipf's law of abbreviation). The guess
# counts as much as this many articles.
PRIOR_ARTICLES = 100.0
PRIOR_COMMON = 0.6  # the share of articles that hold a given word of two letters, at most
PRIOR_DECAY = 0.75  # each further letter lowers that share by a factor of exp(-0.75)
PRIOR_RARE = 1e-4
# What a word that is everywhere still tells; keeps the vectors of a one-story day from vanishing.
WEIGHT_FLOOR = 1.0


@dataclass(frozen=True)
class Features:
    """The distinct texts among some items, as vectors.

    `row_of[i]` is the row of item i, or -1 where the item holds no word; identical texts in one
    language share a row. `vectors` has unit rows with a column for each stem, and `stems` shows
    each as the first word that had it; `lengths` counts each row's distinct stems. `earliest` and
    `latest` are POSIX seconds, NaN without a date. `languages` holds numbers, equal where the
    language is.
    """

    row_of: NDArray[np.int64]
    vectors: Any
    stems: list[str]
    lengths: NDArray[np.int64]
    earliest: NDArray[np.float64]
    latest: NDArray[np.float64]
    languages: NDArray[np.int64]


def extract(items: Sequence[Item]) -> Features:
    """The features of the items."""
    vocabulary = _Vocabulary()
    titles = _count((item.title for item in items), vocabulary)
    bodies = _count((item.body or item.teaser for item in items), vocabulary)
    width = len(vocabulary.first_words)
    counts = _stack(titles, width) * TITLE_WEIGHT + _stack(bodies, width)
    counts.sort_indices()
    spoken = languages([item.language for item in items], counts, vocabulary.first_words)
    row_of, firsts = _distinct(counts, spoken)
    counts = counts[firsts]
    earliest, latest = _spans(items, row_of, len(firsts))
    known = {language: number for number, language in enumerate(sorted(set(spoken)))}
    return Features(
        row_of=row_of,
        vectors=_weigh(counts, vocabulary.first_words),
        stems=vocabulary.first_words,
        lengths=np.diff(counts.indptr).astype(np.int64),
        earliest=earliest,
        latest=latest,
        languages=np.array([known[spoken[first]] for first in firsts], dtype=np.int64),
    )


class _Vocabulary(dict[str, int]):
    """The number of each word's stem; a word not seen before gets one."""

    def __init__(self) -> None:
        super().__init__()
        self.first_words: list[str] = []
        self._stems: dict[str, int] = {}

    def __missing__(self, word: str) -> int:
        number = self._stems.setdefault(word[:STEM_CHARACTERS], len(self._stems))
        if number == len(self.first_words):
            self.first_words.append(word)
        self[word] = number
        return number


def _count(texts: Iterable[str], vocabulary: _Vocabulary) -> "tuple[array[int], array[int]]":
    """Each text's stems as numbers, one text after another, and where each text begins."""
    flat, starts = array("i"), array("q", [0])
    for text in texts:
        flat.extend([vocabulary[term] for term in terms(text[:BODY_CHARACTERS])])
        starts.append(len(flat))
    return flat, starts


def _stack(counted: "tuple[array[int], array[int]]", width: int) -> Any:
    flat, starts = counted
    ones = np.ones(len(flat), dtype=np.float32)
    matrix = sparse.csr_matrix(
        (ones, np.array(flat, dtype=np.int32), np.array(starts, dtype=np.int64)),
        shape=(len(starts) - 1, width),
    )
    matrix.sum_duplicates()
    return matrix


def _distinct(counts: Any, spoken: Sequence[str]) -> tuple[NDArray[np.int64], list[int]]:
    """For each item the number of its distinct row, and the first item of each distinct row."""
    rows: dict[tuple[bytes, bytes, str], int] = {}
    row_of = np.full(counts.shape[0], -1, dtype=np.int64)
    firsts: list[int] = []
    for item, language in enumerate(spoken):
        start, end = counts.indptr[item], counts.indptr[item + 1]
        if start == end:
            continue
        key = (counts.indices[start:end].tobytes(), counts.data[start:end].tobytes(), language)
        row = rows.setdefault(key, len(rows))
        if row == len(firsts):
            firsts.append(item)
        row_of[item] = row
    return row_of, firsts


def _weigh(counts: Any, words: Sequence[str]) -> Any:
    """Unit rows of (1 + ln count) · rarity, the rarity of a word after its prior and the day."""
    texts = counts.shape[0]
    found = np.bincount(counts.indices, minlength=len(words))
    letters = np.fromiter(map(len, words), dtype=np.float64, count=len(words))
    letters = np.minimum(letters, STEM_CHARACTERS)
    prior = np.clip(PRIOR_COMMON * np.exp(-PRIOR_DECAY * (letters - 2)), PRIOR_RARE, None)
    share = (found + PRIOR_ARTICLES * prior + 1) / (texts + PRIOR_ARTICLES + 1)
    rarity = np.maximum(-np.log(share), 0) + WEIGHT_FLOOR
    weights = counts.astype(np.float64)
    weights.data = (1 + np.log(weights.data)) * rarity[weights.indices]
    norms = np.sqrt(np.asarray(weights.multiply(weights).sum(axis=1)).ravel())
    weights.data /= np.repeat(norms, np.diff(weights.indptr))  # no row is empty
    return weights


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
