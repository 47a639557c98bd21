import numpy as np
import pytest
from scipy import sparse

from benchmarks.story_methods import Baseline, join_in_time, link_by_average
from benchmarks.story_sets import LabelledSet
from digest.stories import Item

DAY = 86_400.0
UNDATED = np.full(4, np.nan)


def rows(*vectors: tuple[float, ...]) -> sparse.csr_matrix:
    dense = np.array(vectors)
    return sparse.csr_matrix(dense / np.linalg.norm(dense, axis=1, keepdims=True))


def test_an_article_joins_the_nearest_centroid_above_the_threshold_or_starts_a_story():
    vectors = rows((1, 0, 0), (0, 1, 0), (1, 0.2, 0), (0, 0, 1))
    assert join_in_time(vectors, UNDATED, 0.5) == [0, 1, 0, 2]


@pytest.mark.parametrize(("third", "found"), [(63, [0, 0, 0]), (75, [0, 0, 1])])
def test_a_centroid_is_the_sum_of_its_articles(third: int, found: list[int]):
    # 45° is just near enough to 0°, and then the centroid is at 22.5°: 75° is too far from it,
    # though not from the second article.
    angles = np.radians([0, 45, third])
    vectors = sparse.csr_matrix(np.column_stack((np.cos(angles), np.sin(angles))))
    assert join_in_time(vectors, UNDATED[:3], 0.7) == found


def test_articles_come_in_the_order_of_time_and_those_without_a_date_last():
    vectors = rows((1, 0), (0.8, 0.6), (0.6, 0.8), (1, 0))
    times = np.array([np.nan, 2.0, 1.0, 3.0])
    # The third starts a story that the second joins; the centroid between them is too far
    # for the fourth, which the first joins.
    assert join_in_time(vectors, times, 0.9) == [1, 0, 0, 1]


@pytest.mark.parametrize(("days", "found"), [(0, [0, 0]), (3, [0, 0]), (5, [0, 1])])
def test_the_same_words_days_later_are_less_alike(days: int, found: list[int]):
    # Three days are one deviation: exp(-1/2) = .61; five: exp(-25/18) = .25.
    times = np.array([0.0, days * DAY])
    assert join_in_time(rows((1, 0), (1, 0)), times, 0.5) == found


def test_average_link_joins_by_the_mean_of_all_pairs():
    # Cosines .8, .8 and .28: the mean of the last two is what the third joins by.
    vectors = np.array([(0.8, 0.6), (1.0, 0.0), (0.8, -0.6)])
    cut = link_by_average(vectors)
    assert len(set(cut(0.53))) == 1
    assert len(set(cut(0.55))) == 2
    assert len(set(cut(0.85))) == 3


def test_a_threshold_is_the_best_on_the_mean_of_the_other_sets_alone():
    def apart(items):
        """Articles whose ids differ by less than the threshold are together."""
        first = min(int(item.id) for item in items)
        return lambda threshold: [int(item.id) - first < threshold for item in items]

    def labelled(name: str, *ids: int, together: int) -> LabelledSet:
        items = tuple(Item(str(number)) for number in ids)
        return LabelledSet(
            name, items, tuple("ab"[number >= together] for number in range(len(ids)))
        )

    held_out = labelled("held out", 0, 1, 2, 9, together=1)
    learned_from = [
        labelled("one", 0, 1, 2, 5, 6, together=3),
        labelled("two", 10, 11, 12, 15, 19, together=3),
        labelled("three", 0, 5, 6, 9, together=3),
    ]
    grouper = Baseline(lambda: apart, [1, 4, 8])(held_out, learned_from)
    assert grouper(held_out.items) == [True, True, True, False]
