"""What the lint sees in a page: every feature that there are facts of, and what has none."""

import json

import pytest

from digest.rendering.lint.facts import WORD, facts
from digest.rendering.lint.features import Broken, Use, used
from digest.rendering.lint.page import Audience, read_page
from tests.client_facts import CLIENTS, FACTS, facts_of, written

# How features are written that are not written as their names are.
_DECLARATIONS = {
    "css-block-inline-size": "block-size:1px",
    "css-border-image": "border-image:none",
    "css-border-inline-block": "border-inline:0",
    "css-border-inline-block-individual": "border-block-start:0",
    "css-border-inline-block-longhand": "border-inline-start-color:red",
    "css-border-radius-logical": "border-start-end-radius:1px",
    "css-column-layout-properties": "columns:2",
    "css-conic-gradient": "background-image:repeating-conic-gradient(red,blue)",
    "css-display-flex": "display:inline-flex",
    "css-display-grid": "display:grid",
    "css-display-none": "display:none",
    "css-function-clamp": "width:clamp(1px,2px,3px)",
    "css-function-light-dark": "color:light-dark(red,blue)",
    "css-function-max": "width:calc(1px + max(2px,3px))",
    "css-function-min": "width:min(2px,3px)",
    "css-gap": "row-gap:1px",
    "css-grid-template": "grid-template-areas:none",
    "css-important": "color:red !important",
    "css-intrinsic-size": "width:fit-content",
    "css-left-right-top-bottom": "left:0",
    "css-linear-gradient": "background:linear-gradient(red,blue)",
    "css-margin-block-start-end": "margin-block-end:0",
    "css-margin-inline-block": "margin-inline:0",
    "css-margin-inline-start-end": "margin-inline-start:0",
    "css-modern-color": "color:oklch(40% 0.2 10)",
    "css-padding-block-start-end": "padding-block-end:0",
    "css-padding-inline-block": "padding-block:0",
    "css-padding-inline-start-end": "padding-inline-start:0",
    "css-radial-gradient": "background:radial-gradient(red,blue)",
    "css-rgb": "color:rgb(1,2,3)",
    "css-rgba": "color:rgba(1,2,3,1)",
    "css-sytem-ui": "font-family:system-ui,sans-serif",
    "css-unit-calc": "width:calc(1px*2)",
    "css-unit-initial": "color:initial",
    "css-unit-percent": "width:10%",
    "css-variables": "color:var(--ink)",
}
_SHEETS = {
    "css-at-font-face": "@font-face { font-family: x }",
    "css-at-import": '@import "x.css";',
    "css-at-keyframes": "@keyframes x { from { color: red } }",
    "css-at-media": "@media (max-width: 480px) { a { color: red } }",
    "css-at-media-device-pixel-ratio": "@media (-webkit-min-device-pixel-ratio: 2) { a {} }",
    "css-at-media-hover": "@media (any-hover: hover) { a {} }",
    "css-at-media-orientation": "@media screen and (orientation: portrait) { a {} }",
    "css-at-media-prefers-color-scheme": "@media (prefers-color-scheme: dark) { a {} }",
    "css-at-media-prefers-reduced-motion": "@media (prefers-reduced-motion) { a {} }",
    "css-at-supports": "@supports (color: red) { a {} }",
    "css-comments": "/* a note */",
    "css-nesting": ".a { .b { color: red } }",
    "css-pseudo-class-lang": ":lang(bg) {}",
    "css-pseudo-class-nth-child": "tr:nth-child(2n) {}",
    "css-pseudo-element-before": "p:before {}",
    "css-selector-adjacent-sibling": "a + b {}",
    "css-selector-attribute": "[lang=bg] {}",
    "css-selector-chaining": "a, .b.c {}",
    "css-selector-child": "a>b {}",
    "css-selector-class": ".a {}",
    "css-selector-descendant": "a b {}",
    "css-selector-general-sibling": "a ~ b {}",
    "css-selector-grouping": "a, b {}",
    "css-selector-id": "#a {}",
    "css-selector-type": "a {}",
    "css-selector-universal": "* {}",
}
_MARKUP = {
    "css-inert-attribute": "<p inert>x</p>",
    "html-anchor-links": '<a href="#x">x</a>',
    "html-audio": "<audio></audio>",
    "html-background": '<td background="https://x.example.org/x.png">x</td>',
    "html-button-reset": '<button type="reset">x</button>',
    "html-button-submit": '<button type="submit">x</button>',
    "html-comments": "<p><!-- x --></p>",
    "html-doctype": "<!DOCTYPE html><p>x</p>",
    "html-h1-h6": "<h6>x</h6>",
    "html-image-maps": "<map></map>",
    "html-input-checkbox": '<input type="checkbox">',
    "html-input-hidden": '<input type="hidden">',
    "html-input-radio": '<input type="radio">',
    "html-input-reset": '<input type="reset">',
    "html-input-submit": '<input type="submit">',
    "html-input-text": "<input>",
    "html-lists": "<dl></dl>",
    "html-loading-attribute": '<img loading="lazy">',
    "html-mailto-links": '<a href="mailto:x@example.org">x</a>',
    "html-meta-color-scheme": '<meta name="color-scheme" content="light dark">',
    "html-object": "<embed>",
    "html-semantics": "<article>x</article>",
    "html-srcset": '<img srcset="x.png 2x">',
    "image-apng": '<img src="x.apng">',
    "image-base64": '<img src="data:image/png;base64,x">',
    "image-jpg": '<img src="https://x.example.org/x.JPEG?size=2">',
}
_ATTRIBUTES = (
    *("align", "cellpadding", "cellspacing", "dir", "height", "hidden", "lang", "popover"),
    *("required", "role", "target", "valign", "width"),
)


