"""The model of grouping, learned from labelled sets.

    python -m benchmarks.story_model FOLDER [-o FILE]

FOLDER holds labelled sets as for `benchmarks.stories scores`; FILE is the model of the package by
default. What counts is how right the stories are on the sets as they are and on days made of them:
cut to a few sentences, taken to single sentences as if each were a headline, less the stories that
are like no other, or thinned until most stories have one article. The words of each set are weighed
by what the others say of how common they are, as those of a new set would be.

Of many models drawn around plain cosines, the mean of the best is taken: a step of the
cross-entropy method (Rubinstein 1999). The best alone owes much to chance, and keeps little of it
on other sets.

Learning for a set held out uses the other sets alone, less the articles they share with it.
"""

import argparse
import json
import random
import re
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from benchmarks.story_sets import MACRO, LabelledSet, goodness, others, read_folder
from digest.stories import Item
from digest.stories.features import BODY_CHARACTERS, Features, Vocabulary, extract
from digest.stories.grouping import communities
from digest.stories.model import FILE, Model
from digest.stories.similarity import EVIDENCE, candidates, evidence, joined, weigh
from digest.stories.words import STEM_CHARACTERS, terms

COMMUNITIES = ("smallness", "apart", "apart_headlines", "apart_few")

# What the models are drawn around: the cosine over a bar that rises with the length and halves with
# each week between, and no other evidence. How far from it they are drawn.
BEGIN = np.array([3.4, 1.0, -0.25, -0.7, 0.0, 0.0, 0.0, 1.5, -0.35, -0.5, 2.0])
SPREAD = np.array([0.3, 0.25, 0.12, 0.3, 0.55, 0.55, 0.4, 0.65, 0.1, 0.5, 1.6])
# Where the cosine counts for more or less, pairs of this one keep their weight: else all weights
# would rise or fall with it.
MIDDLING = 0.1
DRAWN, BEST = 150, 15
# How much a day that is made counts against one that is as it was.
MADE = 0.4

_SEED = 1

# Of a story so many articles teach how common words are. A word that is in fewer stories than this
# is one of theirs, and not of the language.
TEACHING = 3
STORIES = 5
MOST_OF_A_DAY = 1300
TEASER = 200
SENTENCES_OF_AN_ARTICLE = 4
HEADLINE = 90
_SENTENCE_END = re.compile(r'(?<=[.!?])\s+(?=[A-Z"“])')


@dataclass(frozen=True)
class Day:
    """Labelled articles with all that is known of their pairs, and how much they count."""

    gold: tuple[str, ...]
    features: Features
    rows: NDArray[np.int64]
    columns: NDArray[np.int64]
    found: NDArray[np.float64]
    counts: float

    def labels(self, model: Model) -> list[Any]:
        """The story of each article under a model that weighs words as this day does."""
        texts = len(self.features.lengths)
        weights = joined(self.rows, self.columns, weigh(self.found, model), texts)
        labels = communities(weights, self.features.full, model)
        return [
            int(labels[row]) if row >= 0 else ("alone", number)
            for number, row in enumerate(self.features.row_of.tolist())
        ]


def day(labelled: LabelledSet, model: Model, counts: float = 1.0) -> Day:
    """A day of articles, its words weighed by the shares of a model."""
    features = extract(labelled.items, Vocabulary(model))
    rows, columns, cosines = candidates(features)
    found = evidence(features, rows, columns, cosines)
    return Day(labelled.gold, features, rows, columns, found, counts)


def learn(sets: Sequence[LabelledSet]) -> Model:
    """The model under which the stories of some sets come out best."""
    days = []
    for labelled in sets:
        weighing = replace(_model(BEGIN), shares=shares(others(labelled, sets)))
        days += [day(made, weighing, counts) for made, counts in made_of([labelled])]
    drawn = BEGIN + _departures(np.random.default_rng(_SEED))
    good = [
        sum(each.counts * goodness(each.gold, each.labels(_model(values))) for each in days)
        for values in drawn
    ]
    best = drawn[np.argsort(good, kind="stable")[-BEST:]]
    return replace(_model(best.mean(axis=0)), shares=shares(sets))


def _departures(chance: np.random.Generator) -> NDArray[np.float64]:
    """How far each model that is drawn is from the beginning."""
    departures = chance.normal(0, SPREAD, (DRAWN, len(SPREAD)))
    one, log_cosine = EVIDENCE.index("one"), EVIDENCE.index("log cosine")
    departures[:, one] -= np.log(MIDDLING) * departures[:, log_cosine]
    return departures


def _model(values: NDArray[np.float64]) -> Model:
    rounded = [round(float(value), 3) for value in values]
    pair, rest = rounded[: len(EVIDENCE)], rounded[len(EVIDENCE) :]
    return Model(tuple(pair), rest[0], rest[1], rest[2], rest[3], {})


