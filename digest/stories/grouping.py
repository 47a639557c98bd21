"""Communities of a graph of texts: the constant Potts model, and a second look at each story."""

from itertools import pairwise
from typing import Any

import graspologic_native
import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from digest.stories.model import Model

# The price rises in steps of this factor, and is met to within one.
STEP = 1.15

# The prices at which a story falls into the pieces that are looked at again, and the fewest texts
# of a story that is. A piece of fewer texts than `PIECE` is no story of its own.
PRICES = (1.5, 2.2, 3.2, 4.7, 7.0)
STORY = 5
PIECE = 3
# How dense a piece is, is the mean over its pairs and one more of this weight.
DENSE = 4.5

# Parts of so many nodes need no solver.
TWO = 2

_SEED = 1
_ROUNDS = 30


def communities(weights: Any, full: NDArray[np.bool_], model: Model) -> NDArray[np.int64]:
    """A label for each node of a symmetric weighted graph, equal within a community.

    A community of n nodes earns the weights within it and pays a price for each of its n(n-1)/2
    pairs (Traag, Van Dooren and Nesterov 2011; the price is their resolution): joining two pays
    if the mean weight between them is above the price. A story of many articles shows itself by
    many faint ties; between two articles one faint tie is chance. So the price is
    1 + 2 · smallness / n.

    Two events of one kind have much in common and may pay all the same. They show themselves by a
    gap: the ties between them are weaker than those within either. So each story is taken to
    pieces at rising prices, and these are put together again, the closest first, as long as the
    logarithm of the mean weight between two over that within the looser one is above
    `model.apart`; below it they stay apart. `model.apart_headlines` is added to it for headlines
    alone, whose likeness is by chance more often, and `model.apart_few` taken off, divided by the
    square of the number of texts in the smaller piece, of which few prove little.

    Args:
        weights: symmetric, without a diagonal; 1 is the price in a large community.
        full: the nodes that are more than a headline.
        model: what was learned.
    """
    labels = _paying(weights, model.smallness)
    nodes = np.arange(len(labels))
    for price in PRICES:
        # A story that is small now stays what it is.
        large = np.flatnonzero(np.bincount(labels)[labels[nodes]] >= STORY)
        nodes, weights, full = nodes[large], weights[large][:, large], full[large]
        stories = np.unique(labels[nodes], return_inverse=True)[1]
        weights = _within(weights, stories)
        labels[nodes] = labels.max(initial=-1) + 1 + _divided(weights, stories, full, price, model)
    return np.unique(labels, return_inverse=True)[1]


def _paying(weights: Any, smallness: float) -> NDArray[np.int64]:
    """Communities that pay: those too small for the price they were made at are divided again."""
    labels = np.full(weights.shape[0], -1, dtype=np.int64)
    price = 1.0
    while (labels < 0).any():
        found = _solve(weights, price)
        sizes = np.bincount(found)
        cheap = ((sizes > 1) & (price * STEP < 1 + 2 * smallness / sizes))[found]
        settled = (labels < 0) & ~cheap
        labels[settled] = found[settled] + labels.max() + 1
        weights = _within(weights, np.where(cheap, found, -1))
        price *= STEP
    return np.unique(labels, return_inverse=True)[1]


def _within(weights: Any, labels: NDArray[np.int64]) -> Any:
    """The graph less the edges between labels, and those of nodes labelled -1."""
    edges = weights.tocoo()
    keep = (labels[edges.row] == labels[edges.col]) & (labels[edges.row] >= 0)
    return sparse.csr_matrix(
        (edges.data[keep], (edges.row[keep], edges.col[keep])), shape=weights.shape
    )


def _solve(weights: Any, price: float) -> NDArray[np.int64]:
    """Solve each connected part by itself, so that what happens in one never shows in another."""
    edges = sparse.triu(weights)
    part_of = _connected(edges.row, edges.col, weights.shape[0])
    sizes = np.bincount(part_of)
    labels = _pairs(weights, part_of, sizes, price)
    order = np.argsort(part_of, kind="stable")
    order = order[sizes[part_of[order]] > TWO]
    blocks = weights[order][:, order]
    blocks.sort_indices()
    indptr, indices = blocks.indptr.astype(np.int64), blocks.indices.astype(np.int32)
    data = blocks.data.astype(np.float64)
    found: list[int] = []
    used = len(labels)
    for start, end in pairwise([0, *np.cumsum(sizes[sizes > TWO]).tolist()]):
        first, last = indptr[start], indptr[end]
        _, label_of = graspologic_native.leiden_csr(
            indptr[start : end + 1] - first,
            indices[first:last] - np.int32(start),
            data[first:last],
            end - start,
            resolution=price,
            use_modularity=False,
            seed=_SEED,
        )
        found.extend(used + label_of[node] for node in range(end - start))
        used += end - start
    labels[order] = found
    return np.unique(labels, return_inverse=True)[1]


