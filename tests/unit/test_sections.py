"""Section paths: one section however it is spelt."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.sections import ancestors, is_within, join_path, section_key, split_path


@pytest.mark.parametrize(
    ("path", "parts"),
    [
        ("World » Ukraine", ("World", "Ukraine")),
        ("  World»Ukraine ", ("World", "Ukraine")),
        ("World  News", ("World News",)),
        ("» World »", ("World",)),
        (["World", " Ukraine "], ("World", "Ukraine")),
        (" » ", ()),
        ("", ()),
    ],
)
def test_a_path_has_parts(path: str | list[str], parts: tuple[str, ...]):
    assert split_path(path) == parts


@pytest.mark.parametrize(
    "spelling",
    ["WORLD » Straße", "world»STRASSE", "Ｗorld » strasse", ["World", "Straße"]],
)
def test_spellings_of_one_section_share_a_key(spelling: str | list[str]):
    assert section_key(spelling) == "world » strasse"


@given(st.text())
def test_a_key_is_the_key_of_itself(path: str):
    key = section_key(path)
    assert section_key(key) == key


@given(st.lists(st.text(min_size=1), max_size=4))
def test_a_written_path_is_read_back(parts: list[str]):
    split = split_path([part.replace("»", "") for part in parts])
    assert split_path(join_path(split)) == split


def test_within_means_itself_or_below():
    assert is_within("world » ukraine", "world")
    assert is_within("world", "world")
    assert not is_within("world", "world » ukraine")
    assert not is_within("worldwide", "world")


def test_ancestors_come_deepest_first():
    assert ancestors("world » europe » ukraine") == [
        "world » europe » ukraine",
        "world » europe",
        "world",
    ]
