"""Features that some clients lack, and what their readers see instead.

Each says why that is enough, what it needs, and checks on the page at hand that it is there.
"""

from typing import NamedTuple

from digest.rendering.lint import needs


class Fallback(NamedTuple):
    """What stands in for a feature: why it is enough, what it needs, whether that is there."""

    why: str
    needs: str
    holds: needs.Test


_INLINED = (
    "The mail is whole without its style elements; they refine it for narrow screens and dark."
)
# Which that rule tells once; a finding for each feature besides would be noise.
_DRESS = "what the rule text-dressed wants"
_INLINE = Fallback(_INLINED, _DRESS, needs.always)
_LIGHT = Fallback("The mail stays light, or is turned over as a whole.", _DRESS, needs.always)
_PICTURE = Fallback(
    "The picture is shown whole, in the shape that it has.",
    "height:auto or a height on every image",
    lambda _, evidence: evidence.pictures_free,
)
_LONG_WORDS = Fallback(
    "Each client knows one of the two ways to break a long word.",
    "word-break and word-wrap:break-word side by side",
    needs.breaks_words,
)
_NO_PICTURE = Fallback(
    "The headline tells the story where its picture is not shown.", "an alt", needs.always
)
_PHONES = Fallback(
    "It keeps phones from enlarging text; others ignore it.", "nothing", needs.always
)
_HIDDEN_ANYWAY = Fallback("What it cuts is not displayed.", "display:none beside it", needs.hidden)

FALLBACKS: dict[str, Fallback] = {
    "css-at-media": Fallback(_INLINED, f"{_DRESS}; conditions on width and dark only", needs.media),
    "css-at-media-prefers-color-scheme": _LIGHT,
    "html-meta-color-scheme": _LIGHT,
    "css-selector-class": _INLINE,
    "css-selector-descendant": _INLINE,
    "css-selector-grouping": _INLINE,
    "css-selector-type": _INLINE,
    "css-selector-chaining": _INLINE,
    "css-selector-attribute": Fallback(
        "Outlook's apps set these attributes in the dark; nobody else is meant.",
        f"[data-ogsc] or [data-ogsb]; {_DRESS}",
        needs.for_outlooks_apps,
    ),
    "css-pseudo-class-hover": Fallback(
        "A hint for who has a mouse: nothing is found by it alone.", "nothing", needs.always
    ),
    "css-important": Fallback(
        _INLINED, f"a space before it, and a style element around; {_DRESS}", needs.important
    ),
    "html-style": Fallback(_INLINED, f"a place in the head, 16 kB at most; {_DRESS}", needs.style),
    "html-body": Fallback(
        "What stands on the body stands on the table within, too.", _DRESS, needs.always
    ),
    "html-doctype": Fallback(
        "Tables as wide as their cells need no box model; checked in a browser without it.",
        "nothing",
        needs.always,
    ),
    "css-aspect-ratio": _PICTURE,
    "css-object-fit": _PICTURE,
    "css-border": Fallback(
        "Word draws borders of up to 8 px on cells.", "8 px at most, not on p or div", needs.border
    ),
    "css-border-radius": Fallback(
        "Corners are square.", "no elliptic corners", needs.like("[^/]*")
    ),
    "css-display": Fallback(
        "Images and links stand in cells of their own.",
        "none, block, inline or inline-block",
        needs.like("none|block|inline|inline-block"),
    ),
    "css-display-none": Fallback(
        "Word hides what is no table and no image.", "neither within it", needs.hides
    ),
    "css-max-height": _HIDDEN_ANYWAY,
    "css-overflow": _HIDDEN_ANYWAY,
    "css-font-size": Fallback("Pixels are read everywhere.", "pixels", needs.like(r"0|[\d.]+px")),
    "css-font-weight": Fallback(
        "Bold is bold everywhere.",
        "normal, bold, or 600 and more",
        needs.like("normal|bold|[6-9]00"),
    ),
    "css-height": Fallback(
        "A cell may grow; it is not cut.", "a cell, an image, or auto", needs.height
    ),
    "css-width": Fallback(
        "Word takes widths of tables and cells, and the attribute of others.",
        "a table, a cell, or a width attribute",
        needs.width,
    ),
    "css-max-width": Fallback(
        "Word has a width from a conditional table, or the image's attribute.",
        "an [if mso] table with a width around, or an image with one",
        needs.max_width,
    ),
    "css-letter-spacing": Fallback(
        "Word spaces by pixels.", "pixels, not negative", needs.like(r"normal|0|[\d.]+px")
    ),
    "css-line-height": Fallback(
        "Word keeps the height when told.",
        "mso-line-height-rule:exactly in a style for [if mso]",
        needs.line_height,
    ),
    "css-margin": Fallback(
        "Margins of blocks are kept where they push apart.",
        "no negative value, no span or body; for auto an align=center around",
        needs.margin,
    ),
    "css-padding": Fallback(
        "Word keeps the padding of cells; that of a word is ornament.",
        "a cell, a span, or a link in a cell with mso-padding-alt",
        needs.padding,
    ),
    "css-text-align": Fallback(
        "The old values are known everywhere.",
        "a side or center",
        needs.like("left|right|center|justify"),
    ),
    "css-text-decoration": Fallback(
        "A link may be underlined where it need not be.",
        "one of none, underline, line-through",
        needs.like("none|underline|line-through"),
    ),
    "css-text-indent": Fallback(
        "Words that stand in for a picture begin at the edge.",
        "no negative value",
        needs.like(r"0|[\d.]+px"),
    ),
    "css-text-transform": Fallback(
        "Capitals are known everywhere.", "uppercase", needs.like("none|uppercase|capitalize")
    ),
    "css-word-break": _LONG_WORDS,
    "css-word-wrap": _LONG_WORDS,
    "css-overflow-wrap": _LONG_WORDS,
    "css-white-space": Fallback(
        "A line breaks where it need not; nothing is lost.", "nowrap", needs.like("normal|nowrap")
    ),
    "html-align": Fallback(
        "Cells align in every client.", "a cell, or a table in the middle", needs.align
    ),
    "html-aria-hidden": Fallback(
        "The picture's link is read out once more; it leads where the headline does.",
        "a link of words to the same place",
        needs.said_elsewhere,
    ),
    "html-dir": Fallback(
        "Word may turn the whole mail; it stays readable.",
        "another element than a",
        needs.direction,
    ),
    "html-lang": Fallback(
        "A voice reads on in the mail's language; what is seen is the same.",
        "nothing",
        needs.always,
    ),
    "html-lists": Fallback(
        "Plain lists are known everywhere.", "neither reversed nor value", needs.plain_list
    ),
    "html-role": Fallback("Yahoo keeps it on tables.", "a table", needs.role),
    "html-width": Fallback("Pixels are kept.", "no percentage on an image", needs.in_pixels),
    "html-height": Fallback("Pixels are kept.", "no percentage on an image", needs.in_pixels),
    "image-avif": _NO_PICTURE,
    "image-webp": _NO_PICTURE,
    "the property -webkit-text-size-adjust": _PHONES,
    "the property -ms-text-size-adjust": _PHONES,
}
