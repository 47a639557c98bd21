from itertools import combinations

import numpy as np
import pytest
from scipy import sparse

from digest.stories.grouping import communities
from digest.stories.model import Model

MODEL = Model(pair=(), smallness=1.5, apart=-0.35, apart_headlines=-0.5, apart_few=2.0, shares={})


def pairs_within(labels: list[int]) -> list[tuple[int, int]]:
    return [
        pair for pair in combinations(range(len(labels)), 2) if labels[pair[0]] == labels[pair[1]]
    ]


def solve(size: int, edges: dict[tuple[int, int], float], *, full: bool = True) -> list[int]:
    weights = np.zeros((size, size))
    for (one, other), weight in edges.items():
        weights[one, other] = weights[other, one] = weight
    found = communities(sparse.csr_matrix(weights), np.full(size, full), MODEL)
    return [int(label) for label in found]


@pytest.mark.parametrize(("share", "together"), [(1.01, True), (0.86, False)])
@pytest.mark.parametrize("size", [2, 3, 10])
def test_all_join_above_the_price_that_their_number_asks(size, share, together):
    weight = share * (1 + 2 * MODEL.smallness / size)
    labels = solve(size, dict.fromkeys(combinations(range(size), 2), weight))
    assert len(set(labels)) == (1 if together else size)


def test_a_chain_of_likeness_is_not_a_community():
    labels = solve(6, {(number, number + 1): 2.6 for number in range(5)})
    assert 3 <= len(set(labels)) <= 4
    assert all(abs(one - other) == 1 for one, other in pairs_within(labels))


def test_a_strong_tie_makes_up_for_a_missing_one():
    assert len(set(solve(3, {(0, 1): 4.0, (1, 2): 4.0}))) == 1


def test_what_is_near_a_close_pair_does_not_join_it_by_a_faint_tie():
    labels = solve(3, {(0, 1): 9.0, (0, 2): 1.2, (1, 2): 1.2})  # at a price of 1 all would pay
    assert labels[0] == labels[1] != labels[2]


def test_parts_that_do_not_touch_are_solved_apart():
    triangle = {(0, 1): 3.3, (1, 2): 3.1, (0, 2): 0.8}
    alone = solve(3, triangle)
    beside = solve(5, triangle | {(3, 4): 5.0})
    assert [beside[0] == beside[n] for n in range(3)] == [alone[0] == alone[n] for n in range(3)]
    assert beside[3] == beside[4] not in beside[:3]


def test_no_texts_no_communities():
    assert solve(0, {}) == []


def two_halves(within: float, between: float, size: int = 5) -> dict[tuple[int, int], float]:
    """Two halves of so many nodes each, with these weights."""
    return {
        (one, other): within if (one < size) == (other < size) else between
        for one, other in combinations(range(2 * size), 2)
    }


def test_two_events_of_one_kind_show_themselves_by_the_gap_between_them():
    labels = solve(10, two_halves(within=6, between=3.3))  # each pair pays well
    assert len(set(labels[:5])) == len(set(labels[5:])) == 1
    assert labels[0] != labels[5]


def test_sides_of_one_event_are_closer_to_each_other():
    assert len(set(solve(10, two_halves(within=6, between=5)))) == 1


def test_headlines_are_less_alike_by_chance_and_stay():
    assert len(set(solve(10, two_halves(within=6, between=3.3), full=False))) == 1


def test_a_pair_that_stands_out_is_no_story_of_its_own():
    ring = dict.fromkeys(combinations(range(6), 2), 4.0) | {(6, 7): 9.0}
    labels = solve(8, ring | {(old, new): 3.0 for old in range(6) for new in (6, 7)})
    assert len(set(labels)) == 1
