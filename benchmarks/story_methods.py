"""The published methods that grouping is measured against, on plain TF-IDF of title and body.

Each has one threshold (or least size). It is chosen as ours is learned: the best over the other
sets, never over the set that is scored.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.sparse.csgraph import connected_components
from scipy.spatial.distance import squareform

from benchmarks.story_sets import LabelledSet, Labels, goodness
from digest.stories import Item

Cut = Callable[[float], Labels]
"""The labels at a threshold."""
Prepare = Callable[[Sequence[Item]], Cut]
"""What of a method does not depend on the threshold, done once."""
Grouper = Callable[[Sequence[Item]], Labels]
"""A method whose threshold or model has been chosen: this alone is timed."""

# As Miranda et al.: how alike two moments are falls with their distance as a Gaussian does.
DEVIATION_SECONDS = 3 * 86_400.0

# With 2, DBSCAN would be the connected components again.
DBSCAN_LEAST = 3


class Baseline:
    """A method with one threshold.

    Args:
        start: makes the method, with nothing remembered from another run.
        grid: the thresholds to choose among.
    """

    def __init__(self, start: Callable[[], Prepare], grid: Iterable[float]) -> None:
        self._start = start
        self._grid = list(grid)
        self._prepare = start()
        self._known: dict[LabelledSet, list[float]] = {}

    def __call__(self, held_out: LabelledSet, others: Sequence[LabelledSet]) -> Grouper:
        """The method at the threshold that is best on the mean over the other sets."""
        del held_out  # nothing of it may be seen
        means = np.mean([self._curve(other) for other in others], axis=0)
        threshold = self._grid[int(np.argmax(means))]
        return lambda items: self._start()(items)(threshold)

    def _curve(self, other: LabelledSet) -> list[float]:
        if other not in self._known:
            cut = self._prepare(other.items)
            self._known[other] = [goodness(other.gold, cut(value)) for value in self._grid]
        return self._known[other]


def tf_idf(items: Sequence[Item]) -> Any:
    """scikit-learn's own, as it is used everywhere: words, logarithmic counts, unit rows."""
    from sklearn.feature_extraction.text import TfidfVectorizer  # noqa: PLC0415 - optional

    texts = [f"{item.title} {item.body}" for item in items]
    return TfidfVectorizer(sublinear_tf=True).fit_transform(texts)


def components(items: Sequence[Item]) -> Cut:
    """Connected components of the pairs with at least this cosine."""
    vectors = tf_idf(items)
    cosines = (vectors @ vectors.T).tocsr()

    def cut(threshold: float) -> Labels:
        found = connected_components(cosines >= threshold, directed=False)[1]
        return list(found.tolist())

    return cut


def average_link(items: Sequence[Item]) -> Cut:
    """Agglomerative clustering while the mean cosine between two clusters is at least this."""
    return link_by_average(tf_idf(items))


def link_by_average(vectors: Any) -> Cut:
    """The same, of unit rows of any kind."""
    tree = linkage(squareform(_distances(vectors), checks=False), "average")

    def cut(threshold: float) -> Labels:
        return list(fcluster(tree, 1 - threshold, criterion="distance").tolist())

    return cut


def dbscan(items: Sequence[Item]) -> Cut:
    """DBSCAN (Ester et al. 1996): neighbours have at least this cosine; noise is alone."""
    from sklearn.cluster import DBSCAN  # noqa: PLC0415 - optional

    distances = _distances(tf_idf(items))

    def cut(threshold: float) -> Labels:
        method = DBSCAN(eps=1 - threshold, min_samples=DBSCAN_LEAST, metric="precomputed")
        return _noise_alone(method.fit_predict(distances))

    return cut


def hdbscan(items: Sequence[Item]) -> Cut:
    """HDBSCAN (Campello et al. 2013) with this least size of a cluster; noise is alone."""
    from sklearn.cluster import HDBSCAN  # noqa: PLC0415 - optional

    distances = _distances(tf_idf(items))

    def cut(least: float) -> Labels:
        method = HDBSCAN(min_cluster_size=int(least), metric="precomputed", copy=True)
        return _noise_alone(method.fit_predict(distances))

    return cut


def online(items: Sequence[Item]) -> Cut:
    """Articles in the order of time join the most similar cluster, or start one.

    The monolingual part of "Multilingual Clustering of Streaming News" (Miranda, Znotiņš, Cohen
    and Barzdins, EMNLP 2018), simplified: one vector of words where they have nine of words,
    lemmas and names; document frequencies of the whole set, which a stream could not know yet;
    and the similarity is the cosine times the mean of their three timestamp similarities, where
    they weigh all of these by a ranking SVM. Articles without a date come last, by id.
    """
    vectors = tf_idf(items)
    times = np.array([item.published.timestamp() if item.published else np.nan for item in items])
    return lambda threshold: join_in_time(vectors, times, threshold)


def join_in_time(vectors: Any, times: NDArray[np.float64], threshold: float) -> list[int]:
    """The cluster of each row: the one of highest similarity if that is at least the threshold.

    A cluster's centroid is the sum of its rows; `times` are POSIX seconds, NaN without a date.
    """
    rows = sparse.csr_matrix(vectors)
    count, terms = rows.shape
    sums, squares = np.zeros((terms, count)), np.zeros(count)
    newest, oldest = np.full(count, np.nan), np.full(count, np.nan)
    total, dated = np.zeros(count), np.zeros(count)
    labels, used = [0] * count, 0
    for row in np.argsort(times, kind="stable").tolist():  # NaN sorts last
        start, end = rows.indptr[row], rows.indptr[row + 1]
        columns, values, time = rows.indices[start:end], rows.data[start:end], times[row]
        square = float(values @ values)
        products = values @ sums[columns, :used]
        means = total[:used] / np.where(dated[:used] > 0, dated[:used], np.nan)
        stamps = (newest[:used], oldest[:used], means)
        near = np.mean([_alike(time, stamp) for stamp in stamps], axis=0)
        likeness = near * products / np.sqrt(np.maximum(squares[:used] * square, 1e-300))
        best = int(np.argmax(likeness)) if used else 0
        if not used or likeness[best] < threshold:
            best, used = used, used + 1
            products = np.append(products, 0.0)
        labels[row] = best
        squares[best] += 2 * products[best] + square
        sums[columns, best] += values
        if not np.isnan(time):
            newest[best], oldest[best] = np.fmax(newest[best], time), np.fmin(oldest[best], time)
            total[best], dated[best] = total[best] + time, dated[best] + 1
    return labels


def _alike(time: float, others: NDArray[np.float64]) -> NDArray[np.float64]:
    """1 at the same moment, falling with the distance; 1 where either is not known."""
    alike = np.exp(-(((time - others) / DEVIATION_SECONDS) ** 2) / 2)
    return np.where(np.isnan(alike), 1.0, alike)


def _distances(vectors: Any) -> NDArray[np.float64]:
    product = vectors @ vectors.T
    cosines = product.toarray() if sparse.issparse(product) else product
    distances: NDArray[np.float64] = np.maximum(1 - cosines.astype(np.float64), 0)
    np.fill_diagonal(distances, 0)
    return distances


def _noise_alone(labels: NDArray[np.int64]) -> Labels:
    return [
        label if label >= 0 else ("alone", number) for number, label in enumerate(labels.tolist())
    ]
