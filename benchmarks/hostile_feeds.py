"""Feeds whose entries hold hostile strings in every field, in each way that feeds are written."""

import json
import random
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from email.utils import format_datetime
from html import escape
from typing import NamedTuple

from benchmarks.hostile_strings import Hostile

SITE = "https://news.example.org"
_APART = timedelta(minutes=5)


class Sent(NamedTuple):
    """An entry of a feed.

    `key` is its address or, where that is hostile, its title: by it the article is known again.
    `title` is what is to be read of it, where that was given as text.
    """

    form: str
    key: str
    string: Hostile
    section: str
    published: datetime
    title: str


class Written(NamedTuple):
    """A document, and the entries that it holds."""

    data: bytes
    entries: list[Sent]


def write(
    form: str, strings: Sequence[Hostile], sections: Sequence[str], until: datetime
) -> Written:
    """A feed of this form with an entry for each string, filed under the sections in turn.

    The entries were published before `until`, one some minutes after the other.
    """
    entry, whole, literal, keyed = FORMS[form]
    chance = random.Random(f"{form} {strings[0].text!r}")
    sent, entries = [], []
    for number, string in enumerate(strings):
        # Kept short: what a string leaves of itself must not make two stories one.
        key = f"{SITE}/{form}/{number}" if keyed else _words(chance)
        section = sections[number % len(sections)]
        published = until - number * _APART
        title = (string.text if keyed else key) if literal else ""
        sent.append(Sent(form, key, string, section, published, title))
        entries.append(entry(sent[-1], _words(chance)))
    return Written(whole(entries).encode("utf-8", "surrogatepass"), sent)


def _words(chance: random.Random) -> str:
    """Words that no other entry has."""
    letters = ["".join(chance.choices("abdegiklmnoprstuvz", k=9)) for _ in range(4)]
    return " ".join(letters).capitalize()


def _xml(text: str) -> str:
    """The text without what XML 1.0 has no room for, or advises against; JSON carries it."""
    return "".join(
        character
        for character in text
        if character in "\t\n\r"
        or " " <= character <= "~"
        or "\xa0" <= character <= "\ud7ff"
        or "\ue000" <= character <= "\ufffd"
        or character > "\uffff"
    )


def _escaped(text: str) -> str:
    return escape(_xml(text))


def _cdata(text: str) -> str:
    return "<![CDATA[" + _xml(text).replace("]]>", "]]]]><![CDATA[>") + "]]>"


def _rss_entry(sent: Sent, words: str, put: Callable[[str], str]) -> str:
    text = sent.string.text
    markup = (
        f'<p>{words}</p>{text}<p title="{text}">{words}</p><img src="{SITE}/p.png" alt="{text}">'
    )
    return f"""<item><title>{put(text)}</title><link>{sent.key}</link>
<guid isPermaLink="false">{_escaped(text)}{sent.key}</guid>
<pubDate>{format_datetime(sent.published)}</pubDate>
<description>{put(text)}</description><content:encoded>{put(markup)}</content:encoded>
<dc:creator>{put(text)}</dc:creator><author>{put(text)}</author>
<category>{_escaped(sent.section)} » {put(text.replace("»", ""))}</category>
<category>{put(text)}</category>
<media:content url="{SITE}/picture.png" medium="image"><media:title>{put(text)}</media:title>
<media:description type="html">{put(text)}</media:description></media:content></item>"""


def _escaped_entry(sent: Sent, words: str) -> str:
    return _rss_entry(sent, words, _escaped)


def _cdata_entry(sent: Sent, words: str) -> str:
    return _rss_entry(sent, words, _cdata)


def _address_entry(sent: Sent, words: str) -> str:
    address, raw = _escaped(sent.string.text), sent.string.text
    body = f'<p>{words}</p><a href="{raw}">{words}</a><a href=\'{raw}\'>x</a><img src="{raw}">'
    return f"""<item><title>{sent.key}</title><link>{address}</link><guid>{address}</guid>
<pubDate>{format_datetime(sent.published)}</pubDate><description>{words}</description>
<content:encoded>{_escaped(body)}</content:encoded><comments>{address}</comments>
<category domain="{address}">{_escaped(sent.section)} » Addresses</category>
<enclosure url="{address}" type="image/png" length="1"/>
<media:content url="{address}" medium="image"/><media:thumbnail url="{address}"/></item>"""


def _rss(entries: list[str]) -> str:
    return f"""<?xml version="1.0" encoding="utf-8"?>
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"
 xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:media="http://search.yahoo.com/mrss/">
<channel><title>News</title><link>{SITE}/</link>{"".join(entries)}</channel></rss>"""


def _atom_entry(sent: Sent, words: str) -> str:
    text = _escaped(sent.string.text)
    return f"""<entry><title type="text">{text}</title><link href="{sent.key}"/>
<id>{sent.key}</id><published>{sent.published.isoformat()}</published>
<author><name>{text}</name><uri>{text}</uri></author>
<category term="{_escaped(sent.section)} » {text.replace("»", "")}"/>
<category term="{text}" label="{text}"/>
<link rel="enclosure" type="image/png" href="{SITE}/picture.png" title="{text}"/>
<summary type="html">{text}</summary><content type="html">{text} {words}</content></entry>"""


def _atom(entries: list[str]) -> str:
    return f"""<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom"><title>News</title><link href="{SITE}/"/>
{"".join(entries)}</feed>"""


def _json_entry(sent: Sent, words: str) -> str:
    text = sent.string.text
    return json.dumps(
        {
            "id": sent.key,
            "url": sent.key,
            "title": text,
            "summary": text,
            "content_text": f"{words}. {text}",
            "date_published": sent.published.isoformat(),
            "authors": [{"name": text, "url": text}],
            "tags": [f"{sent.section} » {text.replace('»', '')}", text],
            "image": f"{SITE}/picture.png",
            "language": text,
        }
    )


def _json_feed(entries: list[str]) -> str:
    head = {"version": "https://jsonfeed.org/version/1.1", "title": "News", "home_page_url": SITE}
    return f'{json.dumps(head)[:-1]}, "items": [{", ".join(entries)}]}}'


def _line(sent: Sent, words: str) -> str:
    text = sent.string.text.encode("utf-8", "replace").decode()
    return json.dumps(
        {
            "id": sent.key,
            "url": sent.key,
            "title": text,
            "teaser": text,
            "body": f"{words}. {text}",
            "published": sent.published.isoformat(),
            "section": [sent.section, text.replace("»", "")],
            "tags": [text],
            "authors": [text],
            "image": {"url": f"{SITE}/picture.png", "alt": text, "caption": text},
        }
    )


# How an entry is written, how all of them, whether titles are text, whether addresses are ours.
FORMS: dict[str, tuple[Callable[[Sent, str], str], Callable[[list[str]], str], bool, bool]] = {
    "escaped": (_escaped_entry, _rss, False, True),
    "cdata": (_cdata_entry, _rss, False, True),
    "addresses": (_address_entry, _rss, True, False),
    "atom": (_atom_entry, _atom, True, True),
    "json": (_json_entry, _json_feed, True, True),
    "lines": (_line, "\n".join, True, True),
}
FEEDS = tuple(form for form in FORMS if form != "lines")
"""Those that are polled; articles with captions come as lines of a file."""
