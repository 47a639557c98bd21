"""What comes in from outside is made harmless, and stays readable."""

from email.message import EmailMessage

import pytest

from digest.ingest import clean


@pytest.mark.parametrize(
    "title",
    [
        "=?utf-8?q?Hi=0D=0ABcc:_evil=40example.org?=",
        "=?utf-8?b?SGkNCkJjYzogZXZpbEBleGFtcGxlLm9yZw==?=",
        "=?x-unknown?q?abc?=",
        "=?utf-8?b?%%%?=",
        "=?utf-8?q?=3D=3Futf-8=3Fq=3FHi=0D=0ABcc:_x=40y.org=3F=3D?=",
        "a\r\nBcc: evil@example.org",
        "a\u2028Bcc: evil@example.org",
        "a\x00\x0bBcc: evil@example.org",
    ],
)
def test_no_title_makes_a_header_of_its_own(title: str):
    cleaned = clean.line(title, 500)
    assert "=?" not in cleaned
    assert cleaned.isprintable()
    message = EmailMessage()
    message["Subject"] = cleaned
    assert message.keys() == ["Subject"]
    assert "\nBcc:" not in message.as_string()


def test_an_encoded_title_is_read():
    assert clean.line("=?utf-8?q?Caf=C3=A9_opens?=", 500) == "Café opens"


@pytest.mark.parametrize(
    ("markup", "safe"),
    [
        ('<p style="x" onclick="y">a</p>', "<p>a</p>"),
        ('<a href="javascript:x">a</a>', '<a rel="noopener noreferrer">a</a>'),
        ("<script>x</script><style>y</style><p>a</p>", "<p>a</p>"),
        ('<img src="http://h/p.gif"><iframe src="http://h"></iframe>a', "a"),
        (
            '<a href="/b">a</a>',
            '<a href="https://h.example/b" rel="noopener noreferrer">a</a>',
        ),
        ("<!-- a --><p>b", "<p>b</p>"),
    ],
)
def test_html_keeps_text_and_links_only(markup: str, safe: str):
    assert clean.safe_html(markup, "https://h.example/a") == safe


def test_blocks_become_paragraphs_and_entities_characters():
    markup = (
        "<div>A &amp; B</div><ul><li>one</li><li>two <b>2</b></li></ul>x<br>y<script>z</script>"
    )
    assert clean.html_text(markup) == "A & B\n\n– one\n\n– two 2\n\nx\ny"


def test_html_of_absurd_nesting_is_cut():
    assert len(clean.safe_html("<div>" * 200_000 + "x")) < 100
    assert len(clean.safe_html("<ul><li>" * 100_000)) < 100_000


@pytest.mark.parametrize(
    ("body", "teaser"),
    [
        (
            "Mr. Petrov spoke. It was about the water of the river and of all its many gauges. No.",
            "Mr. Petrov spoke. It was about the water of the river and of all its many gauges.",
        ),
        ("Short.", "Short."),
        ("", ""),
        (
            "Първото изречение е достатъчно дълго, за да стои съвсем само тук. Второто не.",
            "Първото изречение е достатъчно дълго, за да стои съвсем само тук.",
        ),
    ],
)
def test_a_teaser_is_whole_sentences(body: str, teaser: str):
    assert clean.first_sentences(body) == teaser


def test_a_body_without_sentences_is_cut_at_a_word():
    assert clean.first_sentences("word " * 200).endswith("word…")


def test_section_paths_are_normalised():
    assert clean.section(["World » Ukraine", " Kyiv "]) == ("World", "Ukraine", "Kyiv")
    assert len(clean.section(" » ".join("abcdefghij"))) == clean.SECTION_DEPTH


@pytest.mark.parametrize(("tag", "kept"), [("en_GB", "en-gb"), ("x;y", ""), ("bg", "bg")])
def test_languages(tag: str, kept: str):
    assert clean.language(tag) == kept
