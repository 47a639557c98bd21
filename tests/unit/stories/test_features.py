from datetime import UTC, datetime, timedelta

import numpy as np

from digest.stories import Item
from digest.stories.features import extract
from digest.stories.languages import languages
from digest.stories.ties import Ties

NOON = datetime(2026, 3, 3, 12, tzinfo=UTC)


def weights(item: Item, *others: Item) -> dict[str, float]:
    features = extract([item, *others])
    row = features.vectors[[features.row_of[0]]].tocoo()
    return {
        features.stems[column]: weight for column, weight in zip(row.col, row.data, strict=True)
    }


def test_a_word_of_the_headline_weighs_more_than_one_of_the_body():
    found = weights(Item("a", "tariff", "budget"))
    assert found["tariff"] > found["budget"]


def test_a_word_repeated_weighs_more_but_not_in_proportion():
    once = weights(Item("a", body="tariff budget"))
    often = weights(Item("a", body="tariff " * 10 + "budget"))
    assert 1 < often["tariff"] / often["budget"] / (once["tariff"] / once["budget"]) < 10


def test_on_a_day_of_one_article_short_words_count_as_the_common_ones():
    found = weights(Item("a", body="на мост парламентът"))
    assert found["на"] < found["мост"] < found["парламентът"]


def test_of_a_known_language_the_common_words_are_known():
    found = weights(Item("a", body="could Iran", language="en"))  # the longer is the commoner
    assert found["could"] < found["iran"]


def test_what_every_article_says_tells_little():
    others = [Item(str(number), body=f"tariff {number}") for number in range(50)]
    found = weights(Item("a", body="tariff budget"), *others)
    assert found["tariff"] < found["budget"]


def test_forms_that_begin_alike_are_one_stem_shown_by_its_first_word():
    found = weights(Item("a", body="metrostation metrostations"))
    assert list(found) == ["metrostation"]


def test_identical_texts_share_a_row_which_spans_their_dates():
    features = extract(
        [
            Item("a", "Budget passed", published=NOON),
            Item("b", "BUDGET PASSED!", published=NOON + timedelta(hours=2)),
            Item("c", "Budget passed"),
            Item("d", "?!"),
        ]
    )
    assert features.row_of.tolist() == [0, 0, 0, -1]
    assert features.latest[0] - features.earliest[0] == 7200


def test_rows_have_unit_length():
    vectors = extract(
        [Item("a", "Budget passed", "The house voted"), Item("b", "x y z ab")]
    ).vectors
    assert np.allclose(np.asarray(vectors.multiply(vectors).sum(axis=1)), 1)


def test_only_the_beginning_of_a_long_body_counts():
    assert "late" not in weights(Item("a", body="word " * 1000 + "late"))


def spoken(*texts: tuple[str, str]) -> list[str]:
    items = [Item(str(number), body=body) for number, (_, body) in enumerate(texts)]
    features = extract(items)
    return languages([tag for tag, _ in texts], features.vectors, features.stems)


def test_a_tag_counts_by_its_primary_part():
    assert spoken(("pt-BR", "um"), ("pt_PT", "dois"), ("PT", "tres")) == ["pt"] * 3


def test_a_text_without_a_tag_belongs_where_its_words_do():
    assert spoken(
        ("en", "the house has voted for the budget"),
        ("de", "der Bundestag hat den Haushalt beschlossen"),
        ("", "der Kanzler hat den Vertrag unterschrieben"),
        ("", "the chancellor has signed"),
    ) == ["en", "de", "de", "en"]


def test_a_text_without_a_tag_and_a_like_has_its_script():
    assert spoken(("en", "the house"), ("", "новата станция"), ("", "新型火箭"), ("", "99 12")) == [
        "en",
        "CYRILLIC",
        "CJK",
        "",
    ]


def test_the_word_of_a_large_event_stays_telling():
    def rarity(word: str) -> float:
        day = [Item(str(n), f"{word} {word} x{n:03}", language="en") for n in range(300)]
        row = extract(day).titles[[0]].toarray()[0]
        return float(row.min() if row.argmin() == 0 else row[0])

    assert rarity("earthquake") > 3 * rarity("the")


def test_a_marker_is_no_word_of_what_an_article_is_about():
    marked, plain = Item("a", "CORRECTION: Ferry runs aground"), Item("b", "Ferry runs aground")
    features = extract([marked, plain, Item("c", "Correction")])
    assert features.row_of[0] == features.row_of[1]
    assert features.stems == ["ferry", "runs", "aground", "correction"]


def test_many_languages_cost_no_more_than_their_texts():
    items = [Item(str(n), f"word{n} common", language=f"l{n}") for n in range(60)]
    features = extract([*items, Item("told", "word3 nothing")])
    heard = features.vocabulary.heard
    assert sum(len(each.stems) for each in heard.values()) == 2 * len(items) + 1
    assert len(heard) == 60


def test_what_the_editor_put_beside_another_language_is_tied_by_no_number():
    items = [
        Item("a", "Ferry aground, 212 rescued on day 18", language="en"),
        Item("b", "Фериботът заседна, 212 спасени на 18", language="bg"),
    ]
    assert Ties(extract(items)).tied([0, 1], items) == [(), ()]
