"""CSS into `style` attributes, as mail clients want it: the one place that knows premailer."""

import logging
import re
from functools import cache
from types import ModuleType
from typing import Any

from digest.errors import InlineError

# Where a line may end and nothing changes: lines are short then, as mail wants them.
_BETWEEN = re.compile("(</(?:p|li)>)(?=<)")
_INDENT = re.compile(r"\s*\n\s*")
_CLASS = re.compile(r"\.([a-zA-Z][\w-]*)")


@cache
def _premailer() -> ModuleType:
    # Its imports (requests, cssutils) take a third of a second, so only rendering pays for them.
    import cssutils  # type: ignore[import-untyped]  # noqa: PLC0415 - see above; it ships no types
    import premailer  # noqa: PLC0415 - see above

    # It would print a complaint for each property that is younger than CSS 2.1.
    cssutils.log.setLevel(logging.CRITICAL)
    module: ModuleType = premailer
    return module


def _parsed(html: str) -> Any:
    """The root of a page."""
    from lxml import etree  # type: ignore[import-untyped]  # noqa: PLC0415 - as premailer

    return etree.fromstring(html.strip(), etree.HTMLParser(huge_tree=True))


def unindented(html: str) -> str:
    """HTML in lines without indents and spaces at their ends, and without empty lines."""
    return _INDENT.sub("\n", html)


def comments_of(html: str) -> list[str]:
    """The comments of a page, as the parser that inlines finds them."""
    return [comment.text or "" for comment in _parsed(html).getroottree().xpath("//comment()")]


def inline_css(html: str) -> str:
    """The page with the rules of its style elements moved to where they apply.

    Media queries stay in the head, as does a `<style data-premailer="ignore">`, untouched. Of the
    classes those stay that a remaining style element names. Nothing is ever fetched or opened.

    Raises:
        InlineError: the styles hold something premailer cannot read, such as nested media queries.
    """
    from lxml import etree  # noqa: PLC0415 - as premailer

    premailer = _premailer()
    page = _parsed(html)
    inliner = premailer.Premailer(
        allow_network=False,
        allow_loading_external_files=False,
        disable_validation=True,
        # An image's size in the attributes is for Outlook, the one in the style for all others;
        # `align` would float a table to the side, `valign` mean nothing on a word, and `bgcolor`
        # says again what every client takes from the style.
        disable_basic_attributes=["width", "height", "align", "valign", "bgcolor"],
        align_floating_images=False,
        cache_css_parsing=False,
    )
    try:
        inliner.transform(page, pretty_print=False)
    except Exception as error:
        # cssutils and premailer raise what they happen to meet, AttributeError among it.
        raise InlineError(why=error) from error
    kept = [style.text or "" for style in page.iter("style")]
    kept += [comment.text or "" for comment in page.iter(etree.Comment)]
    named = set(_CLASS.findall("\n".join(kept)))
    for element in page.iterfind(".//*[@style]"):
        element.set("style", element.get("style", "").replace("; ", ";").replace(", ", ","))
    for element in page.iterfind(".//*[@class]"):
        classes = [name for name in element.get("class", "").split() if name in named]
        if classes:
            element.set("class", " ".join(classes))
        else:
            del element.attrib["class"]
    inlined = etree.tostring(
        page.getroottree(), method="html", encoding="unicode", doctype="<!DOCTYPE html>"
    )
    return _BETWEEN.sub(r"\1\n", str(inlined))
