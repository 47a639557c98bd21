import unicodedata

import pytest

from digest.stories.words import names, terms


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
        ("ёлка", "елка"),
        ("أُمَّة", "امه"),
        ("ﻣﺪﻳﻨﺔ", "مدينة"),
        ("ایران", "ايران"),
        ("ｶﾞｽ", "ガス"),
        ("٢٠٢٦", "2026"),
        ("ʼn об’єднання", "'n обʼєднання"),
        ("GROẞE", "große"),
        ("한국", "\u1112\u1161\u11ab\u1100\u116e\u11a8"),
    ],
)
def test_spellings_of_one_word_fold_together(one, other):
    assert terms(one) == terms(other) != []


def test_words_keep_the_vowel_signs_that_python_does_not_count_as_letters():
    assert terms("हिन्दी समाचार") == ["हिन्दी", "समाचार"]


def test_scripts_without_spaces_are_cut_into_overlapping_pieces():
    assert terms("新型火箭") == ["新型", "型火", "火箭"]
    assert terms("ข่าววันนี้")[:2] == ["ข่า", "่าว"]


def test_scripts_may_mix_in_one_word():
    assert terms("COVID病毒") == ["covid", "病毒"]


def test_markup_and_entities_left_in_the_text_are_no_words():
    assert terms('<p class="x">Trade &amp; tariffs</p><br/>now') == ["trade", "tariffs", "now"]
    assert terms("if a < b and more") == ["if", "a", "b", "and", "more"]


@pytest.mark.parametrize(
    "text",
    [
        "&lt;p&gt;Trade&lt;/p&gt; talks",
        "Trade <!-- advertisement: --> talks",
        "<style>p { color: red }</style>Trade talks<SCRIPT>let x = 1 < 2</SCRIPT >",
        "<![CDATA[Trade talks]]>",
        "Trade talks <script>cut('off",
    ],
)
def test_of_markup_only_what_readers_see_is_kept(text):
    assert terms(text) == ["trade", "talks"]


def test_arabic_words_are_without_their_article():
    assert terms("المدينة والمدينة بالمدينة للمدينة") == ["مدينه"] * 4
    assert terms("الله الى") == ["الله", "الي"]  # too short to be sure


def test_korean_endings_leave_pieces_in_common():
    assert terms("정부는")[0] == terms("정부를")[0] == "정부"


@pytest.mark.parametrize(
    "text", ["", "!!! — …", "\ud800", "<p>", "&#" + "9" * 5000 + ";", "☂\ufe0f"]
)
def test_a_text_may_hold_no_term(text):
    assert terms(text) == []


def test_the_table_and_the_long_way_agree():
    # An emoji sends a text the long way.
    for code in range(0x80, 0x10000):
        if unicodedata.category(chr(code)) != "Cs":
            text = f"a{chr(code)}b {chr(code)} {chr(code)}cde"
            assert terms(text) == terms(f"{text} 😀"), ascii(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The mayor of Millbrook met Ada Hale, Reeve. He left.", "millbrook ada hale reeve"),
        ("Talks end. Both said: “We agree” … Nothing more!", ""),
        ("Вчера кметът Петров откри моста край Русе.", "петров русе"),
        ("Χθες ο Νίκος Παππάς πήγε στη Ρόδο.", "νικοσ παππασ ροδο"),
        ("Dün İzmir’de Işıl Çelik açık havada konuştu", "izmir isil celik"),
        ("Hier à l’Élysée, le débat sur l'UE", "elysee ue"),
        ("Der Streik der Lokführer hat den Verkehr gelähmt", "streik lokfuhrer verkehr"),
        ("NATO and the EU want what I want, a G20", "nato eu g20"),
        ("<b>The</b> town of <i>Varna</i> waits &amp; hopes", "varna"),
    ],
)
def test_names_have_a_capital_that_no_sentence_gives_them(text, expected):
    assert names(text) == expected.split()


def test_capitals_everywhere_tell_nothing():
    assert names("MILLBROOK BRIDGE CLOSED") == []
    assert names("Millbrook Bridge Closed After Crack Is Found") == []
    assert names("Millbrook Bridge Closed After NATO Convoy Is Held") == ["nato"]


@pytest.mark.parametrize(
    "text", ["", "新型火箭今天发射", "افتتح الوزير المدرسة", "lower case", "\ud800"]
)
def test_a_text_may_show_no_name(text):
    assert names(text) == []


def test_case_makes_no_difference_in_any_script():
    for letter in map(chr, range(0x80, 0x20000)):
        cases = {letter, letter.upper(), letter.lower(), letter.title()}
        if len(cases) > 1:
            folded = {tuple(terms(f"x{case}a")) for case in cases}
            assert len(folded) == 1, ascii(letter)
