"""Which texts may tell one event, and how strongly: a sparse weighted graph."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sparse_dot_topn import sp_matmul_topn

from digest.stories.features import Features
from digest.stories.model import Model

# Words that the language uses everywhere, by what is known beforehand, make no pair where more than
# this share of the texts hold them, and more than so many: what a large event is told by does, in
# however many texts it is. On a large day the commonest words give way, whatever they are, until
# comparing the texts takes so many products.
EVERYDAY = 0.2
COMMON_SHARE = 0.3
COMMON_LEAST = 50
PRODUCTS_MOST = 3e7

# A pair below this cosine is not looked at, nor are more of a text's pairs than its share of so
# many. For long texts, which share as much by chance, the least is higher; see `SHORT`. Below
# this weight a pair is no evidence worth keeping.
LEAST_COSINE = 0.02
LENGTH_EXPONENT = 0.35
LEAST_WEIGHT = 1.0
PAIRS_MOST = 3_000_000
PAIRS_OF_ONE = 30

# However much two texts share, they have but two voices.
MOST_WEIGHT = 30.0

# Texts on any subject share more the longer they are, up to a point.
SHORT, LONG = 8, 60

HOURS_A_WEEK = 168.0
# Further apart than this is just far apart.
MOST_WEEKS = 2.0

# What is looked at in a pair, in the order of the model's coefficients.
EVIDENCE = (
    "one",
    "log cosine",
    "log length",
    "weeks apart",
    "headline covered, the better",
    "headline covered, the worse",
    "both have a body",
)

# Pairs looked at in one go: few, so that the same memory serves for all.
_CHUNK = 20_000


def graph(features: Features, model: Model, since: int = 0) -> Any:
    """The symmetric weights between rows: where one is above 1, a large story gains by the pair.

    Args:
        features: the texts.
        model: what was learned.
        since: only pairs of which one row is this or a later one.
    """
    rows, columns, cosines = candidates(features, since)
    parts = [slice(start, start + _CHUNK) for start in range(0, len(rows), _CHUNK)]
    weights = [
        weigh(evidence(features, rows[part], columns[part], cosines[part]), model) for part in parts
    ]
    return joined(rows, columns, np.concatenate([np.empty(0), *weights]), len(features.lengths))


def weigh(found: NDArray[np.float64], model: Model) -> NDArray[np.float64]:
    """The weight of each pair after what was found for and against it; see `evidence`."""
    logs = np.minimum(found @ np.array(model.pair), np.log(MOST_WEIGHT))
    return np.asarray(np.exp(logs))


def joined(
    rows: NDArray[np.int64], columns: NDArray[np.int64], weights: NDArray[np.float64], texts: int
) -> Any:
    """The symmetric graph of weighted pairs of some texts, each pair given once."""
    keep = weights >= LEAST_WEIGHT
    upper = sparse.csr_matrix((weights[keep], (rows[keep], columns[keep])), shape=(texts, texts))
    return (upper + upper.T).tocsr()


def candidates(
    features: Features, since: int = 0
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Pairs of rows in one language that share a telling word, each once, and their cosines."""
    vectors = features.vectors
    texts = vectors.shape[0]
    shared = _shared(features)
    if since:
        shared &= np.bincount(vectors.indices[vectors.indptr[since] :], minlength=len(shared)) > 0
    scale = (np.clip(features.lengths, SHORT, LONG) / SHORT) ** (-LENGTH_EXPONENT / 2)
    telling = (sparse.diags(scale.astype(np.float32)) @ vectors[:, shared]).tocsr()
    most = max(PAIRS_OF_ONE, PAIRS_MOST // max(texts, 1))
    found = sp_matmul_topn(
        telling[since:], telling.T.tocsr(), top_n=min(most, max(texts, 1)), threshold=LEAST_COSINE
    )
    starts = np.concatenate((np.zeros(since, dtype=found.indptr.dtype), found.indptr))
    products = sparse.csr_matrix((found.data, found.indices, starts), shape=(texts, texts))
    # What is among the most of one of the two may not be among those of the other.
    pairs = sparse.triu(products.maximum(products.T.tocsr()), k=1).tocoo()
    keep = features.languages[pairs.row] == features.languages[pairs.col]
    rows, columns = pairs.row[keep].astype(np.int64), pairs.col[keep].astype(np.int64)
    cosines = pairs.data[keep].astype(np.float64) / scale[rows] / scale[columns]
    return rows, columns, cosines


def _shared(features: Features) -> NDArray[np.bool_]:
    """Which words make pairs."""
    texts, width = features.vectors.shape
    found = np.bincount(features.vectors.indices, minlength=width)
    shared = found > 1
    often = np.flatnonzero(found > max(COMMON_SHARE * texts, COMMON_LEAST))
    shared[often[features.vocabulary.expected(often) >= EVERYDAY]] = False
    counts = np.sort(found[shared])
    within = np.searchsorted(np.cumsum(counts.astype(np.float64) ** 2), PRODUCTS_MOST)
    if within < len(counts):
        shared &= found <= max(counts[within] - 1, COMMON_LEAST)
    return shared


def evidence(
    features: Features,
    rows: NDArray[np.int64],
    columns: NDArray[np.int64],
    cosines: NDArray[np.float64],
) -> NDArray[np.float64]:
    """What speaks for or against each pair: a column for each of `EVIDENCE`.

    The logarithms are those of the cosine and of the mean length (the geometric one, in units of
    `SHORT`). A headline is covered as far as the other text holds its words, by their information.
    """
    lengths = np.log(np.clip(features.lengths, SHORT, LONG) / SHORT)
    here = _dots(features.titles, features.present, rows, columns)
    there = _dots(features.titles, features.present, columns, rows)
    return np.column_stack(
        [
            np.ones(len(rows)),
            np.log(cosines),
            (lengths[rows] + lengths[columns]) / 2,
            np.minimum(_hours_apart(features, rows, columns) / HOURS_A_WEEK, MOST_WEEKS),
            np.maximum(here, there),
            np.minimum(here, there),
            features.full[rows] & features.full[columns],
        ]
    )


def _dots(
    left: Any, right: Any, rows: NDArray[np.int64], columns: NDArray[np.int64]
) -> NDArray[np.float64]:
    """The products of pairs of rows."""
    return np.asarray(left[rows].multiply(right[columns]).sum(axis=1), dtype=np.float64).ravel()


def _hours_apart(
    features: Features, rows: NDArray[np.int64], columns: NDArray[np.int64]
) -> NDArray[np.float64]:
    """The hours between two texts; none where they overlap, or one has no date."""
    gap = np.fmax(
        features.earliest[rows] - features.latest[columns],
        features.earliest[columns] - features.latest[rows],
    )
    return np.nan_to_num(np.maximum(gap, 0)) / 3600
