import random
import time
from datetime import UTC, datetime, timedelta

import pytest

from digest.stories import Item, versions
from digest.stories.items import Account
from digest.stories.versions import collapse

NOW = datetime(2026, 3, 3, 5, tzinfo=UTC)

FERRY = (
    "The ferry Saint Clement ran aground off Kaliakra on Monday with 212 people on board. "
    "Lifeboats from Balchik and Kavarna took the passengers ashore within two hours, and nobody "
    "was hurt. The captain, Yordan Metev, said that a rope had caught in the port screw. "
    "Divers are to look at the hull on Tuesday, and the harbour office has opened an inquiry."
)
MORE = (
    "\n\nThe company that owns the ferry said it would pay for hotels and coaches. The Saint "
    "Clement was built in 1987 and had passed its last inspection in October without a remark."
)
REACTION = (
    "Hoteliers on the coast asked on Monday for a second ferry after the Saint Clement ran "
    "aground. Guests wait for days, said their chairwoman Elka Doneva, who wants the state to "
    "lease a vessel from Greece until the season ends, as it did eleven years ago."
)


def item(name: str, title: str, body: str = "", *, ago: float = 5, **more) -> Item:
    return Item(name, title, body, published=NOW - timedelta(hours=ago), **more)


def told(*items: Item) -> dict[str, dict[str, str]]:
    """By what is shown, its versions and their kinds."""
    return {
        account.item.id: {v.item.id: str(v.kind) for v in account.versions}
        for account in collapse(items, now=NOW)
    }


def test_a_day_of_notices_is_compared_with_few_articles_each(monkeypatch: pytest.MonkeyPatch):
    compared: list[tuple[object, ...]] = []

    def never(*both: object) -> float:
        compared.append(both)
        return 0.0

    monkeypatch.setattr(versions, "_meant", never)
    words = [f"word{chr(97 + number // 26)}{chr(97 + number % 26)}" for number in range(300)]
    pick = random.Random(1)  # noqa: S311 - no secret
    notices = [
        item(f"n{number}", f"Correction: {' '.join(pick.sample(words, 4))}", ago=number / 60)
        for number in range(400)
    ]
    collapse(notices, now=NOW)
    assert len(compared) <= versions.LOOKS * len(notices)


@pytest.mark.parametrize("title", ["Update: " * 125_000, "x" + " (update)" * 25_000])
def test_a_headline_of_nothing_but_markers_is_read_in_no_time(title: str):
    began = time.process_time()
    assert told(item("a", title)) == {"a": {}}
    assert time.process_time() - began < 1


def test_a_language_is_the_same_however_its_tag_is_written():
    copies = [item("a", "Ferry aground", FERRY, language="bg-BG", ago=2)]
    copies.append(item("b", "Ferry aground", FERRY, language=" bg "))
    assert told(*copies) == {"b": {"a": "copy"}}


def test_a_copy_under_another_headline_is_one_article():
    assert told(
        item("agency", "Ferry with 212 on board runs aground off Kaliakra", FERRY, ago=6),
        item("section", "Everybody safe after shipwreck drama", FERRY, ago=5),
        item("hotels", "Hoteliers ask for a second ferry", REACTION, ago=4),
    ) == {"agency": {"section": "copy"}, "hotels": {}}


def test_of_identical_copies_the_first_is_shown_or_the_one_the_editor_would_rather_have():
    first, later = item("z", "Ferry aground", FERRY, ago=6), item("a", "Aground", FERRY, ago=2)
    undated = Item("u", "Ferry aground", FERRY)
    assert told(first, later, undated) == {"z": {"a": "copy", "u": "copy"}}
    wanted = item("a", "Aground", FERRY, ago=2, priority=1)
    assert told(first, wanted, undated) == {"a": {"z": "copy", "u": "copy"}}
    unwanted = item("z", "Ferry aground", FERRY, ago=6, priority=-1)
    assert told(unwanted, later) == {"a": {"z": "copy"}}
    fuller = item("f", "Ferry aground", FERRY + MORE, ago=1)
    assert told(first, wanted, fuller) == {"f": {"a": "update", "z": "update"}}


