"""Each fallback: a page that has it is good, and one that lacks what it needs is not."""

import pytest

from digest.rendering.lint import lint_html
from digest.rendering.lint.facts import facts
from digest.rendering.lint.fallbacks import FALLBACKS
from tests.good_mail import PAGE, spoilt

_FRAME = '<!--[if mso]><table width="640"><tr><td><![endif]-->'
_KEPT_LINES = "<!--[if mso]><style>p{mso-line-height-rule:exactly}</style><![endif]-->"
_BARE = (";font-size:16px", "")


def p(style: str) -> tuple[str, str]:
    return ("<p>", f'<p style="{style}">')


def sheet(css: str) -> tuple[str, str]:
    return ("<style>", f"<style>{css}")


Changes = list[tuple[str, str]]
# What uses the feature with its fallback; and what without, where the fallback needs anything.
EXAMPLES: dict[str, tuple[Changes, list[Changes]]] = {
    "css-at-media": (
        [sheet("@media (max-width: 480px) { }")],
        [
            [sheet("@media (max-width: 480px) { }"), _BARE],
            [sheet("@media (orientation: portrait) { }")],
        ],
    ),
    "css-at-media-prefers-color-scheme": (
        [sheet("@media (prefers-color-scheme: dark) { }")],
        [[sheet("@media (prefers-color-scheme: dark) { }"), ("color:#222222;b", "b")]],
    ),
    "html-meta-color-scheme": (
        [("<title>", '<meta name="color-scheme" content="light dark"><title>')],
        [[("<title>", '<meta name="color-scheme" content="light dark"><title>'), _BARE]],
    ),
    "css-selector-class": ([sheet(".a { }")], [[sheet(".a { }"), _BARE]]),
    "css-selector-descendant": ([sheet("p a { }")], [[sheet("p a { }"), _BARE]]),
    "css-selector-grouping": ([sheet("p, a { }")], [[sheet("p, a { }"), _BARE]]),
    "css-selector-type": ([sheet("a { }")], [[sheet("a { }"), _BARE]]),
    "css-selector-chaining": ([sheet(".a.b { }")], [[sheet(".a.b { }"), _BARE]]),
    "css-selector-attribute": (
        [sheet("[data-ogsc] { }")],
        [[sheet("[lang=bg] { }")], [sheet("[data-ogsb] { }"), _BARE]],
    ),
    "css-pseudo-class-hover": ([sheet("a:hover { }")], []),
    "css-important": (
        [sheet("a { color: #222222 !important }")],
        [[sheet("a { color: #222222!important }")], [p("color:#222222 !important")]],
    ),
    "html-style": (
        [],
        [
            [sheet("a { color: #222222 }" * 1000)],
            [("<h1>", "<style>a { color: #222222 }</style><h1>")],
        ],
    ),
    "html-body": (
        [],
        [[(' style="color:#222222;', ' style="'), ("<body>", '<body style="color:red">')]],
    ),
    "html-doctype": ([], []),
    "css-aspect-ratio": (
        [('height="84"', 'style="aspect-ratio:4/3;height:auto"')],
        [[(' height="84"', ' style="aspect-ratio:4/3"')]],
    ),
    "css-object-fit": (
        [('height="84"', 'height="84" style="object-fit:cover"')],
        [[(' height="84"', ' style="object-fit:cover"')]],
    ),
    "css-border": (
        [("<tr><td>", '<tr><td style="border-top:8px solid #222222">')],
        [
            [("<tr><td>", '<tr><td style="border-top:9px solid #222222">')],
            [p("border:1px solid #222222")],
        ],
    ),
    "css-border-radius": ([p("border-radius:2px")], [[p("border-radius:2px / 4px")]]),
    "css-display": ([p("display:block")], [[p("display:flow-root")]]),
    "css-display-none": (
        [p("display:none")],
        [[("<tr><td>", '<tr><td style="display:none"><table></table>')]],
    ),
    "css-max-height": ([p("display:none;max-height:0")], [[p("max-height:0")]]),
    "css-overflow": ([p("display:none;overflow:hidden")], [[p("overflow:hidden")]]),
    "css-font-size": ([p("font-size:15px")], [[p("font-size:1.2rem")], [p("font-size:120%")]]),
    "css-font-weight": ([p("font-weight:bold")], [[p("font-weight:500")]]),
    "css-height": ([("<tr><td>", '<tr><td style="height:9px">')], [[p("height:9px")]]),
    "css-width": (
        [("<tr><td>", '<tr><td style="width:50%">')],
        [[p("width:50%")]],
    ),
    "css-max-width": (
        [("<table", f"{_FRAME}<table"), ("color:#222222;b", "max-width:640px;color:#222222;b")],
        [[("color:#222222;b", "max-width:640px;color:#222222;b")]],
    ),
    "css-letter-spacing": ([p("letter-spacing:1px")], [[p("letter-spacing:.1em")]]),
    "css-line-height": (
        [p("line-height:20px"), ("<title>", f"{_KEPT_LINES}<title>")],
        [[p("line-height:20px")]],
    ),
    "css-margin": (
        [p("margin:4px 0")],
        [
            [p("margin-top:-4px")],
            [p("margin:0 auto")],
            [("<h1>News", '<h1><span style="margin:4px">News</span>')],
        ],
    ),
    "css-padding": (
        [("<tr><td>", '<tr><td style="padding:4px">')],
        [[p("padding:4px")], [('color:#222222">The', 'color:#222222;padding:4px">The')]],
    ),
    "css-text-align": ([p("text-align:center")], [[p("text-align:start")]]),
    "css-text-indent": ([p("text-indent:16px")], [[p("text-indent:-16px")]]),
    "css-text-decoration": (
        [p("text-decoration:underline")],
        [[p("text-decoration:underline dotted")], [p("text-decoration:overline")]],
    ),
    "css-text-transform": ([p("text-transform:uppercase")], [[p("text-transform:lowercase")]]),
    "css-word-break": (
        [p("word-break:break-word;word-wrap:break-word")],
        [[p("word-break:break-word")]],
    ),
    "css-word-wrap": (
        [p("word-wrap:break-word;word-break:break-all")],
        [[p("word-wrap:break-word")]],
    ),
    "css-overflow-wrap": (
        [p("overflow-wrap:anywhere;word-wrap:break-word;word-break:break-word")],
        [[p("overflow-wrap:anywhere")]],
    ),
    "css-white-space": ([p("white-space:nowrap")], [[p("white-space:pre")]]),
    "html-align": (
        [("<tr><td>", '<tr><td align="center">')],
        [[("<img", '<img align="left"')], [("<table", '<table align="right"')]],
    ),
    "html-aria-hidden": (
        [("<img", '<a href="https://news.example.org/1" aria-hidden="true" tabindex="-1"><img')],
        [[("<img", '<a href="https://news.example.org/2" aria-hidden="true" tabindex="-1"><img')]],
    ),
    "html-dir": ([("<p>", '<p dir="rtl">')], [[("<a ", '<a dir="rtl" ')]]),
    "html-lang": ([("<p>", '<p lang="bg">')], []),
    "html-lists": (
        [("<p>", "<ul><li>x</ul><p>")],
        [
            [("<p>", '<ol reversed="reversed"><li>x</ol><p>')],
            [("<p>", '<ol><li value="3">x</ol><p>')],
        ],
    ),
    "html-role": ([], [[("<p>", '<p role="note">')]]),
    "html-width": ([], [[('width="112"', 'width="100%"')]]),
    "html-height": ([], [[('height="84"', 'height="100%"')]]),
    "image-avif": ([("1.jpg", "1.avif")], []),
    "image-webp": ([("1.jpg", "1.webp")], []),
    "the property -webkit-text-size-adjust": ([p("-webkit-text-size-adjust:100%")], []),
    "the property -ms-text-size-adjust": ([p("-ms-text-size-adjust:100%")], []),
}
_NEEDY = [(slug, changes) for slug, (_, all_changes) in EXAMPLES.items() for changes in all_changes]


