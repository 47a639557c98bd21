"""A mail to one person: a folder of templates and some facts become subject, text and HTML."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from digest.config import Theme
from digest.rendering.edition import OUR_THEME
from digest.rendering.face import face
from digest.rendering.furniture import in_order, vocabulary
from digest.rendering.inliner import inline_css, unindented
from digest.rendering.plain import trimmed
from digest.rendering.templates import Templates
from digest.rendering.view import SiteFacts
from digest.rendering.viewer import plain_line

_SUBJECT, _TEXT = 90, 700
_EMPTY_LINES = re.compile(r"\n{3,}")


class Mail(NamedTuple):
    """What a mail says: one line, and the same content as text and as HTML."""

    subject: str
    text: str
    html: str


def render_mail(
    templates: Templates,
    name: str,
    language: str,
    site: SiteFacts,
    theme: Theme = OUR_THEME,
    inline: Callable[[str], str] = inline_css,
    **facts: object,
) -> Mail:
    """The mail that the templates in `email/<name>/` make of some facts.

    Args:
        templates: where the folder is looked for.
        name: the folder's name.
        language: of its words, numbers and dates.
        site: the publisher.
        theme: the colours, fonts and widths of the base.
        inline: moves styles to where they apply.
        facts: the variables of its templates. Of every text in them one line is left, without
            control characters and of bounded length.

    Raises:
        TemplateMissingError: a template is in none of the folders.
        TemplateBrokenError: a template cannot be parsed, or fails.
        InlineError: the styles of the HTML cannot be inlined.
    """
    context: dict[str, Any] = {
        **{key: _plain(value) for key, value in facts.items()},
        "site": site,
        "theme": face(theme),
        **vocabulary(language),
    }
    folder = f"email/{name}"
    line = plain_line(templates.render(f"{folder}/subject.txt", **context), _SUBJECT)
    subject = in_order(line, language)
    text = templates.render(f"{folder}/body.txt", subject=subject, **context)
    html = templates.render(f"{folder}/body.html", subject=subject, **context)
    tidy = _EMPTY_LINES.sub("\n\n", trimmed(text)).strip() + "\n"
    return Mail(subject, tidy, inline(unindented(html)))


def _plain(value: object) -> object:
    """A fact that can harm no line, header or page."""
    if isinstance(value, str):
        return plain_line(value, _TEXT)
    if isinstance(value, Mapping):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, Sequence):
        return [_plain(inner) for inner in value]
    return value