def test_an_update_that_adds_paragraphs_replaces_what_it_updates():
    first = item("first", "Ferry runs aground off Kaliakra", FERRY, ago=6)
    second = item("second", "Ferry runs aground; company pays hotels", FERRY + MORE, ago=3)
    assert told(first, second) == {"second": {"first": "update"}}
    (account,) = collapse([first, second], now=NOW)
    assert account.mark == "update"


def test_a_shortened_copy_does_not_replace_the_full_report_however_late_it_comes():
    full = item("full", "Ferry runs aground off Kaliakra", FERRY + MORE, ago=6)
    short = item("short", "Ferry runs aground off Kaliakra", FERRY[:250], ago=1)
    assert told(full, short) == {"full": {"short": "copy"}}
    (account,) = collapse([full, short], now=NOW)
    assert account.mark == ""


def test_a_toll_that_rises_is_an_update():
    body = FERRY.replace("nobody was hurt", "{} people were hurt").replace("212 people", "people")
    assert told(
        item("three", "Three hurt on ferry", body.format(3), ago=6),
        item("seven", "Seven hurt on ferry", body.format(7), ago=2),
    ) == {"seven": {"three": "update"}}


QUAKE = (
    "An earthquake of magnitude {} shook the region of {} at {} on Monday, the institute of "
    "geophysics said. Its centre lay {} kilometres {} of the town at a depth of {} kilometres. "
    "There were no reports of damage. The institute asks everybody who felt it to fill in the "
    "form on its pages, and reminds readers that aftershocks are usual within the next hours. "
    "What to do in an earthquake is explained on the pages of the civil protection."
)


def test_reports_made_from_one_form_stay_apart():
    one = QUAKE.format("4.1", "Vidin", "10:14", "20", "north", "12")
    other = QUAKE.format("5.2", "Sandanski", "03:40", "35", "east", "9")
    assert told(
        item("vidin", "Quake of magnitude 4.1 strikes Vidin", one),
        item("sandanski", "Quake of magnitude 5.2 strikes Sandanski", other),
    ) == {"vidin": {}, "sandanski": {}}


CLOSING = (
    "The index of the Sofia exchange closed at {} points on {}, {} per cent {} the day before. "
    "Shares worth {} million changed hands. Banks weighed on the market, while makers of machines "
    "found buyers. The exchange publishes all prices on its pages shortly after the close."
)


def test_market_closings_of_two_days_stay_apart_under_one_headline():
    assert told(
        item("mon", "Sofia exchange closes", CLOSING.format("812.4", "Monday", 0.4, "above", 3.1)),
        item("tue", "Sofia exchange closes", CLOSING.format("803.9", "Tuesday", 1.1, "below", 4.7)),
    ) == {"mon": {}, "tue": {}}


ACCIDENT = (
    "A lorry left the road near {} on Monday morning. The driver was taken to hospital, and the "
    "lane was closed until noon. Police ask drivers to keep their distance on wet roads, to check "
    "their tyres, and to call the emergency number rather than stop on the hard shoulder. The "
    "road agency shows all closures on its map, which is renewed every quarter of an hour."
)


def test_names_that_differ_in_headline_and_text_tell_two_events():
    assert told(
        item("a", "Lorry leaves the road near Chirpan", ACCIDENT.format("Chirpan")),
        item("b", "Lorry leaves the road near Dupnitsa", ACCIDENT.format("Dupnitsa")),
    ) == {"a": {}, "b": {}}


def test_two_days_of_a_live_blog_stay_apart():
    first = (
        "At eight the first lifeboat left Balchik. At nine the wind turned and the tugs waited. "
    )
    first += "At ten the captain came ashore, and asked for coffee and for his dog, in that order."
    second = (
        "Divers went down at first light. By noon the rope was out of the screw. The ferry will "
    )
    second += (
        "be towed to Varna, where a dock is free; the dog had slept on the bridge, it turned out."
    )
    assert told(
        item("one", "Live: the ferry off Kaliakra", first, ago=30),
        item("two", "Live: the ferry off Kaliakra", second, ago=4),
    ) == {"one": {}, "two": {}}


def test_headlines_alone_are_one_if_they_are_the_same_within_a_day():
    one, same = item("a", "Snow closes the pass", ago=9), item("b", "Snow closes the Pass!", ago=8)
    later = item("c", "Snow closes the pass", ago=40)
    other = item("d", "Snow closes the school", ago=8)
    assert told(one, same, later, other) == {"a": {"b": "copy"}, "c": {}, "d": {}}


