"""Made articles of a day or two, with the statistics of real ones: what speed is measured on.

Any number of them is drawn from one and the same language, so that a file of ten times the
articles differs from a small one as a larger day does from a smaller one. The stories are easier to
tell apart than real ones: how right a grouping is, these articles do not show.
"""

import json
import random
from bisect import bisect
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import accumulate
from pathlib import Path
from typing import Any

CHARACTERS = 800
START = datetime(2026, 3, 2, tzinfo=UTC)
HOURS = 36.0

# How often English text uses the word of a rank: 1/rank up to this rank, then falling faster
# (Gerlach and Altmann 2013). New words keep coming as they do in news (Heaps' law).
CORE_WORDS = 7_873
BEYOND_EXPONENT = 1.77
WORDS = 400_000

# Up to which rank words have so many letters: the common ones are short (Zipf's law of
# abbreviation). The mean over running text is that of English news, five letters.
UP_TO_RANK = {2: 14, 3: 64, 4: 264, 5: 764, 6: 1_964, 7: 5_000, 8: 13_000, 9: 43_000, 10: WORDS}

# Stories with 1, 2, 3… articles are as frequent as 1/n^2.5: most have one, a few have dozens.
SIZE_EXPONENT = 1.5
LARGEST_STORY = 200

# A story is of one of so many subjects, whose words it shares with that subject's other stories.
SUBJECTS = 25
SUBJECT_WORDS = 120
STORY_WORDS = 30
STORY_NAMES = 8
# Which share of an article's words comes from its story, its names and its subject.
SHARES = (0.16, 0.09, 0.18)


def make(count: int, seed: int = 1) -> Iterator[dict[str, Any]]:
    """`count` articles as `digest stories group` reads them; `cluster` names the story of each."""
    chance = random.Random(seed)
    subjects = [_ranks(chance, SUBJECT_WORDS, 100, 10_000) for _ in range(SUBJECTS)]
    made = story = 0
    while made < count:
        writer = _Writer(chance, chance.choice(subjects))
        broke = chance.uniform(0, HOURS)
        size = min(int(chance.paretovariate(SIZE_EXPONENT)), LARGEST_STORY, count - made)
        for _ in range(size):
            published = START + timedelta(hours=broke + chance.expovariate(0.25))
            yield {
                "id": f"a{made}",
                "title": writer.title(),
                "body": writer.body(),
                "date": published.isoformat(timespec="seconds"),
                "cluster": f"s{story}",
            }
            made += 1
        story += 1


def write(count: int, path: Path) -> None:
    """The articles as JSON Lines."""
    with path.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(record) + "\n" for record in make(count))


class _Writer:
    """What the articles of one story have in common; each takes most of it."""

    def __init__(self, chance: random.Random, subject: Sequence[str]) -> None:
        self._chance = chance
        self._subject = subject
        self._own = _ranks(chance, STORY_WORDS, 200, 20_000)
        self._names = [name.capitalize() for name in _ranks(chance, STORY_NAMES, 2_000, 60_000)]

    def title(self) -> str:
        """Names and words of the story between common ones."""
        words = self._words(9, (0.35, 0.25, 0.1))
        return self._capitalised(words)

    def body(self) -> str:
        """Sentences, cut off in the middle of the last one as an excerpt is."""
        sentences, length = [], 0
        while length <= CHARACTERS:
            words = self._words(self._chance.randint(6, 30), SHARES)
            if len(words) > 12:
                words[self._chance.randint(4, 8)] += ","
            if self._chance.random() < 0.2:
                words[-1] = str(self._chance.choice((2026, self._chance.randint(2, 900))))
            sentences.append(f"{self._capitalised(words)}.")
            length += len(sentences[-1]) + 1
        return " ".join(sentences)[:CHARACTERS]

    def _words(self, count: int, shares: Sequence[float]) -> list[str]:
        sources = (self._own, self._names, self._subject)
        bounds = list(accumulate(shares))
        closeness = self._chance.uniform(0.5, 1.3)
        words = _common(self._chance, count)
        for place in range(count):
            source = bisect(bounds, self._chance.random() / closeness)
            if source < len(sources):
                # The product of two: what a story is about comes more often than its margins.
                share = self._chance.random() * self._chance.random()
                words[place] = sources[source][int(share * len(sources[source]))]
        return words

    @staticmethod
    def _capitalised(words: list[str]) -> str:
        return " ".join([words[0][:1].upper() + words[0][1:], *words[1:]])


def _common(chance: random.Random, count: int) -> list[str]:
    """Running words, each by its rank's frequency."""
    return [word(rank) for rank in chance.choices(range(WORDS), cum_weights=_weights(), k=count)]


def _ranks(chance: random.Random, count: int, first: int, last: int) -> list[str]:
    """Words from a range of ranks, each power of ten as likely as the next."""
    return [word(int(first * (last / first) ** chance.random())) for _ in range(count)]


@cache
def _weights() -> list[float]:
    joint = CORE_WORDS ** (BEYOND_EXPONENT - 1)
    return list(
        accumulate(
            1 / rank if rank <= CORE_WORDS else joint / rank**BEYOND_EXPONENT
            for rank in range(1, WORDS + 1)
        )
    )


@cache
def word(rank: int) -> str:
    """The word of a rank, counted from 0: consonants and vowels by turns, no two ranks alike."""
    letters = next(letters for letters, last in UP_TO_RANK.items() if rank < last)
    # A step that has no divisor in common with the number of spellings meets each of them once.
    place, spelt = (rank * 7_919 + 11) % _spellings(letters), ""
    for number in range(letters):
        alphabet = _alphabet(letters, number)
        place, letter = divmod(place, len(alphabet))
        spelt += alphabet[letter]
    return spelt


def _alphabet(letters: int, number: int) -> str:
    # Words of an even length begin with a vowel, others with a consonant.
    return "aeiou" if (letters + number) % 2 == 0 else "bdfghklmnprstvwz"


def _spellings(letters: int) -> int:
    spellings = 1
    for number in range(letters):
        spellings *= len(_alphabet(letters, number))
    return spellings
