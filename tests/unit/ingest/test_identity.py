"""One article, one name: addresses as everybody would write them."""

import pytest

from digest.ingest.identity import canonical_url, id_key, shared, url_key


@pytest.mark.parametrize(
    ("url", "canonical"),
    [
        (
            "HTTPS://News.Example.ORG:443/A?utm_source=x&b=2&fbclid=1&a=1#top",
            "https://news.example.org/A?b=2&a=1",
        ),
        ("http://example.org", "http://example.org/"),
        ("http://example.org:8080/?", "http://example.org:8080/"),
        ("http://user:secret@example.org/", "http://example.org/"),
        ("https://новини.bg/свят", "https://xn--b1amarcd.bg/%D1%81%D0%B2%D1%8F%D1%82"),
        ("http://[::1]:80/a", "http://[::1]/a"),
        (" https://example.org/a b ", "https://example.org/ab"),
        ('http://example.org/"onmouseover=x', "http://example.org/%22onmouseover=x"),
        ("javascript:alert(1)", ""),
        ("http://203.0.113.7/a", "http://203.0.113.7/a"),
        ("http://472.314.470.462/", ""),
        ("http://3627734734/", ""),
        ("http://example.0x7f/", ""),
        ("data:text/html,x", ""),
        ("//example.org/a", ""),
        ("file:///etc/passwd", ""),
        ("http://exa mple\x00.org/", ""),
        ("http://[::1", ""),
        ("http://example.org:99999/", ""),
        ("http://" + "a" * 3000, ""),
        ("", ""),
    ],
)
def test_canonical_addresses(url: str, canonical: str):
    assert canonical_url(url) == canonical


def test_relative_addresses_need_a_base():
    assert canonical_url("/a", "https://example.org/feed") == "https://example.org/a"


def test_long_names_fit_an_index():
    long = "https://example.org/" + "a" * 1900
    assert len(url_key(long)) < 100
    assert url_key(long) != url_key(long + "b")
    assert id_key("a", "b") != id_key("b", "b")


def test_what_different_entries_share_names_none():
    assert shared([("u", "1"), ("u", "2"), ("v", "3"), ("v", "3"), ("", "4"), ("", "5")]) == {"u"}