def test_a_headline_alone_gives_way_to_its_article():
    flash = item("flash", "Ferry runs aground off Kaliakra", ago=6)
    full = item("full", "Ferry runs aground off Kaliakra", FERRY, ago=5)
    assert told(flash, full) == {"full": {"flash": "update"}}


def test_the_same_words_of_a_site_are_no_text_of_two_articles():
    body = "This article is for subscribers. Log in, or choose a subscription from one lev a week "
    body += "to read on. You can cancel at any time, of course."
    assert told(
        item("a", "Ferry runs aground", body), item("b", "What hoteliers want now", body)
    ) == {"a": {}, "b": {}}


def test_another_language_is_no_version():
    assert told(
        item("en", "Ferry runs aground", FERRY, language="en"),
        item("mt", "Ferry runs aground", FERRY, language="mt"),
        item("gb", "Ferry runs aground", FERRY, language="en-GB", ago=4),
    ) == {"en": {"gb": "copy"}, "mt": {}}


WRONG = FERRY.replace("212", "122")


RIGHT = "CORRECTION: Ferry with 212 on board runs aground off Kaliakra"
NOTICE = (
    "There were 212 people on the ferry Saint Clement, not 122, as we reported on Monday. "
    "The harbour office had it right; the mistake was ours."
)


def test_a_correction_replaces_what_it_corrects_and_its_copies_too():
    wrong = item("wrong", "Ferry with 122 on board runs aground off Kaliakra", WRONG, ago=9)
    right = item("right", RIGHT, FERRY, ago=6)
    late_copy = item("copy", "Ferry with 122 on board runs aground", WRONG, ago=4)
    hotels = item("hotels", "Hoteliers ask for a second ferry", REACTION, ago=5)
    assert told(wrong, right, late_copy, hotels) == {
        "right": {"copy": "correction", "wrong": "correction"},
        "hotels": {},
    }


def test_a_notice_of_correction_does_not_replace_the_account_and_is_told_with_it():
    wrong = item("wrong", "Ferry with 122 on board runs aground off Kaliakra", WRONG, ago=9)
    notice = item("notice", RIGHT, NOTICE[:80], ago=6)
    late_copy = item("copy", "Ferry with 122 on board runs aground", WRONG, ago=4)
    assert told(wrong, notice, late_copy) == {"wrong": {"copy": "copy", "notice": "notice"}}
    (account,) = collapse([wrong, notice], now=NOW, pinned=("wrong",))
    assert (account.item.id, account.mark) == ("wrong", "")
    (account,) = collapse([wrong, notice], now=NOW, pinned=("notice",))
    assert account.item.id == "wrong", "what is pinned is the piece: its account stays"
    # What came out afterwards, with the right figure, has no need of it any more.
    assert told(wrong, notice, item("new", "Ferry aground", FERRY + MORE, ago=2)) == {
        "new": {"notice": "update", "wrong": "update"}
    }
    assert told(wrong, notice, item("right", RIGHT, FERRY, ago=2)) == {
        "right": {"notice": "update", "wrong": "correction"}
    }
    # Where there is nothing fuller a notice is all that can be told.
    flash = item("flash", "Ferry with 122 on board runs aground off Kaliakra", ago=9)
    assert told(flash, notice) == {"notice": {"flash": "correction"}}


def test_under_a_correction_what_was_updated_copied_and_corrected_is_told_apart():
    first = item("first", "Ferry runs aground off Kaliakra", WRONG, ago=9)
    second = item("second", "Ferry runs aground; company pays", WRONG + MORE, ago=7)
    copied = item("copied", "Ferry aground, company pays", WRONG + MORE, ago=6)
    right = item("right", "CORRECTED: Ferry runs aground", FERRY + MORE, ago=5)
    agency = item("agency", "Ferry runs aground", FERRY + MORE, ago=4)
    assert told(first, second, copied, right, agency) == {
        "right": {
            "agency": "copy",
            "copied": "correction",
            "second": "correction",
            "first": "update",
        }
    }


