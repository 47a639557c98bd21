import pytest

from digest.stories.words import fold, terms


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("STRASSE", "Straße"),
        ("IŞIKLAR", "ışıklar"),
        ("İZMİR", "izmir"),
        ("ΑΘΗΝΑΣ", "Αθήνας"),
        ("Cafe\u0301", "CAFÉ"),
        ("Київ", "КИЇВ"),
        ("Ｎｅｗｓ", "news"),
        ("مُحَمَّد", "محمد"),
        ("co\u00adoperation", "cooperation"),
        ("한국", "\u1112\u1161\u11ab\u1100\u116e\u11a8"),
    ],
)
def test_spellings_of_one_word_fold_together(one, other):
    assert fold(one) == fold(other)


def test_words_keep_the_vowel_signs_that_python_does_not_count_as_letters():
    assert terms("हिन्दी समाचार") == ["हिन्दी", "समाचार"]


def test_scripts_without_spaces_are_cut_into_overlapping_pieces():
    assert terms("新型火箭") == ["新型", "型火", "火箭"]
    assert terms("ข่าววันนี้")[:2] == ["ข่า", "่าว"]


def test_scripts_may_mix_in_one_word():
    assert terms("COVID病毒") == ["covid", "病毒"]


def test_markup_and_entities_left_in_the_text_are_no_words():
    assert terms('<p class="x">Trade &amp; tariffs</p><br/>now') == ["trade", "tariffs", "now"]
    assert terms("if a < b and more") == ["if", "and", "more"]


@pytest.mark.parametrize("text", ["", "!!! — …", "a", "\ud800", "<p>"])
def test_a_text_may_hold_no_term(text):
    assert terms(text) == []


def test_an_endless_word_is_cut():
    assert {len(term) for term in terms("x" * 100)} == {40, 20}
