"""Communities of a graph of texts: the constant Potts model."""

from itertools import pairwise
from typing import Any

import graspologic_native
import numpy as np
from numpy.typing import NDArray
from scipy import sparse

_SEED = 1


def communities(weights: Any) -> NDArray[np.int64]:
    """A label for each node of a symmetric weighted graph, so that communities pay.

    A community of n nodes earns the weights within it and pays 1 for each of its n(n-1)/2 pairs
    (Traag, Van Dooren and Nesterov 2011, resolution 1): joining two costs nothing only if the
    mean weight between them is 1 or more. Every connected part is solved by itself, so that what
    happens in one never shows in another; the seed is fixed.
    """
    if weights.shape[0] == 0:
        return np.empty(0, dtype=np.int64)
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
        size = end - start
        if size == 1:
            found = [0]
        else:
            first, last = indptr[start], indptr[end]
            _, label_of = graspologic_native.leiden_csr(
                indptr[start : end + 1] - first,
                indices[first:last] - np.int32(start),
                data[first:last],
                size,
                resolution=1.0,
                use_modularity=False,
                seed=_SEED,
            )
            found = [label_of[node] for node in range(size)]
        labels[order[start:end]] = np.array(found) + used
        used += max(found) + 1
    return labels