def test_a_correction_of_what_came_later_or_is_not_there_replaces_nothing():
    notice = "CORRECTION: Ferry with 212 on board runs aground off Kaliakra"
    stub = "There were 212 people on board the ferry, not 122."
    hotels = item("hotels", "Hoteliers ask for a second ferry", REACTION, ago=8)
    assert told(item("right", notice, stub), hotels) == {"right": {}, "hotels": {}}
    after = item("after", "Ferry with 122 on board runs aground off Kaliakra", WRONG, ago=1)
    assert told(item("right", notice, stub, ago=5), after) == {"right": {}, "after": {}}


def test_a_corrected_article_says_so_at_its_end():
    note = "\n\nCorrection, 3 March: an earlier version gave the number of passengers as 122."
    wrong = item("wrong", "Ferry runs aground off Kaliakra", WRONG, ago=9)
    right = item("right", "Ferry runs aground off Kaliakra", FERRY + note, ago=6)
    hotels = item("hotels", "Hoteliers ask for a second ferry", REACTION, ago=7)
    assert told(wrong, right, hotels) == {"right": {"wrong": "correction"}, "hotels": {}}
    accounts = {account.item.id: account for account in collapse([wrong, right], now=NOW)}
    assert accounts["right"].mark == "correction"


def test_a_marked_update_that_was_written_anew_replaces_the_one_before():
    old = item("old", "Ferry runs aground off Kaliakra", FERRY, ago=9)
    anew = "Everybody is ashore and well, the harbour office said at noon. A tug waits for the "
    anew += "tide, and the owners have sent a second one from Burgas, which is due at midnight. "
    new = item("new", "UPDATE 2-Ferry runs aground off Kaliakra, all safe", anew * 2)
    assert told(old, new) == {"new": {"old": "update"}}
    (account,) = collapse([old, new], now=NOW)
    assert account.mark == ""  # its headline says so itself
    plain = item("new", "Ferry runs aground off Kaliakra, all safe", anew * 2)
    assert told(old, plain) == {"old": {}, "new": {}}


def test_what_is_pinned_is_the_piece_and_its_present_version_is_shown():
    old = item("old", "Ferry runs aground", FERRY, ago=6)
    new = item("new", "Ferry runs aground", FERRY + MORE, ago=3)
    (account,) = collapse([old, new], now=NOW, pinned=("old",))
    assert account.item.id == "new"
    right = item("right", "CORRECTED: Ferry runs aground", FERRY + MORE, ago=2)
    (account,) = collapse([old, new, right], now=NOW, pinned=("old",))
    assert account.item.id == "right"
    copy = item("copy", "Ferry aground", FERRY, ago=2)
    assert collapse([old, copy], now=NOW, pinned=("copy",))[0].item.id == "copy"


def test_a_later_version_that_follows_a_correction_takes_its_place():
    wrong = item("wrong", "Ferry with 122 on board runs aground off Kaliakra", WRONG, ago=9)
    right = item("right", RIGHT, FERRY, ago=6)
    later = item("later", "Ferry aground, company pays", FERRY + MORE, ago=2)
    assert told(wrong, right, later) == {"later": {"right": "update", "wrong": "update"}}
    # One word is enough of its own, while a copy of the correction has nothing.
    dead = item("dead", "Ferry aground", FERRY.replace("nobody was hurt", "nine died"), ago=2)
    assert set(told(wrong, right, dead)) == {"dead"}
    copy = item("copy", "Ferry aground", FERRY, ago=2)
    assert told(wrong, right, copy) == {"right": {"copy": "copy", "wrong": "correction"}}


def test_a_later_version_that_repeats_what_was_corrected_does_not_come_back():
    wrong = item("wrong", "Ferry with 122 on board runs aground off Kaliakra", WRONG, ago=9)
    right = item("right", RIGHT, FERRY, ago=6)
    grown = item("grown", "Ferry aground, company pays", WRONG + MORE, ago=2)
    assert told(wrong, right, grown) == {"right": {"grown": "correction", "wrong": "correction"}}
    # What it corrected is not here: a text that is like it may be just that.
    assert told(right, item("copy", "Ferry aground", WRONG, ago=2)) == {"right": {"copy": "copy"}}
    assert set(told(right, item("more", "Ferry aground", FERRY + MORE * 2, ago=2))) == {"more"}


