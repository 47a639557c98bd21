"""How common words are in general, for days of too few articles to show it."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from digest.stories.words import STEM_CHARACTERS

# Of a language that the model knows nothing of: short words are the common ones in every language
# that has words (Zipf's law of abbreviation). The share of articles that hold a given word of two
# letters, and the factor by which each further letter lowers it.
SHARE_OF_TWO_LETTERS = 0.6
FURTHER_LETTER = 0.47
RAREST = 1e-4

# Of one that it knows: a word it has not met is rare, and a short one a little less so.
UNMET = 2e-4
UNMET_SHORT = 1e-3
SHORT = 3


def expected_shares(stems: Sequence[str], known: Mapping[str, float] | None) -> NDArray[np.float64]:
    """The share of a language's articles in which each stem is to be expected.

    Args:
        stems: words that show a stem each.
        known: shares by stem for the commonest stems of the language; None if it is not known.
    """
    lengths = (min(len(stem), STEM_CHARACTERS) for stem in stems)
    letters = np.fromiter(lengths, np.float64, len(stems))
    by_length = SHARE_OF_TWO_LETTERS * FURTHER_LETTER ** (letters - 2)
    guess = np.clip(by_length, RAREST, SHARE_OF_TWO_LETTERS)
    if known is None:
        return guess
    unmet = np.minimum(guess, np.where(letters > SHORT, UNMET, UNMET_SHORT))
    looked_up = (known.get(stem[:STEM_CHARACTERS], -1.0) for stem in stems)
    found = np.fromiter(looked_up, np.float64, len(stems))
    return np.asarray(np.where(found < 0, unmet, found))