def shares(sets: Sequence[LabelledSet]) -> dict[str, dict[str, float]]:
    """For each language the share of its articles in which a stem is found, the commonest first."""
    texts: Counter[str] = Counter()
    found: dict[str, dict[str, list[str]]] = {}
    told: Counter[str] = Counter()
    for labelled in sets:
        for item, label in zip(labelled.items, labelled.gold, strict=True):
            told[label] += 1
            if item.body and item.language and told[label] <= TEACHING:
                text = f"{item.title} {item.body[:BODY_CHARACTERS]}"
                stems = {term[:STEM_CHARACTERS] for term in terms(text)}
                texts[item.language] += 1
                in_language = found.setdefault(item.language, {})
                for stem in stems:
                    in_language.setdefault(stem, []).append(label)
    return {
        language: {
            stem: round(len(labels) / texts[language], 4)
            for stem, labels in sorted(stems.items(), key=lambda pair: (-len(pair[1]), pair[0]))
            if len(set(labels)) >= STORIES
        }
        for language, stems in sorted(found.items())
    }


def made_of(sets: Sequence[LabelledSet]) -> Iterator[tuple[LabelledSet, float]]:
    """The days to learn from, and how much each counts."""
    for labelled in sets:
        yield _sample(labelled), 1.0
        if len(labelled.items) > 8 * len(set(labelled.gold)):
            yield _thinned(labelled), MADE
        if sum(bool(item.body) for item in labelled.items) > len(labelled.items) / 2:
            teasers = tuple(replace(item, body=item.body[:TEASER]) for item in labelled.items)
            yield replace(labelled, items=teasers), MADE
            yield _sentences(labelled), MADE
            yield _confusable(labelled), MADE


def _sample(labelled: LabelledSet) -> LabelledSet:
    if len(labelled.items) <= MOST_OF_A_DAY:
        return labelled
    return _chosen(
        labelled, sorted(random.Random(_SEED).sample(range(len(labelled.items)), MOST_OF_A_DAY))
    )


def _chosen(labelled: LabelledSet, numbers: Sequence[int]) -> LabelledSet:
    items = tuple(labelled.items[number] for number in numbers)
    return LabelledSet(labelled.name, items, tuple(labelled.gold[number] for number in numbers))


def _thinned(labelled: LabelledSet) -> LabelledSet:
    """A day on which most stories have one article and few have many."""
    chance = random.Random(_SEED)
    members: dict[str, list[int]] = {}
    for number, label in enumerate(labelled.gold):
        members.setdefault(label, []).append(number)
    chosen: list[int] = []
    for label in sorted(members):
        count = min(len(members[label]), int(chance.paretovariate(1.0)))
        chosen += chance.sample(members[label], count)
    return _chosen(labelled, sorted(chosen))


def _sentences(labelled: LabelledSet) -> LabelledSet:
    """A day of headlines: the first sentences of every article of half of the stories."""
    stories = sorted(set(labelled.gold))
    taken = set(random.Random(_SEED).sample(stories, len(stories) // 2))
    pairs: list[tuple[Item, str]] = []
    for item, label in zip(labelled.items, labelled.gold, strict=True):
        if label in taken:
            text = f"{item.title}. {item.body[:BODY_CHARACTERS]}"
            told = [part for part in _SENTENCE_END.split(text) if len(part) > TEASER // 8]
            for number, part in enumerate(told[:SENTENCES_OF_AN_ARTICLE]):
                name = f"{item.id}#{number}"
                pairs.append((replace(item, id=name, title=part[:HEADLINE], body=""), label))
    items, gold = zip(*pairs, strict=True)
    return LabelledSet(labelled.name, items, gold)


def _confusable(labelled: LabelledSet) -> LabelledSet:
    """A day of the half of the stories that have another most like them."""
    features = extract(labelled.items, Vocabulary(_model(BEGIN)))
    stories, story_of = np.unique(labelled.gold, return_inverse=True)
    worded = np.flatnonzero(features.row_of >= 0)
    sums = sparse.csr_matrix(
        (np.ones(len(worded)), (story_of[worded], features.row_of[worded])),
        shape=(len(stories), len(features.lengths)),
    )
    words = (sums @ features.vectors).toarray()
    words /= np.maximum(np.linalg.norm(words, axis=1, keepdims=True), 1e-9)
    cosines = words @ words.T
    np.fill_diagonal(cosines, 0)
    nearest = cosines.max(axis=1)
    close = nearest >= np.median(nearest)
    return _chosen(labelled, np.flatnonzero(close[story_of]).tolist())


def main(argv: Sequence[str] | None = None) -> int:
    """Learn from all sets of a folder and write the model."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.story_model", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("folder", type=Path)
    parser.add_argument("--output", "-o", type=Path, default=FILE)
    chosen = parser.parse_args(argv)
    sets = [labelled for labelled in read_folder(chosen.folder) if labelled.name in MACRO]
    if not sets:
        print(f"{chosen.folder} holds none of {', '.join(MACRO)}", file=sys.stderr)
        return 2
    model = learn(sets)
    record = {
        "made by": "python -m benchmarks.story_model FOLDER",
        "made from": {
            labelled.name: f"{len(labelled.items)} articles, {len(set(labelled.gold))} stories"
            for labelled in sets
        },
        "pair": dict(zip(EVIDENCE, model.pair, strict=True)),
        "communities": {name: getattr(model, name) for name in COMMUNITIES},
        "shares": model.shares,
    }
    chosen.output.write_text(
        json.dumps(record, ensure_ascii=False, indent=1) + "\n", encoding="utf-8"
    )
    print(f"learned from {len(sets)} sets: {chosen.output}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