def test_a_correction_corrects_nothing_that_came_after_it_and_is_right():
    wrong = item("wrong", "Ferry with 122 on board aground off Kaliakra", WRONG, ago=9)
    first = item("first", "CORRECTION: Ferry with 122 on board aground", FERRY, ago=6)
    plain = item("plain", "Ferry with 212 on board aground off Kaliakra", FERRY, ago=4)
    assert told(wrong, first, plain) == {"first": {"plain": "copy", "wrong": "correction"}}
    again = item("again", "Ferry with 212 on board aground (corrected)", FERRY, ago=4)
    assert told(wrong, first, again) == {"again": {"first": "copy", "wrong": "correction"}}


def test_a_notice_is_told_until_a_later_version_says_the_right_thing():
    wrong = item("wrong", "Ferry with 122 on board runs aground off Kaliakra", WRONG, ago=9)
    notice = item("notice", RIGHT, NOTICE, ago=6)
    headline = "Ferry runs aground off Kaliakra, company pays"
    grown = item("grown", headline, WRONG + MORE, ago=2)
    assert told(wrong, notice, grown) == {"grown": {"notice": "notice", "wrong": "update"}}
    name = "CORRECTION: Ferry runs aground off Kaliakra"
    body = "Our report on the ferry misspelt the name of the captain. He is Yordan Metkov."
    notice = item("notice", name, body, ago=6)
    assert told(wrong, notice, grown) == {"grown": {"notice": "notice", "wrong": "update"}}
    mended = item("mended", headline, (WRONG + MORE).replace("Metev", "Metkov"), ago=2)
    assert told(wrong, notice, mended) == {"mended": {"notice": "update", "wrong": "update"}}


def test_the_editors_wish_passes_to_the_version_that_is_shown():
    old = item("old", "Ferry runs aground", FERRY, ago=6, priority=2)
    new = item("new", "Ferry runs aground", FERRY + MORE, ago=3)
    (account,) = collapse([old, new], now=NOW)
    assert (account.item.id, account.priority) == ("new", 2)
    sunk = Account(item("x", "X", priority=-1), account.versions[:0])
    assert sunk.priority == -1


@pytest.mark.parametrize(
    ("language", "old", "new", "body"),
    [
        (
            "bg",
            "Фериботът „Св. Климент“ заседна край Калиакра",
            "Поправка: Фериботът „Св. Климент“ заседна край Калиакра",
            "На борда е имало 212 души.",
        ),
        ("de", "Fähre läuft vor Kaliakra auf Grund", "Berichtigung – Fähre vor Kaliakra", "212."),
        (
            "el",
            "Πλοίο προσάραξε στην Καλιάκρα χθες",
            "ΔΙΟΡΘΩΣΗ: Πλοίο προσάραξε στην Καλιάκρα",
            "Σ",
        ),
        (
            "tr",
            "Feribot Kaliakra açıklarında karaya oturdu",
            "DÜZELTME: Feribot Kaliakra açıklarında",
            "2",
        ),
        ("ar", "جنوح عبارة قبالة كالياكرا أمس", "تصحيح: جنوح عبارة قبالة كالياكرا", "ن"),
        ("zh", "渡轮在卡利亚克拉附近搁浅", "更正：渡轮在卡利亚克拉附近搁浅", "船上有212人。"),
    ],
)
def test_corrections_are_known_in_many_languages(language, old, new, body):
    text = "1234 567 " * 20
    first = item("old", old, text, ago=6, language=language)
    assert told(first, item("new", new, body, language=language)) == {"old": {"new": "notice"}}
    whole = item("new", new, text + body, language=language)
    assert told(first, whole) == {"new": {"old": "correction"}}


def test_ten_thousand_copies_are_one_article_with_its_versions():
    items = [item(f"{number:05}", "Ferry runs aground", FERRY) for number in range(10_000)]
    (account,) = collapse(items, now=NOW)
    assert len(account.versions) == 9_999


def test_ten_thousand_texts_that_differ_in_a_word_are_one_article():
    items = [
        item(f"{number:05}", f"Ferry aground {number}", FERRY.replace("rope", f"rope{number}"))
        for number in range(10_000)
    ]
    (account,) = collapse(items, now=NOW)
    assert len(account.versions) == 9_999


@pytest.mark.parametrize("body", ["", "?!", "\ud800", "x" * 1_000_000, "中" * 1_000_000])
def test_extremes_survive(body):
    accounts = collapse([item("a", "", body), item("b", body, body), Item("c")], now=NOW)
    assert sum(1 + len(account.versions) for account in accounts) == 3
