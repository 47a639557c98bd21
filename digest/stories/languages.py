"""Which articles are in one language: as declared, or else as their script and words tell."""

import unicodedata
from collections import Counter
from collections.abc import Collection, Sequence
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from digest.stories.function_words import FUNCTION_WORDS, LETTERS
from digest.stories.words import terms

# Japanese mixes three scripts, Korean sometimes two.
_ONE_SCRIPT = {"HIRAGANA": "CJK", "KATAKANA": "CJK", "IDEOGRAPHIC": "CJK"}

# A text shows its language by so many different words that mark it, and by these factors more
# than mark any other: names, titles and quotations bring in a few.
_ENOUGH = 2
_MORE = 2
_TIMES = 1.5
# Where hardly any text shows a language, those that do show it by chance; and so do those of a
# language that few show among many that show others.
_SHOWING = 0.1
_OF_THOSE = 0.02

# Rounds in which texts without a sign of their language learn it from others, and how many texts
# of a language it takes to trust that it has its words from more than one story.
_ROUNDS = 4
_FEW = 5
# Of so many languages, those of most texts: no newsroom writes in more in one script.
_LEARNED = 30

_LINES = sorted({*FUNCTION_WORDS, *LETTERS})


def languages(declared: Sequence[str], counts: Any, words: Sequence[str]) -> list[str]:
    """A name for the language of each text, equal where the language is.

    A declared BCP 47 tag counts by its primary part. A text without one is in the language that
    its function words and letters show. Where they show none, as in many headlines, it is in
    that language of its script, among those found so far, whose texts its words are found in;
    where there is none, the name is that of the script.

    Args:
        declared: each text's language tag, or "".
        counts: a sparse row of word counts for each text.
        words: the word of each column.
    """
    found = [primary(tag) for tag in declared]
    if all(found):
        return found
    present = sparse.csr_matrix(
        (np.ones(counts.nnz, dtype=np.float32), counts.indices, counts.indptr), counts.shape
    )
    marks, known_scripts = _marks(words)
    marked = (present @ marks).toarray()
    scripts = [known_scripts[place] for place in marked[:, len(_LINES) :].argmax(axis=1)]
    marked = marked[:, : len(_LINES)]
    shown = _shown(marked, {*found})
    once = _firsts(found, present)
    members: dict[str, list[int]] = {}
    for row, script in enumerate(scripts):
        members.setdefault(script, []).append(row)
    for script, rows in members.items():
        trusted = _trusted([shown[row] for row in rows if once[row] and not found[row]])
        for row in rows:
            found[row] = found[row] or (shown[row] if shown[row] in trusted else "")
        texts = Counter(found[row] for row in rows)
        unknown = texts.pop("", 0)
        names = sorted(sorted(texts), key=texts.__getitem__, reverse=True)[:_LEARNED] or [script]
        names.sort()
        if unknown and len(names) > 1:
            heard = [row for row in rows if not found[row] or found[row] in names]
            given = np.array([names.index(found[row]) if found[row] else -1 for row in heard])
            hits = np.column_stack([_hits(marked[heard], name) for name in names])
            places = _spread(present[heard], given, hits, once[heard]).tolist()
        else:
            heard, places = rows, [0] * len(rows)
        for row, place in zip(heard, places, strict=True):
            found[row] = found[row] or names[place]
    return found


def primary(tag: str) -> str:
    """The primary part of a BCP 47 tag; "" for none."""
    return tag.strip().replace("_", "-").split("-")[0].casefold()


def _marks(words: Sequence[str]) -> tuple[Any, list[str]]:
    """A column for each of `_LINES` with the words that mark it, one for each script; these."""
    by_word, by_letter = _profiles()
    number = {word: place for place, word in enumerate(words)}
    marks = {(number[word], line) for word, line in by_word if word in number}
    for place, word in enumerate(words):
        if not word.isascii():
            marks.update((place, line) for letter in word for line in by_letter.get(letter, ()))
    first_letters = [word[0] for word in words]
    script_of = {letter: _script(letter) for letter in set(first_letters)}
    # A first column of nothing: a text without letters has no script.
    known = sorted({*script_of.values(), ""})
    column = {letter: len(_LINES) + known.index(script) for letter, script in script_of.items()}
    lettered = [place for place, letter in enumerate(first_letters) if script_of[letter]]
    where = (
        [place for place, _ in marks] + lettered,
        [line for _, line in marks] + [column[first_letters[place]] for place in lettered],
    )
    shape = (len(words), len(_LINES) + len(known))
    return sparse.csr_matrix((np.ones(len(where[0]), dtype=np.float32), where), shape), known


