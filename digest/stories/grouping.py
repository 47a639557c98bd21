"""Communities of a graph of texts: the constant Potts model, stricter with small ones."""

from itertools import pairwise
from typing import Any

import graspologic_native
import numpy as np
from numpy.typing import NDArray
from scipy import sparse

# A story of many articles shows itself by many faint ties; between two articles one faint tie is
# chance. So a community of n has to pay at a price of 1 + 2 · SMALLNESS / n a pair.
SMALLNESS = 1.5
# The price rises in steps of this factor, and is met to within one.
STEP = 1.15

_SEED = 1


def communities(weights: Any) -> NDArray[np.int64]:
    """A label for each node of a symmetric weighted graph, equal within a community.

    A community of n nodes earns the weights within it and pays a price for each of its n(n-1)/2
    pairs (Traag, Van Dooren and Nesterov 2011; the price is their resolution): joining two pays
    if the mean weight between them is above the price. It is 1 at first. Communities too small
    for the price they were made at are divided again at a higher one, until what is left is dear
    enough for its size or a single node.
    """
    labels = np.full(weights.shape[0], -1, dtype=np.int64)
    price = 1.0
    while (labels < 0).any():
        found = _solve(weights, price)
        sizes = np.bincount(found)
        cheap = ((sizes > 1) & (price * STEP < 1 + 2 * SMALLNESS / sizes))[found]
        settled = (labels < 0) & ~cheap
        labels[settled] = found[settled] + labels.max() + 1
        edges = weights.tocoo()
        within = (found[edges.row] == found[edges.col]) & cheap[edges.row]
        weights = sparse.csr_matrix(
            (edges.data[within], (edges.row[within], edges.col[within])), shape=weights.shape
        )
        price *= STEP
    return labels


def _solve(weights: Any, price: float) -> NDArray[np.int64]:
    """Solve each connected part by itself, so that what happens in one never shows in another."""
    _, part_of = sparse.csgraph.connected_components(weights, directed=False)
    order = np.argsort(part_of, kind="stable")
    blocks = weights[order][:, order].tocsr()
    blocks.sort_indices()
    indptr, indices = blocks.indptr.astype(np.int64), blocks.indices.astype(np.int32)
    data = blocks.data.astype(np.float64)
    bounds = np.concatenate(([0], np.cumsum(np.bincount(part_of)))).tolist()
    labels = np.empty(len(order), dtype=np.int64)
    used = 0
    for start, end in pairwise(bounds):
        found = [0]
        if end - start > 1:
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
            found = [label_of[node] for node in range(end - start)]
        labels[order[start:end]] = np.array(found) + used
        used += max(found) + 1
    return labels
