"""What ties an article to the others of its story: how much, and by which words."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digest.stories.features import Features
from digest.stories.items import Item
from digest.stories.words import STEM_CHARACTERS, terms

# How many characters of an article are searched for its spelling of a word.
LONGEST = 4000
# How many words are told, and what share of the first one's part in the likeness a word needs.
MOST = 8
LEAST_SHARE = 0.15
# Of so many words those are told first that tell something by themselves: no numbers, no words of
# few letters but names, and none in more than this share of a language's articles.
CANDIDATES = 3 * MOST
FEW_LETTERS = 3
EVERYDAY = 0.15
# Words in more than this share of the other stories' texts, or this many, tell nothing.
COMMON_SHARE = 0.2
COMMON_LEAST = 10

_WORD = re.compile(r"[^\s!-/:-@\[-`{-~«»“”„‘’‚…—–·、。，：；！？（）「」『』【】،؛؟]+")


class Ties:
    """The ties within the stories of one day.

    The likeness of two articles is the cosine of their vectors: a sum over the words that both
    hold. Each word's part in it says how much that word ties them; so what is rare on the day,
    or stands in both headlines, comes first.
    """

    def __init__(self, features: Features) -> None:
        self._features = features
        texts, width = features.vectors.shape
        self._texts = texts
        self._found = np.bincount(features.vectors.indices, minlength=width)
        self._stems: dict[str, list[str]] = {}

    def central(self, numbers: Sequence[int]) -> list[float]:
        """For each of the articles with these numbers its mean likeness to the others."""
        others = max(1, len(numbers) - 1)
        return [float(parts.sum()) / others for _, parts in self._parts(numbers)]

    def tied(self, numbers: Sequence[int], items: Sequence[Item]) -> list[tuple[str, ...]]:
        """For each of a story's articles the words that tie it to the others, the heaviest first.

        They are spelled as the article itself spells them. Left out are words that are common in
        the day's other stories, and those that weigh little beside the heaviest, as short ones do;
        numbers and everyday words too, where there are others. What is in another language than all
        others is there by the editor's hand, and tied by no word.
        """
        common = self._common_outside(numbers)
        told: dict[tuple[str, str], tuple[str, ...]] = {}  # copies are read once
        tied = []
        rows = self._features.row_of[list(numbers)].tolist()
        speaking = Counter(self._language(row) for row in rows)
        for item, row, (columns, parts) in zip(items, rows, self._parts(numbers), strict=True):
            text = (item.title, item.body or item.teaser)
            if text not in told:
                parts[np.isin(columns, common)] = 0
                least = LEAST_SHARE * parts.max(initial=0.0)
                heaviest = np.lexsort((columns, -parts))[:CANDIDATES]
                stems = [self._features.stems[columns[n]] for n in heaviest if parts[n] > least]
                words = self._as_written("\n".join(text), stems)
                shares = self._shares(row)
                telling = [
                    word
                    for word, stem in zip(words, stems, strict=True)
                    if _tells(word) and shares.get(stem[:STEM_CHARACTERS], 0) <= EVERYDAY
                ]
                alone = len(rows) > 1 and speaking[self._language(row)] == 1
                told[text] = () if alone else tuple(dict.fromkeys(telling or words))[:MOST]
            tied.append(told[text])
        return tied

    def _language(self, row: int) -> int:
        """The number of a row's language, -1 for a text without any word."""
        return -1 if row < 0 else int(self._features.languages[row])

    def _shares(self, row: int) -> Mapping[str, float]:
        """How common words are in a text's language, as far as that is known."""
        features = self._features
        if row < 0:  # a text without any word
            return {}
        language = [*features.vocabulary.heard][features.languages[row]]
        return features.vocabulary.shares.get(language, {})

    def _common_outside(self, numbers: Sequence[int]) -> NDArray[np.int64]:
        """The columns of a story's articles that are common in the day's other texts."""
        rows = np.unique(self._features.row_of[list(numbers)])
        columns, within = np.unique(
            self._features.vectors[rows[rows >= 0]].indices, return_counts=True
        )
        most = max(COMMON_LEAST, COMMON_SHARE * (self._texts - len(rows)))
        return np.asarray(columns[self._found[columns] - within > most], dtype=np.int64)

    def _parts(self, numbers: Sequence[int]) -> Iterator[tuple[Any, NDArray[np.float64]]]:
        """For each article its columns, and the part of each in its likeness to all the others."""
        rows = self._features.row_of[list(numbers)]
        vectors = self._features.vectors[rows[rows >= 0]]
        _, at = np.unique(vectors.indices, return_inverse=True)
        total = np.bincount(at, weights=vectors.data)[at]  # no dense row of the whole vocabulary
        place = 0
        for row in rows:
            if row < 0:  # an article without any word
                yield np.empty(0, dtype=np.int64), np.empty(0)
                continue
            within = slice(vectors.indptr[place], vectors.indptr[place + 1])
            weights = vectors.data[within]
            yield vectors.indices[within], np.maximum(weights * (total[within] - weights), 0)
            place += 1

    def _as_written(self, text: str, stems: Sequence[str]) -> list[str]:
        wanted = [stem[:STEM_CHARACTERS] for stem in stems]
        found: dict[str, str] = {}
        for word in _WORD.findall(text[:LONGEST]):
            keys = self._keys(word)
            for shared, run in groupby(keys, key=wanted.__contains__):
                if shared:
                    pieces = list(run)
                    # A script that does not part words has pieces that overlap but for one.
                    written = word if len(keys) == 1 else _joined(pieces)
                    for key in pieces:
                        found.setdefault(key, written)
            if len(found) == len(wanted):
                break
        return [found.get(key, stem) for key, stem in zip(wanted, stems, strict=True)]

    def _keys(self, word: str) -> list[str]:
        """The stems of a word, most often one."""
        if word not in self._stems:
            self._stems[word] = [term[:STEM_CHARACTERS] for term in terms(word)]
        return self._stems[word]


def _tells(word: str) -> bool:
    """Whether a word can tell something by itself: "Varna" and "UN", not "5" or "per"."""
    named = len(word) > FEW_LETTERS or not word.islower()
    return named and any(map(str.isalpha, word))


def _joined(pieces: Sequence[str]) -> str:
    return pieces[0] + "".join(piece[-1] for piece in pieces[1:])
