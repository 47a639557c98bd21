"""Whether what a fallback needs is there: asked of one use of a feature, on the page at hand."""

import re
from collections.abc import Callable
from functools import cached_property

from digest.rendering.lint.features import Use
from digest.rendering.lint.page import Audience, Page, value_text

_STYLE_BYTES = 16_384
"""Gmail drops style elements that hold more."""
_BORDER_PIXELS = 8


class Evidence:
    """What is known of a page as a whole, found out once."""

    def __init__(self, page: Page) -> None:
        self.page = page

    @cached_property
    def pictures_free(self) -> bool:
        """Whether every picture may have the height that its shape gives it."""
        images = self.page.named("img")
        return all(each.style("height") == "auto" or each.get("height") for each in images)

    @cached_property
    def spoken_links(self) -> set[str | None]:
        """Where links with words lead."""
        links = self.page.named("a")
        return {link.get("href") for link in links if "".join(link.node.itertext()).strip()}

    @cached_property
    def keeps_lines(self) -> bool:
        """Whether Word is told to keep the heights of lines."""
        sheets = "".join(s.css for s in self.page.sheets if s.audience is Audience.WORD)
        return re.search(r"mso-line-height-rule:\s*exactly", sheets) is not None

    @cached_property
    def sheets_fit(self) -> bool:
        """Whether style elements are small enough for Gmail, which drops larger ones."""
        return all(len(sheet.css.encode()) <= _STYLE_BYTES for sheet in self.page.sheets)


Test = Callable[[Use, Evidence], bool]


def _value(use: Use) -> str:
    return value_text(use.declaration) if use.declaration else ""


def like(pattern: str) -> Test:
    """The value is wholly of that pattern."""
    compiled = re.compile(pattern)
    return lambda use, _: compiled.fullmatch(_value(use)) is not None


def always(_use: Use, _evidence: Evidence) -> bool:
    """Nothing: the feature is ornament."""
    return True


def media(use: Use, _evidence: Evidence) -> bool:
    """Conditions are on width and dark only."""
    conditions = re.findall(r"\(\s*([a-z-]+)", use.selector)
    known = {"max-width", "min-width", "prefers-color-scheme"}
    return set(conditions) <= known


def important(use: Use, _evidence: Evidence) -> bool:
    """It stands in a style element, with a space before it."""
    spaced = use.declaration and use.declaration.value[-1:]
    return bool(use.element is None and spaced and spaced[0].type == "whitespace")


def for_outlooks_apps(use: Use, _evidence: Evidence) -> bool:
    """The attributes are those that Outlook's apps set in the dark."""
    named = re.findall(r"\[([^\]]*)\]", use.selector)
    return set(named) <= {"data-ogsc", "data-ogsb"}


def border(use: Use, _evidence: Evidence) -> bool:
    """The border is one that Word draws."""
    widths = [int(width) for width in re.findall(r"(\d+)px", _value(use))]
    on_box = use.element is not None and use.element.tag in {"p", "div"}
    return max(widths, default=0) <= _BORDER_PIXELS and not on_box


def hides(use: Use, _evidence: Evidence) -> bool:
    """What is hidden is neither an image nor around a table."""
    element = use.element
    return element is not None and element.tag != "img" and element.node.find(".//table") is None


def hidden(use: Use, _evidence: Evidence) -> bool:
    """The element is not displayed anyway."""
    return use.element is not None and use.element.style("display") == "none"


def width(use: Use, _evidence: Evidence) -> bool:
    """The width is one that Word takes."""
    element = use.element
    cells = {"table", "td", "th", "col"}
    return element is None or element.tag in cells or bool(element.get("width"))


def max_width(use: Use, evidence: Evidence) -> bool:
    """Word has a width from elsewhere."""
    element = use.element
    if element is None or (element.tag == "img" and element.get("width")):
        return True
    return evidence.page.has_frame_for_word


def height(use: Use, _evidence: Evidence) -> bool:
    """The element is one that takes a height."""
    boxes = {"body", "span", "div", "p"}
    return use.element is None or _value(use) == "auto" or use.element.tag not in boxes


def line_height(use: Use, evidence: Evidence) -> bool:
    """Word is told to keep the height."""
    return evidence.keeps_lines and _value(use) != "normal"


def margin(use: Use, evidence: Evidence) -> bool:
    """The margin is one that every client keeps."""
    value, element = _value(use), use.element
    if "-" in value or (element is not None and element.tag == "span"):
        return False
    if element is None or re.fullmatch(r"[0 ]+", value):
        return True
    centred = any(outer.get("align") == "center" for outer in evidence.page.around(element))
    return element.tag != "body" and ("auto" not in value or centred)


def padding(use: Use, evidence: Evidence) -> bool:
    """The padding is one that Word keeps, or need not."""
    element = use.element
    if element is None or element.tag in {"td", "th", "span"} or re.fullmatch("[0 ]+", _value(use)):
        return True
    cell = next((e for e in evidence.page.around(element) if e.tag in {"td", "th"}), None)
    return element.tag == "a" and cell is not None and bool(cell.style("mso-padding-alt"))


def breaks_words(use: Use, _evidence: Evidence) -> bool:
    """Both ways to break a long word stand side by side."""
    element = use.element
    if element is None:
        return True
    return element.style("word-wrap") == "break-word" and bool(element.style("word-break"))


def align(use: Use, _evidence: Evidence) -> bool:
    """What is aligned is a cell, or a table in the middle."""
    element = use.element
    if element is None or element.tag == "img":
        return False
    return element.tag != "table" or element.get("align") == "center"


def said_elsewhere(use: Use, evidence: Evidence) -> bool:
    """Another link, with words, leads to the same place."""
    return use.element is not None and use.element.get("href") in evidence.spoken_links


def plain_list(use: Use, _evidence: Evidence) -> bool:
    """The list counts from one, upwards."""
    element = use.element
    return element is not None and element.get("reversed") is None and element.get("value") is None


def role(use: Use, _evidence: Evidence) -> bool:
    """The role is that of a table."""
    return use.element is not None and use.element.tag == "table"


def style(use: Use, evidence: Evidence) -> bool:
    """The element is in the head, and small enough."""
    if use.element is None or (use.audience is Audience.ALL and not _in_head(use)):
        return False
    return evidence.sheets_fit


def _in_head(use: Use) -> bool:
    return use.element is not None and use.element.node.getparent().tag == "head"


def in_pixels(use: Use, _evidence: Evidence) -> bool:
    """The size of an image is in pixels."""
    element = use.element
    percent = element is not None and any(
        "%" in (element.get(name) or "") for name in ("width", "height")
    )
    return element is not None and not (element.tag == "img" and percent)


def direction(use: Use, _evidence: Evidence) -> bool:
    """The element is no link."""
    return use.element is not None and use.element.tag != "a"