def title(slug: str) -> str:
    return facts().features[slug].title if slug in facts().features else slug


def test_every_fallback_has_examples():
    assert set(EXAMPLES) == set(FALLBACKS)
    needless = {
        slug for slug, fallback in FALLBACKS.items() if fallback.needs in {"nothing", "an alt"}
    }
    assert {slug for slug, (_, without) in EXAMPLES.items() if not without} == needless


@pytest.mark.parametrize("slug", EXAMPLES)
def test_a_feature_with_its_fallback_is_good(slug: str):
    changes, _ = EXAMPLES[slug]
    assert lint_html(spoilt(PAGE, *changes)) == ()


@pytest.mark.parametrize(("slug", "changes"), _NEEDY)
def test_a_feature_without_what_its_fallback_needs_is_not(slug: str, changes: Changes):
    found = lint_html(spoilt(PAGE, *changes))
    needs = FALLBACKS[slug].needs
    if "text-dressed" in needs and {finding.rule.name for finding in found} == {"text-dressed"}:
        return
    named = [finding.what for finding in found if finding.what.startswith(f"{title(slug)}:")]
    assert len(named) == 1
    assert named[0].endswith(f"; its fallback needs {needs}")


def test_no_fallback_is_for_what_every_client_supports():
    needless = [
        slug
        for slug in FALLBACKS
        if (feature := facts().features.get(slug)) and not feature.no and not feature.partly
    ]
    assert needless == []
