"""Which features of CSS, in caniemail's names, declarations and selectors use."""

import re
from collections.abc import Iterator
from itertools import pairwise

from digest.rendering.lint.facts import facts
from digest.rendering.lint.page import Token

_OLDEST = frozenset({"color", "font-family", "font-style", "font-variant"})
"""Properties that nobody tests, because every client has had them from its first day."""

_SHARED = (
    (r"border-(top|bottom)-(left|right)-radius", "css-border-radius"),
    (r"border-(start|end)-(start|end)-radius", "css-border-radius-logical"),
    (r"border-(inline|block)-(start|end)-\w+", "css-border-inline-block-longhand"),
    (r"border-(inline|block)-\w+", "css-border-inline-block-individual"),
    (r"border-(inline|block)", "css-border-inline-block"),
    (r"border(-(top|right|bottom|left))?(-(width|style|color))?", "css-border"),
    (r"(margin|padding)-(inline|block)-(start|end)", r"css-\1-\2-start-end"),
    (r"(margin|padding)-(inline|block)", r"css-\1-inline-block"),
    (r"(margin|padding)-\w+", r"css-\1"),
    (r"left|right|top|bottom", "css-left-right-top-bottom"),
    (r"inset(-.+)?", "css-inset"),
    (r"(row|column)-gap", "css-gap"),
    (r"(inline|block)-size", "css-block-inline-size"),
    (r"column-(fill|rule.*|span|width)|columns", "css-column-layout-properties"),
    (r"grid-template(-.+)?", "css-grid-template"),
    (r"overflow-(x|y|inline|block)", "css-overflow"),
    (r"(animation|transition)-.+", r"css-\1"),
    (r"background-(attachment|position-\w)", "css-background"),
    (r"--.+", "css-variables"),
)
"""Features of several properties; of others the feature is named as the property is."""

_FUNCTIONS = {
    "calc": "css-unit-calc",
    "var": "css-variables",
    **{name: f"css-{name}" for name in ("rgb", "rgba")},
    **dict.fromkeys(("lab", "lch", "oklab", "oklch"), "css-modern-color"),
    **{name: f"css-function-{name}" for name in ("clamp", "light-dark", "max", "min")},
    **{
        f"{repeating}{kind}-gradient": f"css-{kind}-gradient"
        for kind in ("conic", "linear", "radial")
        for repeating in ("", "repeating-")
    },
}
_WORDS = {
    "initial": "css-unit-initial",
    **dict.fromkeys(("fit-content", "min-content", "max-content"), "css-intrinsic-size"),
    **{f"ui-{kind}": "css-sytem-ui" for kind in ("monospace", "rounded", "sans-serif", "serif")},
    "system-ui": "css-sytem-ui",
}
_DISPLAYS = {
    "none": "css-display-none",
    **dict.fromkeys(("flex", "inline-flex"), "css-display-flex"),
    **dict.fromkeys(("grid", "inline-grid"), "css-display-grid"),
}
_MEDIA = {
    "prefers-color-scheme": "css-at-media-prefers-color-scheme",
    "prefers-reduced-motion": "css-at-media-prefers-reduced-motion",
    "orientation": "css-at-media-orientation",
    "-webkit-device-pixel-ratio": "css-at-media-device-pixel-ratio",
    "-webkit-min-device-pixel-ratio": "css-at-media-device-pixel-ratio",
    **dict.fromkeys(("hover", "any-hover"), "css-at-media-hover"),
}
_COMBINATORS = {
    ">": "css-selector-child",
    "+": "css-selector-adjacent-sibling",
    "~": "css-selector-general-sibling",
}
_MARKS = {"[] block": "css-selector-attribute", "hash": "css-selector-id"}
_SIMPLE = {"ident": "css-selector-type", "*": "css-selector-universal", "&": "css-nesting"}
# Written with one colon since before there were two.
_OLD_ELEMENTS = frozenset({"after", "before", "first-letter", "first-line"})


def declared(declaration: Token) -> Iterator[str]:
    """The features that a declaration uses; of those that nobody tested, how they are written."""
    name = declaration.lower_name
    displays = [_DISPLAYS.get(_word(token)) for token in declaration.value]
    if name == "display" and any(displays):
        yield from filter(None, displays)
    else:
        yield from _property(name)
    if declaration.important:
        yield "css-important"
    if not name.startswith("mso-"):
        yield from _values(declaration.value)


