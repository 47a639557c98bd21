"""Which articles are in one language: as declared, or else as their script and words tell."""

import unicodedata
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

# Japanese mixes three scripts, Korean sometimes two.
_ONE_SCRIPT = {"HIRAGANA": "CJK", "KATAKANA": "CJK", "IDEOGRAPHIC": "CJK"}


def languages(declared: Sequence[str], counts: Any, words: Sequence[str]) -> list[str]:
    """A name for the language of each text, equal where the language is.

    A declared BCP 47 tag counts by its primary part. A text without one belongs to the declared
    language of its script with whose texts it has most words in common; where there is none, the
    name is that of the script.

    Args:
        declared: each text's language tag, or "".
        counts: a sparse row of word counts for each text.
        words: the word of each column.
    """
    primary = [tag.strip().replace("_", "-").split("-")[0].casefold() for tag in declared]
    open_rows = [row for row, name in enumerate(primary) if not name]
    if not open_rows:
        return primary
    scripts = _scripts(counts, words)
    names = sorted({(name, script) for name, script in zip(primary, scripts, strict=True) if name})
    likeness = _likeness(primary, scripts, names, counts, open_rows)
    for row, alike in zip(open_rows, likeness, strict=True):
        fitting = [
            (alike[number], name)
            for number, (name, script) in enumerate(names)
            if script == scripts[row] and alike[number] > 0
        ]
        primary[row] = max(fitting)[1] if fitting else scripts[row]
    return primary


def _scripts(counts: Any, words: Sequence[str]) -> list[str]:
    """The script in which most of a text's words begin, in capitals; "" for a text of none."""
    of_word = [_script(word[0]) for word in words]
    known = sorted({*of_word, ""})
    number = {script: place for place, script in enumerate(known)}
    places = np.array([number[script] for script in of_word], dtype=np.int64)
    # A first column that outweighs nothing: a text without letters has no script.
    belongs = sparse.csr_matrix(
        ((places > 0).astype(np.float64), (np.arange(len(words)), places)),
        shape=(len(words), len(known)),
    )
    return [known[place] for place in (counts @ belongs).toarray().argmax(axis=1)]


def _script(character: str) -> str:
    if not character.isalpha():
        return ""
    name = unicodedata.name(character, "").split(" ")[0].split("-")[0]
    return _ONE_SCRIPT.get(name, name)


def _likeness(
    primary: Sequence[str],
    scripts: Sequence[str],
    names: Sequence[tuple[str, str]],
    counts: Any,
    rows: Sequence[int],
) -> NDArray[np.float64]:
    """For each of the rows and names: the words a text of that language shares with it, mean."""
    place = {name: number for number, name in enumerate(names)}
    members = [
        (place[key], row)
        for row, key in enumerate(zip(primary, scripts, strict=True))
        if key in place
    ]
    present = counts.astype(bool).astype(np.float64)
    which = (
        np.array([number for number, _ in members], dtype=np.int64),
        np.array([row for _, row in members], dtype=np.int64),
    )
    sizes = np.bincount(which[0], minlength=len(names))
    shares = sparse.csr_matrix((1 / sizes[which[0]], which), shape=(len(names), counts.shape[0]))
    return np.asarray((present[list(rows)] @ (shares @ present).T).toarray())
