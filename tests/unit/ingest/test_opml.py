"""Lists of feeds become tables of the configuration."""

import tomllib

import pytest

from digest.errors import OpmlUnreadableError
from digest.ingest.opml import as_toml, parse_opml

OPML = """<?xml version="1.0"?><opml version="2.0"><body>
<outline text="World"><outline text="Dan\"ube — news" xmlUrl="https://a.example/1?utm_source=x"/>
<outline text="Again" xmlUrl="https://a.example/1"/></outline>
<outline text="Новини" xmlUrl="https://a.example/2"/>
<outline text="Files" xmlUrl="file:///etc/passwd"/></body></opml>""".replace('n"u', "n&quot;u")


def test_feeds_come_with_slug_address_and_section():
    told = tomllib.loads("\n".join(as_toml(parse_opml(OPML.encode(), "f"))))
    assert told["feeds"] == [
        {"slug": "dan-ube-news", "url": "https://a.example/1", "section": "World"},
        {"slug": "feed", "url": "https://a.example/2"},
    ]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "it is no XML"),
        ("<opml><body>", "it is no XML"),
        ("<rss/>", "outermost element is <rss>, not <opml>"),
        ('<!DOCTYPE opml [<!ENTITY a "b">]><opml/>', "declares entities"),
        ("<opml>" + "<outline>" * 200, "nested too deeply"),
        ('<?xml version="1.0" encoding="klingon"?><opml/>', "save it as UTF-8"),
    ],
)
def test_what_is_none_is_refused_in_words(text: str, why: str):
    with pytest.raises(OpmlUnreadableError, match=why):
        parse_opml(text.encode(), "f")
