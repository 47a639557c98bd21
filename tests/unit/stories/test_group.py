import itertools
import json
import os
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from digest.stories import Item, group, tell
from digest.stories.features import extract
from digest.stories.model import load
from digest.stories.similarity import candidates, graph
from tests.newsday import day, expected, names


@pytest.mark.parametrize("declared", [True, False])
def test_a_day_in_six_languages_falls_into_its_stories(declared):
    assert names(group(day(declared=declared))) == expected()


def test_the_order_within_and_among_stories_is_fixed():
    assert group(day()) == group(reversed(day()))


def test_the_example_of_the_explanation_holds():
    page = (Path(__file__).parents[3] / "docs/explanation/stories.md").read_text(encoding="utf-8")
    items = [
        Item(number, title)
        for number, title in re.findall(r"^\| (\d) \| (.+) \|$", page, re.MULTILINE)
    ]
    told = tell(items, now=datetime(2026, 3, 3, tzinfo=UTC), weights={})
    assert names([list(story.items) for story in told]) == {frozenset("123"), frozenset("4")}
    said = re.search(r"The story is tied by (.+)\.$", page, re.MULTILINE)
    assert said
    tied = {word for account in told[0].accounts for word in account.tied}
    assert tied == set(re.findall(r"\*(\w+)\*", said[1]))
    features = extract(items)
    rows, columns, cosines = candidates(features)
    weights = graph(features, load())
    assert re.findall(r'(\d) ---\|"([\d.]+) → ([\d.]+)"\| (\d)', page) == [
        (str(one + 1), f"{cosine:.2f}", f"{weights[one, other]:.1f}", str(other + 1))
        for one, other, cosine in sorted(zip(rows, columns, cosines, strict=True))
    ]


def test_languages_do_not_meet_over_names():
    stories = group(
        [
            Item("en", "Merkel and Macron meet in Paris", language="en"),
            Item("de", "Merkel und Macron in Paris", language="de-DE"),
            Item("fr", "Merkel et Macron à Paris", language="fr"),
            Item("none", "Angela Merkel and Emmanuel Macron meet"),
        ]
    )
    assert names(stories) == {frozenset({"en", "none"}), frozenset({"de"}), frozenset({"fr"})}


def test_extremes_survive():
    items = [
        Item("empty"),
        Item("also empty"),
        Item("one word", "Bridge"),
        Item("punctuation", "?!"),
        Item("surrogates", "\ud800 bridge \udfff", "\udc80" * 100),
        Item("long", "Budget", "The house voted on the budget. " * 35_000),
        Item("endless", "x" * 1_000_000, "y" * 1_000_000),
        Item("endless han", "中" * 1_000_000),
        Item("markup", "<" * 10_000, "<p>" * 10_000),
        Item("mixed direction", "\u202eabc\u202c عاجل חדשות breaking"),
        Item("2087", "Bridge", published=datetime(2087, 1, 1, tzinfo=UTC)),
        Item("year one", "Bridge", published=datetime.min.replace(tzinfo=UTC)),
    ]
    stories = group(items)
    assert sorted(item.id for story in stories for item in story) == sorted(i.id for i in items)
    together = next(story for story in stories if len(story) > 1)
    assert {item.id for item in together} >= {"one word", "2087", "year one"}
    assert tell(items, now=datetime(2026, 3, 3, tzinfo=UTC), weights={})


@pytest.mark.parametrize("items", [[], [Item("a")], [Item("a"), Item("b", "!")]])
def test_nothing_to_group_is_no_error(items):
    assert group(items) == [[item] for item in items]
    told = tell(items, now=datetime(2026, 3, 3, tzinfo=UTC), weights={})
    assert [story.items for story in told] == [(item,) for item in items]


def test_ten_thousand_identical_articles_are_one_text():
    items = [
        Item(f"{number:05}", "Bridge closed", "The bridge is shut.") for number in range(10_000)
    ]
    assert [len(story) for story in group([*items, Item("other", "Chess title won")])] == [
        10_000,
        1,
    ]


def test_copies_do_not_outvote_what_differs():
    copies = [Item(f"copy{number}", "Millbrook bridge closed") for number in range(100)]
    other = Item("other", "Millbrook bridge closed after crack")
    assert len(group([*copies, other])) == 1


def test_fifty_languages_in_one_file_stay_apart():
    tags = ["".join(pair) for pair in itertools.product("abcdefghij", "vwxyz")]
    items = [
        Item(f"{tag}{number}", "Merkel Macron Paris", f"{tag}ord number{number}", language=tag)
        for tag in tags
        for number in range(3)
    ]
    stories = group(items)
    assert [len({item.language for item in story}) for story in stories] == [1] * len(stories)


_PROGRAM = """
import json
from digest.stories import group
from tests.newsday import day
print(json.dumps([[item.id for item in story] for story in group(day(declared=False))]))
"""


def test_another_process_with_another_hash_seed_says_the_same():
    here = [[item.id for item in story] for story in group(day(declared=False))]
    for seed in ("1", "2"):
        said = subprocess.run(
            [sys.executable, "-c", _PROGRAM],
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        )
        assert json.loads(said.stdout) == here
