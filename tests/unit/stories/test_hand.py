"""The editor's hand on groups: `obey` on similarities written by hand, `check` on wishes."""

import tracemalloc
from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
from scipy import sparse

from digest.errors import ContradictionError
from digest.stories import Hand, Item, group, tell
from digest.stories.hand import check, obey
from tests.conftest import NOW
from tests.newsday import day, names

IDS = "abcdefgh"


def obeyed(groups: str, hand: Hand, ties: dict[str, float] | None = None, rows: str = "") -> str:
    """Groups such as "abc d", after the editor; `rows` gives each article the row of its text."""
    found = {name: IDS.index(name) for name in groups if name != " "}
    row_of = np.array([int(row) for row in rows] if rows else range(len(found)))
    weights = sparse.lil_matrix((len(IDS), len(IDS)))
    for pair, weight in (ties or {}).items():
        one, two = map(IDS.index, pair)
        weights[one, two] = weights[two, one] = weight
    numbers = [[found[name] for name in part] for part in groups.split()]
    told = obey(numbers, IDS[: len(found)], hand, row_of, weights.tocsr())
    return " ".join("".join(IDS[number] for number in story) for story in told)


def pairs(text: str) -> tuple[tuple[str, str], ...]:
    return tuple((pair[0], pair[1]) for pair in text.split())


def test_what_is_parted_does_not_meet_strangers():
    hand = Hand(together=pairs("bc"), apart=pairs("ab cd"))
    assert obeyed("ab cd", hand) == "a bc d"  # a and d have no tie


def test_the_whole_stories_of_articles_kept_together_become_one():
    assert obeyed("ab cd ef", Hand(together=pairs("fa"))) == "abef cd"


def test_a_chain_reaches_through_an_article_that_is_not_there():
    assert obeyed("ab cd ef", Hand(together=pairs("az zd"))) == "abcd ef"
    assert obeyed("abc", Hand(together=pairs("az"), apart=pairs("zb"))) == "ac b"


def test_others_go_to_the_side_they_are_closer_to():
    ties = {"ab": 3.0, "ac": 2.0, "bc": 1.0, "ad": 1.0, "bd": 2.0}
    assert obeyed("abcd", Hand(apart=pairs("ab")), ties) == "ac bd"


def test_an_article_follows_those_it_is_close_to():
    ties = {"ac": 0.5, "cd": 5.0, "bd": 1.0, "ab": 9.0}
    assert obeyed("abcd", Hand(apart=pairs("ab")), ties) == "a bcd"


def test_a_side_does_not_win_by_its_number():
    ties = {"ac": 9.0, "ad": 9.0, "cd": 9.0, "ae": 1.0, "ce": 1.0, "de": 1.0, "be": 2.0}
    assert obeyed("abcde", Hand(apart=pairs("ab")), ties) == "acd be"


def test_those_kept_apart_from_others_join_the_closest_they_may():
    ties = {"ac": 1.0, "ad": 2.0, "bc": 2.0, "bd": 1.0}
    assert obeyed("abcd", Hand(apart=pairs("ab cd")), ties) == "ad bc"


def test_one_without_a_tie_stays_with_the_first_side():
    assert obeyed("abc", Hand(apart=pairs("bc"))) == "ab c"


def test_articles_kept_together_move_as_one():
    ties = {"ac": 2.0, "bc": 1.0, "bd": 9.0}
    assert obeyed("abcd", Hand(together=pairs("cd"), apart=pairs("ab")), ties) == "a bcd"


def test_several_wishes_in_one_story():
    assert obeyed("abcd", Hand(apart=pairs("ab cd"))) == "ac bd"
    assert obeyed("abc", Hand(apart=pairs("ab bc ac"))) == "a b c"
    assert obeyed("abcd", Hand(apart=pairs("ab bc cd"))) == "ac bd"
    assert obeyed("ab cd", Hand(together=pairs("ac"), apart=pairs("bd"))) == "abc d"


def test_copies_of_one_text_stay_together_unless_they_are_kept_apart():
    assert obeyed("abcd", Hand(apart=pairs("ad")), {"ab": 1.0}, rows="0123") == "abc d"
    assert obeyed("abcd", Hand(apart=pairs("ad")), rows="0011") == "ab cd"
    assert obeyed("abc", Hand(apart=pairs("ab")), rows="000") == "ac b"


def test_texts_without_words_are_divided_as_well():
    assert obeyed("ab c", Hand(together=pairs("bc"), apart=pairs("ac"))) == "a bc"
    hand = Hand(together=pairs("ab"), apart=pairs("bc"))
    assert names(group([Item("a"), Item("b"), Item("c")], hand)) == {
        frozenset("ab"),
        frozenset("c"),
    }


def test_apart_wins_over_a_contradiction():
    assert obeyed("ab c", Hand(together=pairs("ab bc"), apart=pairs("ac"))) == "ab c"
    assert obeyed("ab", Hand(together=pairs("ab"), apart=pairs("ab"))) == "a b"


def test_together_wins_over_languages():
    hand = Hand(together=(("bridge-0", "metro-6"),))
    (story,) = (ids for ids in names(group(day(), hand)) if "bridge-0" in ids)
    assert {name.split("-")[0] for name in story} == {"bridge", "metro"}


def test_a_contradiction_names_the_shortest_chain():
    check(Hand(together=pairs("ab bc"), apart=pairs("ad")))
    hand = Hand(together=pairs("ab bc cd bd"), apart=pairs("da"))
    with pytest.raises(ContradictionError, match=r"a and d cannot .* while a with b and b with d"):
        check(hand)


def memory_of(work: Callable[[], object]) -> int:
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_a_thousand_pairs_kept_apart_in_one_story_take_no_table_of_all_pairs():
    ids = [f"{number:04}" for number in range(2000)]
    hand = Hand(apart=tuple(zip(ids[::2], ids[1::2], strict=True)))
    ring = sparse.diags_array([1.0, 1.0], offsets=[1, -1], shape=(2000, 2000)).tocsr()
    found: list[list[int]] = []
    used = memory_of(lambda: found.extend(obey([[*range(2000)]], ids, hand, np.arange(2000), ring)))
    assert sorted(map(len, found)) == [1000, 1000]
    assert used < 20_000_000


def test_a_long_chain_is_checked_in_proportion():
    ids = [f"{number:04}" for number in range(2000)]
    hand = Hand(together=tuple(pairwise(ids)), apart=((ids[0], "elsewhere"),))
    assert memory_of(lambda: check(hand)) < 3_000_000


def test_pinned_stories_come_first_in_their_order_and_their_leads_lead():
    pins = ("alone-5", "bridge-1", "bridge-0", "elsewhere")
    first, second, third, *_ = tell(day(), now=NOW, weights={}, hand=Hand(pins=pins))
    assert (first.lead.id, second.lead.id) == ("alone-5", "bridge-1")
    assert [item.id for item in second.items][:2] == ["bridge-1", "bridge-0"]
    assert (first.pinned, second.pinned, third.pinned) == (True, True, False)
    assert first.score < second.score