def seen(html: str) -> set[str]:
    return {use.feature if isinstance(use, Use) else "broken" for use in used(read_page(html))}


def example(slug: str) -> str:
    """A page that uses a feature."""
    if slug in _DECLARATIONS:
        return f'<p style="{_DECLARATIONS[slug]}">x</p>'
    if slug in _SHEETS:
        return f"<style>{_SHEETS[slug]}</style>"
    return _MARKUP.get(slug) or _named_as_written(*slug.split("-", 1))


def _named_as_written(kind: str, name: str) -> str:
    pages = {
        "image": f'<img src="https://x.example.org/x.{name}">',
        "html": f"<{name}>x</{name}>",
        "css": f'<p style="{name}:inherit">x</p>',
    }
    if kind == "html" and (name in _ATTRIBUTES or name.startswith("aria-")):
        return f'<p {name}="1">x</p>'
    if name.startswith("unit-"):
        return f'<p style="width:1{name.removeprefix("unit-")}">x</p>'
    if name.startswith("pseudo-"):
        _, sort, word = name.split("-", 2)
        return f"<style>p{':' if sort == 'class' else '::'}{word} {{}}</style>"
    return pages[kind]


@pytest.mark.parametrize("slug", facts().features)
def test_every_feature_that_there_are_facts_of_is_seen(slug: str):
    assert slug in seen(example(slug))


@pytest.mark.parametrize("slug", ["css-position", "css-nesting", "html-form", "css-unit-vmax"])
def test_what_is_not_there_is_not_seen(slug: str):
    others = [name for name in facts().features if name != slug]
    seen_in_others = seen("".join(example(name) for name in others[:40]))
    assert slug not in seen_in_others


@pytest.mark.parametrize(
    ("html", "told"),
    [
        ('<p style="shape-rendering:auto">x</p>', "the property shape-rendering"),
        ('<p style="width:1cqw">x</p>', "the unit cqw"),
        ('<p style="color:color-mix(in srgb,red,blue)">x</p>', "the function color-mix()"),
        ("<style>@layer a;</style>", "the rule @layer"),
        ("<style>a:is(.b) {}</style>", "the pseudo-class is"),
        ("<style>::selection {}</style>", "the pseudo-element selection"),
        ("<canvas></canvas>", "the element canvas"),
        ('<p aria-owns="x">x</p>', "the attribute aria-owns"),
        ("<style>@media print { @media screen { a {} } }</style>", "an at-rule within another"),
    ],
)
def test_what_nobody_tested_is_named_as_it_is_written(html: str, told: str):
    assert told in seen(html)


def test_what_every_client_has_is_no_feature():
    plain = '<b style="color:#000;font-family:Arial;font-style:italic;mso-hide:all">x</b>'
    assert seen(plain) == {"html-body"}


@pytest.mark.parametrize(
    ("html", "audience"),
    [
        ('<td><!--[if mso]><td style="opacity:1"></td><![endif]--></td>', Audience.WORD),
        (
            '<td><!--[if (gte mso 9)|(IE)]><td style="opacity:1"></td><![endif]--></td>',
            Audience.WORD,
        ),
        ('<!--[if !mso]><!--><p style="opacity:1">x</p><!--<![endif]-->', Audience.OTHERS),
        ('<!--[if !mso]><!--><p>x</p><!--<![endif]--><p style="opacity:1">x</p>', Audience.ALL),
    ],
)
def test_conditional_comments_are_read_as_outlook_does(html: str, audience: Audience):
    uses = [use for use in used(read_page(html)) if not isinstance(use, Broken)]
    assert [use.audience for use in uses if use.feature == "css-opacity"] == [audience]


def test_words_own_elements_within_its_comments_are_no_features():
    html = (
        "<p><!--[if mso]><xml><o:OfficeDocumentSettings/></xml><v:rect>x</v:rect><![endif]--></p>"
    )
    assert seen(html) == {"html-body", "html-comments", "html-p"}


def test_the_facts_that_ship_name_their_source_and_their_clients():
    assert facts().clients == CLIENTS
    assert "caniemail" in facts().source
    assert "MIT" in facts().licence
    assert WORD in CLIENTS
    assert len(facts().features) > 250
    assert FACTS.with_name("facts-LICENSE.txt").is_file()


def test_facts_are_taken_from_the_last_test_of_each_client():
    stats = {
        "gmail": {"ios": {"2019-02": "n", "2024-01": "y"}, "android": {"2019-02": "y #1"}},
        "outlook": {"windows": {"2007": "y", "2019": "n #2"}},
        "yahoo": {"ios": {"2019-02": "a #1 #2"}},
        "samsung-email": {"android": {"6.0": "u"}},
        "t-online-de": {"desktop-webmail": {"2022": "n"}},
    }
    notes = {
        "1": "Partial. Not on `<p>`. (See [bugs#31](https://x.example.org/31).)",
        "2": "Buggy.",
    }
    features = [
        {"slug": "css-b", "title": "b ", "category": "css", "stats": stats, "notes_by_num": notes},
        {"slug": "css-a", "title": "a", "category": "css", "stats": {}, "notes_by_num": None},
        {"slug": "amp", "title": "AMP", "category": "others", "stats": stats},
    ]
    made = facts_of({"data": features, "last_update_date": "2026-05-13 14:45"}, "2.0.2")
    assert made["updated"] == "2026-05-13"
    assert list(made["features"]) == ["css-a", "css-b"]
    assert made["features"]["css-b"] == {
        "title": "b",
        "no": ["outlook.windows"],
        "partly": {"yahoo.ios": "Not on <p>. Buggy."},
    }
    assert json.loads(written(made)) == made