def _word(token: Token) -> str:
    return str(token.lower_value) if token.type == "ident" else ""


def _property(name: str) -> Iterator[str]:
    known = facts().features
    if name in _OLDEST or name.startswith("mso-"):  # which Word alone reads, and others drop
        return
    if f"css-{name}" in known:
        yield f"css-{name}"
    for pattern, slug in _SHARED:
        if match := re.fullmatch(pattern, name):
            yield match.expand(slug)
            return
    if f"css-{name}" not in known:
        yield f"the property {name}"


def _values(tokens: list[Token]) -> Iterator[str]:
    known = facts().features
    for token in tokens:
        match token.type:
            case "dimension":
                slug = f"css-unit-{token.lower_unit}"
                yield slug if slug in known else f"the unit {token.lower_unit}"
            case "percentage":
                yield "css-unit-percent"
            case "ident" if token.lower_value in _WORDS:
                yield _WORDS[token.lower_value]
            case "function" if token.lower_name != "url":  # in quotes, which is as old as without
                yield _FUNCTIONS.get(token.lower_name, f"the function {token.lower_name}()")
                yield from _values(token.arguments)
            case "() block":
                yield from _values(token.content)


def at_rule(rule: Token) -> Iterator[str]:
    """The features that an at-rule uses, but for what is within it."""
    slug = f"css-at-{rule.lower_at_keyword}"
    yield slug if slug in facts().features else f"the rule @{rule.lower_at_keyword}"
    for token in rule.prelude:
        if token.type == "() block":
            inner = next((each for each in token.content if each.type == "ident"), None)
            if inner and inner.lower_value in _MEDIA:
                yield _MEDIA[inner.lower_value]


def selected(prelude: list[Token]) -> Iterator[str]:
    """The features that the selectors of a rule use."""
    selectors: list[list[Token]] = [[]]
    for token in prelude:
        if token.type == "literal" and token.value == ",":
            selectors.append([])
        elif token.type != "comment":
            selectors[-1].append(token)
    if len(selectors) > 1:
        yield "css-selector-grouping"
    for selector in selectors:
        yield from _selector(_trimmed(selector))


def _trimmed(selector: list[Token]) -> list[Token]:
    """Without the spaces at the ends and beside combinators: what is left parts descendants."""
    kept: list[Token] = []
    for place, token in enumerate(selector):
        if token.type == "whitespace":
            beside = (*kept[-1:], *selector[place + 1 : place + 2])
            if len(beside) < 2 or any(_is(each, *_COMBINATORS) for each in beside):  # noqa: PLR2004 - both sides
                continue
        kept.append(token)
    return kept


def _is(token: Token, *literals: str) -> bool:
    return token.type == "literal" and token.value in literals


def _selector(tokens: list[Token]) -> Iterator[str]:
    marks = 0  # classes, identifiers and attributes of one element
    for before, token in pairwise([None, *tokens]):
        if token.type == "whitespace" or _is(token, *_COMBINATORS):
            marks = 0
            yield _COMBINATORS.get(token.value, "css-selector-descendant")
        elif before is not None and _is(before, ":"):
            yield from _pseudo(token, tokens)
        elif mark := _mark(before, token):
            yield mark
            marks += 1
        elif simple := _SIMPLE.get(token.type if token.type == "ident" else token.value):
            yield simple
        if marks > 1:
            yield "css-selector-chaining"


def _mark(before: Token, token: Token) -> str:
    """The feature of a selector that stands at an element: class, identifier, attribute."""
    if before is not None and _is(before, "."):
        return "css-selector-class"
    return _MARKS.get(token.type, "")


def _pseudo(token: Token, tokens: list[Token]) -> Iterator[str]:
    if token.type not in {"ident", "function"}:  # the second colon of two
        return
    name = token.lower_name if token.type == "function" else token.lower_value
    place = tokens.index(token)
    doubled = place > 1 and _is(tokens[place - 2], ":")
    kind = "element" if doubled or name in _OLD_ELEMENTS else "class"
    slug = f"css-pseudo-{kind}-{name}"
    yield slug if slug in facts().features else f"the pseudo-{kind} {name}"