def _connected(one: NDArray[np.int_], other: NDArray[np.int_], nodes: int) -> NDArray[np.int64]:
    """The connected part that each node is in, of a graph of edges between two nodes each.

    SciPy has it too, in a module that takes longer to import than many days take to group.
    """
    part_of = np.arange(nodes)
    while len(one):
        least = np.minimum(part_of[one], part_of[other])
        np.minimum.at(part_of, part_of[one], least)
        np.minimum.at(part_of, part_of[other], least)
        while (part_of[part_of] < part_of).any():
            part_of = part_of[part_of]
        apart = part_of[one] != part_of[other]
        one, other = one[apart], other[apart]
    return np.unique(part_of, return_inverse=True)[1]


def _pairs(
    weights: Any, part_of: NDArray[np.int64], sizes: NDArray[np.int64], price: float
) -> NDArray[np.int64]:
    """A label for each node: its number, or that of the other in a part of two that pays.

    Most parts are of one or two nodes.
    """
    labels = np.arange(len(part_of))
    two = np.flatnonzero(sizes[part_of] == TWO)  # each has one edge
    at = weights.indptr[two]
    other = weights.indices[at].astype(np.int64)
    labels[two] = np.where(weights.data[at] > price, np.minimum(two, other), two)
    return labels


def _divided(
    weights: Any, stories: NDArray[np.int64], full: NDArray[np.bool_], price: float, model: Model
) -> NDArray[np.int64]:
    """The stories, less what the pieces of one at this price show to be another."""
    pieces = _solve(weights, price)
    edges = sparse.triu(weights)
    ties = edges.data, pieces[edges.row], pieces[edges.col]
    sizes, told = np.bincount(pieces), np.bincount(pieces, weights=full)
    for _ in range(_ROUNDS):
        sums, one, other = ties = _summed(*ties, len(sizes))
        join = _closest(*ties, sizes, told, model)
        if not join.any():
            break
        label = _connected(one[join], other[join], len(sizes))
        ties = sums, label[one], label[other]
        sizes, told = np.bincount(label, weights=sizes), np.bincount(label, weights=told)
        pieces = label[pieces]
    return _without_crumbs(pieces, stories)


def _summed(
    weights: NDArray[np.float64], one: NDArray[np.int_], other: NDArray[np.int_], count: int
) -> tuple[NDArray[np.float64], NDArray[np.int_], NDArray[np.int_]]:
    """Each pair of pieces once, with the sum of the weights between the two."""
    pairs = np.minimum(one, other) * count + np.maximum(one, other)
    pairs, place = np.unique(pairs, return_inverse=True)
    sums = np.bincount(place, weights).astype(np.float64)
    return sums, pairs // count, pairs % count


def _closest(
    sums: NDArray[np.float64],
    one: NDArray[np.int_],
    other: NDArray[np.int_],
    sizes: NDArray[Any],
    told: NDArray[Any],
    model: Model,
) -> NDArray[np.bool_]:
    """Which pieces are to be joined: close enough, and neither is closer to another.

    Args:
        sums: of the weights between two pieces, or within one.
        one: the first piece of each sum.
        other: the second, or the same.
        sizes: the texts of each piece.
        told: how many of them are more than a headline.
        model: what was learned.
    """
    within = np.bincount(one[one == other], sums[one == other], minlength=len(sizes))
    density = (within + DENSE) / (sizes * (sizes - 1) / 2 + 1)
    between = sums / (sizes[one] * sizes[other])
    full = told / sizes
    headlines = 1 - np.minimum(full[one], full[other])
    few = np.minimum(sizes[one], sizes[other])
    bar = model.apart + model.apart_headlines * headlines - model.apart_few / few**2
    above = np.log(between / np.minimum(density[one], density[other])) - bar
    above[one == other] = 0
    closest = np.zeros(len(sizes))
    np.maximum.at(closest, one, above)
    np.maximum.at(closest, other, above)
    join: NDArray[np.bool_] = (above > 0) & (above >= closest[one]) & (above >= closest[other])
    return join


def _without_crumbs(pieces: NDArray[np.int64], stories: NDArray[np.int64]) -> NDArray[np.int64]:
    """The pieces as stories; what is too small to be one stays with the largest of its story."""
    sizes = np.bincount(pieces)
    story_of = np.empty(len(sizes), dtype=np.int64)
    story_of[pieces] = stories
    order = np.lexsort((-sizes, story_of))  # stable: of equals the first
    _, firsts = np.unique(story_of[order], return_index=True)
    largest = order[firsts][story_of]
    kept = np.where(sizes < PIECE, largest, np.arange(len(sizes)))
    return np.unique(kept[pieces], return_inverse=True)[1]
