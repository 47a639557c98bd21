"""The document as templates see it: in the edition's words, cleaned, with safe addresses only."""

import base64
import hashlib
import re
from collections.abc import Sequence
from datetime import time
from functools import cached_property
from urllib.parse import quote, urlsplit
from zoneinfo import ZoneInfo

from digest.rendering.furniture import Furniture, direction, furniture
from digest.rendering.view import (
    EditionView,
    FigureView,
    HeadingView,
    PanelView,
    PictureView,
    RelatedView,
    StoryView,
    Tongue,
)
from digest.sections import is_within
from digest.store.document import (
    EditionDocument,
    Heading,
    Panel,
    Placement,
    RelatedArticle,
    StoryEntry,
)
from digest.text import kept_apart, one_line

# A mail that holds its size needs parts that hold theirs.
_HEADLINE, _TEASER, _RELATED, _SECTION, _ALT, _URL = 300, 700, 200, 120, 300, 2000
_FIGURE = 80
_FOLDED_AFTER = 3
# Unicode's noncharacters: the last two of each plane, and a row of Arabic presentation forms.
_LAST_TWO = "".join(
    chr(plane + last) for plane in range(0, 0x110000, 0x10000) for last in (0xFFFE, 0xFFFF)
)
_NOT_IN_MARKUP = re.compile(f"[\ufdd0-\ufdef{_LAST_TWO}]")
_IDEOGRAPHS = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


def web_address(url: str) -> str:
    """The address if it is one of the web's and of reasonable length, else nothing."""
    url = url.strip()
    if len(url) > _URL or not url.isprintable():
        return ""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        return ""
    return quote(url, safe="%/:=&?~#+!$,;'@()*[]-._")


def tongue(language: str, around: str) -> Tongue:
    """How words in a language are marked within those of another."""
    tag, around = (name.replace("_", "-") for name in (language, around))
    if tag.split("-")[0].lower() == around.split("-")[0].lower():
        return Tongue("", "")
    return Tongue(tag, direction(tag) if direction(tag) != direction(around) else "")


def plain_line(text: str, limit: int) -> str:
    """The text on one line, without what cannot stand in HTML, cut at `limit` characters."""
    return one_line(_NOT_IN_MARKUP.sub("", text), limit)


def reading_words(text: str) -> int:
    """How many words the text has; two characters count as one where no spaces part words."""
    return len(text.split()) + len(_IDEOGRAPHS.findall(text)) // 2


