"""Which texts may tell one event, and how strongly: a sparse weighted graph."""

from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from digest.stories.features import Features

# Two texts belong together from this cosine on, if both have LENGTH_BASE distinct terms. Longer
# texts on any subject share more, so the bar rises with the geometric mean of their lengths.
BAR = 0.06
LENGTH_BASE = 8.0
LENGTH_EXPONENT = 0.25
LENGTH_MOST = 60.0

# Only terms in at most this many texts make a pair worth weighing.
COMMON_SHARE = 0.3
COMMON_LEAST = 50
COMMON_MOST = 1000

# A pair below this share of the bar is no evidence worth keeping.
WEAKEST = 0.3

# Texts this many hours apart count half.
HALF_LIFE_HOURS = 24 * 7.0

# How many shared terms are followed at a time: what bounds the memory.
_CHUNK = 10_000_000


def graph(features: Features) -> Any:
    """The symmetric weights between rows: 1 is the bar, above it a pair is better together."""
    vectors = features.vectors
    texts = vectors.shape[0]
    lengths = np.clip(features.lengths, LENGTH_BASE, LENGTH_MOST) / LENGTH_BASE
    scale = lengths ** (-LENGTH_EXPONENT / 2) / np.sqrt(BAR)
    scaled = sparse.csr_matrix(vectors.multiply(scale[:, None]))
    found = np.bincount(vectors.indices, minlength=vectors.shape[1])
    limit = np.clip(COMMON_SHARE * texts, COMMON_LEAST, COMMON_MOST)
    columns = (found > 1) & (found <= limit)
    telling = scaled[:, columns].astype(np.float32)
    turned = telling.T.tocsr()
    parts = [
        _pairs(telling[start:end] @ turned, start, features)
        for start, end in pairwise(_bounds(telling, found[columns]))
    ]
    rows, columns, weights = (np.concatenate(part) for part in zip(*parts, strict=True))
    upper = sparse.csr_matrix((weights, (rows, columns)), shape=(texts, texts))
    return (upper + upper.T).tocsr()


def _bounds(telling: Any, found: NDArray[np.int64]) -> list[int]:
    """Where to cut the rows so that the product of each slice is of bounded size."""
    cost = np.concatenate(([0], np.cumsum(found[telling.indices])))[telling.indptr]
    slices = int(cost[-1]) // _CHUNK + 1
    cuts = np.searchsorted(cost, np.linspace(0, cost[-1], slices + 1)[1:-1])
    return [0, *np.unique(cuts[cuts > 0]).tolist(), telling.shape[0]]


def _pairs(
    product: Any, start: int, features: Features
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """The pairs of a slice of the product that are worth keeping, each once."""
    part = product.tocoo()
    keep = (part.data >= WEAKEST) & (part.row + start < part.col)
    rows, columns = part.row[keep].astype(np.int64) + start, part.col[keep].astype(np.int64)
    weights = part.data[keep] * _nearness(features, rows, columns)
    keep = (weights >= WEAKEST) & _same_language(features, rows, columns)
    return rows[keep], columns[keep], weights[keep]


def _nearness(
    features: Features, rows: NDArray[np.int64], columns: NDArray[np.int64]
) -> NDArray[np.float64]:
    """1 for pairs of one time or without a date, falling by half with each half-life between."""
    gap = np.fmax(
        features.earliest[rows] - features.latest[columns],
        features.earliest[columns] - features.latest[rows],
    )
    hours = np.nan_to_num(np.maximum(gap, 0)) / 3600
    return np.asarray(0.5 ** (hours / HALF_LIFE_HOURS))


def _same_language(
    features: Features, rows: NDArray[np.int64], columns: NDArray[np.int64]
) -> NDArray[np.bool_]:
    return np.asarray(features.languages[rows] == features.languages[columns])
