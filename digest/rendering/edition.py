"""An edition is rendered once: Jinja2 writes it whole, premailer inlines it, marks cut it."""

import re
from collections.abc import Callable
from itertools import pairwise
from urllib.parse import quote

from digest.config import Theme
from digest.errors import TemplateBrokenError
from digest.rendering.blocks import Marks, Piece, RenderedEdition, Slot, StoryFacts
from digest.rendering.face import face
from digest.rendering.furniture import furniture
from digest.rendering.inliner import comments_of, inline_css, unindented
from digest.rendering.plain import trimmed
from digest.rendering.splice import BUDGET
from digest.rendering.templates import Templates
from digest.rendering.view import SiteFacts, StoryView
from digest.rendering.viewer import Viewer, homes, nonce, reading_words
from digest.store.document import EditionDocument, Placement, StoryEntry

OUR_THEME = Theme()

_SUBJECT, _HTML, _TEXT = (
    f"email/edition/{name}" for name in ("subject.txt", "body.html", "body.txt")
)


def render_edition(
    document: EditionDocument,
    site: SiteFacts,
    templates: Templates,
    inline: Callable[[str], str] = inline_css,
    *,
    theme: Theme = OUR_THEME,
    language: str | None = None,
) -> RenderedEdition:
    """The edition as blocks, from which `splice` makes every reader's mail.

    Jinja2 and `inline` run once each, however many readers and choices there will be. The furniture
    is in `language`, None for the newsletter's.

    Raises:
        TemplateMissingError: a template is in none of the folders.
        TemplateBrokenError: a template cannot be parsed, fails, or leaves out what a mail needs.
        InlineError: the styles of the HTML cannot be inlined.
    """
    marks = Marks(nonce(document))
    words = furniture(language or document.language)
    viewer = Viewer(document, language or document.language)
    context = {
        "edition": viewer.edition(),
        "site": site,
        "theme": face(theme),
        "link": _links(document, site, marks.hole(Slot.TOKEN)),
        "block": marks.block,
        "hole": marks.hole,
        "_": words.word,
    }
    subject = templates.render(_SUBJECT, **context)
    html = templates.render(_HTML, **context)
    text = templates.render(_TEXT, **context, note=marks.note)
    misplaced = marks.misplaced(html, comments_of(html))
    if misplaced:
        why = f'the block "{misplaced}" stands where a comment cannot, as in a title or in a tag'
        raise TemplateBrokenError(place=templates.path_of(_HTML), why=why)
    html = inline(unindented(html))
    rendered = RenderedEdition(
        language=language or document.language,
        headings=tuple(heading.key for heading in document.headings),
        stories=tuple(
            _facts(entry, view, document)
            for entry, view in zip(document.stories, viewer.stories, strict=True)
        ),
        subject=marks.cut(subject.strip(), templates.path_of(_SUBJECT)),
        html=marks.cut(html, templates.path_of(_HTML)),
        text=marks.cut(trimmed(text), templates.path_of(_TEXT)),
        links=marks.links,
    )
    _check(rendered, templates)
    return rendered


def _links(document: EditionDocument, site: SiteFacts, token: str) -> dict[str, str]:
    archive = f"{site.base_url}/archive/{quote(document.newsletter)}"
    return {
        "view": f"{site.base_url}/view/{token}",
        "preferences": f"{site.base_url}/preferences/{token}",
        "unsubscribe": f"{site.base_url}/unsubscribe/{token}",
        "archive": archive,
        "edition": f"{archive}/{document.date.isoformat()}",
    }


def _facts(entry: StoryEntry, view: StoryView, document: EditionDocument) -> StoryFacts:
    related = " ".join(article.title for article in view.related)
    return StoryFacts(
        placement=entry.placement.value,
        heading=entry.heading,
        sections=entry.sections,
        homes=tuple(homes(entry, document.headings)),
        headline=view.headline,
        articles=entry.articles,
        words=reading_words(f"{view.headline} {view.teaser} {related}"),
    )


def _check(rendered: RenderedEdition, templates: Templates) -> None:
    """A publisher's template may look like anything, but not lose stories or the way out."""
    for name, pieces in ((_HTML, rendered.html), (_TEXT, rendered.text)):
        missing = _missing(rendered.stories, pieces, _LINK if name == _HTML else _ADDRESS)
        if missing:
            raise TemplateBrokenError(place=templates.path_of(name), why=missing)
    common = rendered.sizes[""].html + rendered.sizes[""].text
    if common > BUDGET:
        why = f"what is outside all blocks takes {common:,} bytes, more than a mail may"
        raise TemplateBrokenError(place=templates.path_of(_HTML), why=why)


# How a part ends before the token of a way out: in HTML as a link, and not within a comment.
_LINK = re.compile(r'<a\b(?:(?!<!--)[^>])*\bhref="[^"<>]*/unsubscribe/$')
_ADDRESS = re.compile(r"/unsubscribe/$")


def _missing(
    stories: tuple[StoryFacts, ...], pieces: tuple[Piece, ...], way_out: re.Pattern[str]
) -> str:
    ways_out = (
        piece.hole == Slot.TOKEN
        and piece.scope in {"", "personal"}
        and way_out.search(before.text)
        and before.text.rfind("<!--") <= before.text.rfind("-->")
        for before, piece in pairwise(pieces)
    )
    if not any(ways_out):
        return "it has no {{ link.unsubscribe }} for everybody, as a link"
    untold = False
    for piece in pieces:
        untold = piece.hole != "notes" and (untold or piece.hole.startswith("note "))
    if untold:
        return 'it has no {{ hole("notes") }} below its last note'
    scopes = {piece.scope for piece in pieces}
    for number, story in enumerate(stories):
        kind, keys = story.placement, "story.number, heading.number"
        wanted = {f"{kind} {number} {home}": kind for home in story.homes}
        if kind == Placement.TOP:
            keys = "story.number"
            wanted = {f"{kind} {number}": kind for kind in ("top", "lead")}
        for scope, name in wanted.items():
            if scope not in scopes:
                return f'story {number} has no {{% call block("{name}", {keys}) %}}'
    return ""