class Viewer:
    """Makes the views of one document, with its furniture in `language`."""

    def __init__(self, document: EditionDocument, language: str) -> None:
        self._document = document
        self._language = language
        self._words: Furniture = furniture(language)
        self._zone = ZoneInfo(document.timezone)

    def edition(self) -> EditionView:
        """The whole edition."""
        document, words = self._document, self._words
        stories = self.stories
        headings = tuple(self._heading(number) for number in range(len(document.headings)))
        tops = tuple(stories[n] for n in self._placed(Placement.TOP))
        return EditionView(
            newsletter=document.newsletter,
            title=plain_line(document.title, _HEADLINE),
            strapline=plain_line(document.strapline, _HEADLINE),
            date=words.full_date(document.date),
            number=words.number(document.number),
            send_at=words.clock(time.fromisoformat(document.send_at)),
            lang=self._language.replace("_", "-"),
            dir=direction(self._language),
            own=self._tongue(document.language),
            panels=tuple(_panel(panel) for panel in document.panels),
            stories=stories,
            leads=tops + tuple(stories[n] for n in self._placed(Placement.STORY)),
            tops=tops,
            headings=headings,
        )

    @cached_property
    def stories(self) -> tuple[StoryView, ...]:
        """Every story, in the order of rank."""
        return tuple(self._story(n, entry) for n, entry in enumerate(self._document.stories))

    def _placed(self, placement: Placement) -> list[int]:
        entries = enumerate(self._document.stories)
        return [number for number, entry in entries if entry.placement is placement]

    def _heading(self, number: int) -> HeadingView:
        headings = self._document.headings
        here = [
            (entry.placement, self.stories[n])
            for n, entry in enumerate(self._document.stories)
            if number in homes(entry, headings)
        ]
        return HeadingView(
            number=number,
            title=self._section(headings[number].title),
            stories=tuple(story for placement, story in here if placement is Placement.STORY),
            briefs=tuple(story for placement, story in here if placement is Placement.BRIEF),
        )

    def _story(self, number: int, entry: StoryEntry) -> StoryView:
        words, document = self._words, self._document
        titles = {heading.key: heading.title for heading in document.headings}
        tongue = self._tongue(entry.language or document.language)
        updated = entry.updated and words.moment(entry.updated, self._zone, document.date)
        related = tuple(self._related(article) for article in entry.related)
        rest = related[_FOLDED_AFTER:]
        return StoryView(
            number=number,
            headline=plain_line(entry.headline, _HEADLINE) or "—",
            url=web_address(entry.url),
            teaser=plain_line(entry.teaser, _TEASER),
            heading=self._section(titles.get(entry.heading, entry.section)),
            section=self._section(entry.section),
            time=words.moment(entry.published, self._zone, document.date),
            updated=words.word("updated %(time)s") % {"time": updated} if updated else "",
            mark=self._mark(entry.mark or ("update" if updated else "")),
            correction=plain_line(entry.correction, _TEASER),
            articles=words.articles(entry.articles) if entry.related else "",
            picture=_picture(entry),
            related=related[:_FOLDED_AFTER],
            rest=rest,
            fold=words.more_on_this(len(rest)) if rest else "",
            lang=tongue.lang,
            dir=tongue.dir,
        )

    def _related(self, article: RelatedArticle) -> RelatedView:
        return RelatedView(
            plain_line(article.title, _RELATED) or "—",
            web_address(article.url),
            self._mark(article.mark),
            plain_line(article.correction, _TEASER),
        )

    def _section(self, name: str) -> str:
        """A section's name, behind which figures stay in their place."""
        return kept_apart(plain_line(name, _SECTION), direction(self._language))

    def _tongue(self, language: str) -> Tongue:
        return tongue(language, self._language)

    def _mark(self, mark: str) -> str:
        match mark:
            case "update":
                return self._words.word("Update")
            case "correction":
                return self._words.word("Correction")
        return ""


def _panel(panel: Panel) -> PanelView:
    return PanelView(
        title=plain_line(panel.title, _FIGURE),
        figures=tuple(
            FigureView(
                plain_line(figure.label, _FIGURE),
                plain_line(figure.value, _FIGURE),
                web_address(figure.url),
            )
            for figure in panel.figures
        ),
    )


def _picture(entry: StoryEntry) -> PictureView | None:
    url = web_address(entry.image.url) if entry.image else ""
    if not entry.image or not url:
        return None
    alt, caption = plain_line(entry.image.alt, _ALT), plain_line(entry.image.caption, _ALT)
    return PictureView(url, alt, caption)


def homes(entry: StoryEntry, headings: tuple[Heading, ...]) -> list[int]:
    """The numbers of the headings that the story can stand under, its own first."""
    keys = [heading.key for heading in headings]
    found = [keys.index(entry.heading)] if entry.heading in keys else []
    for section in entry.sections:
        home = home_of(section, keys)
        if home is not None and home not in found:
            found.append(home)
    return found or [0]


def home_of(section: str, keys: Sequence[str]) -> int | None:
    """The number of the nearest heading, among `keys`, that has the section within it."""
    around = [number for number, key in enumerate(keys) if is_within(section, key)]
    return max(around, key=lambda number: len(keys[number]), default=None)


def nonce(document: EditionDocument) -> str:
    """Letters that cannot stand in the document, because they depend on all of it."""
    hashed = hashlib.sha256(document.model_dump_json().encode()).digest()
    return "x" + base64.b32encode(hashed).decode().lower()[:13]