@cache
def _profiles() -> tuple[list[tuple[str, int]], dict[str, list[int]]]:
    """The words and the line that each marks; the lines that each letter marks."""
    by_word = [
        (word, number)
        for number, line in enumerate(_LINES)
        for word in set(terms(FUNCTION_WORDS.get(line, "")))
    ]
    by_letter: dict[str, list[int]] = {}
    for number, line in enumerate(_LINES):
        for letter in LETTERS.get(line, ""):
            by_letter.setdefault(letter, []).append(number)
    return by_word, by_letter


def _script(character: str) -> str:
    if not character.isalpha():
        return ""
    name = unicodedata.name(character, "").split(" ")[0].split("-")[0]
    return _ONE_SCRIPT.get(name, name)


def _shown(marked: NDArray[np.float32], declared: Collection[str]) -> list[str]:
    """The language that the words of each text show, by the tag in use here; "" for none."""
    names = []
    for line in _LINES:
        tags = line.split()
        names.append(next((tag for tag in tags if tag in declared), tags[0]))
    second, first = np.partition(marked, (-2, -1), axis=1)[:, -2:].T
    clear = (first >= np.maximum(second + _MORE, second * _TIMES)) & (first >= _ENOUGH)
    best = marked.argmax(axis=1).tolist()
    return [names[line] if sure else "" for line, sure in zip(best, clear.tolist(), strict=True)]


def _firsts(found: Sequence[str], present: Any) -> NDArray[np.bool_]:
    """Which texts are no copy of one before: no copy of an article may outvote another article."""
    seen: set[tuple[str, bytes]] = set()
    once = []
    for name, (start, end) in zip(found, pairwise(present.indptr.tolist()), strict=True):
        text = (name, present.indices[start:end].tobytes())
        once.append(text not in seen)
        seen.add(text)
    return np.array(once, dtype=np.bool_)


def _trusted(shown: Sequence[str]) -> set[str]:
    """The languages that enough of a script's texts show."""
    counts = Counter(shown)
    showing = len(shown) - counts.pop("", 0)
    if showing < _SHOWING * len(shown):
        return set()
    return {name for name, texts in counts.items() if texts >= _OF_THOSE * showing}


def _hits(marked: NDArray[np.float32], name: str) -> NDArray[np.float32]:
    lines = [number for number, line in enumerate(_LINES) if name in line.split()]
    return np.asarray(marked[:, lines].sum(axis=1))


def _spread(
    present: Any,
    given: NDArray[np.int64],
    hits: NDArray[np.float32],
    once: NDArray[np.bool_],
) -> NDArray[np.int64]:
    """The language of each text by what languages its words are found in.

    What the texts of a known language teach about words, these tell about further texts, and so
    on for some rounds. `given` numbers the languages known, -1 otherwise; `hits` counts for each
    text the words that mark each language.
    """
    sure = np.flatnonzero(given >= 0)
    certain = np.zeros_like(hits)
    certain[sure, given[sure]] = 1
    sizes = certain[once].sum(axis=0)
    belief = hits
    for _ in range(_ROUNDS):
        # Where nothing tells, the language of most texts.
        belief = belief + 1e-6 * sizes
        belief = belief / belief.sum(axis=1, keepdims=True)
        belief[sure] = certain[sure]
        voices = belief * once[:, None]
        heard = present.T @ voices
        rates = heard / (voices.sum(axis=0) + _FEW)
        # The less a word is heard, the less it tells.
        much = heard.sum(axis=1, keepdims=True)
        telling = rates / np.maximum(rates.sum(axis=1, keepdims=True), 1e-9) * much / (much + 1)
        belief = present @ telling + hits
    nearest: NDArray[np.int64] = (belief + 1e-6 * sizes).argmax(axis=1)
    return nearest
