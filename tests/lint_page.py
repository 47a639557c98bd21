"""The reference of the lint, written from its rules."""

from digest.rendering.lint import RULES
from digest.rendering.lint.facts import facts
from digest.rendering.lint.fallbacks import FALLBACKS

_HEAD = """\
# The lint

<!-- Written by `make docs` from the program itself: change the code, not this page. -->

`digest templates check` renders every mail with awkward data and lints it; `digest lint` lints
files of your own. An error costs some readers something, a warning might; only errors make the exit
status 1. A finding names the line of the HTML as it is sent (styles inlined), the element, and what
to do. The same in several places is told once.

There is no rule on words that filters are said to dislike: no receiver publishes such a list.

## Rules

| rule | | a good mail | otherwise |
|---|---|---|---|
"""


def lint_page() -> str:
    """docs/reference/lint.md."""
    known = facts()
    lines = [
        f"| `{rule.name}` | {rule.severity} | {_cell(rule.wants)} | {_cell(rule.remedy)} |"
        for rule in RULES.values()
    ]
    clients = ", ".join(known.clients.values())
    return (
        _HEAD
        + "\n".join(lines)
        + f"""

## Clients

{clients}.

What they support is taken from {known.source}, as of {known.updated} ({known.licence}). The last
test of each client counts, and partial support counts as none unless a fallback keeps within the
part. What nobody tested is an error, too. What stands in a conditional comment for Outlook is
checked against Outlook for Windows alone.

## Tested fallbacks

These features are used though some client lacks them. Each use is checked for what its fallback
needs; without that it is an error.

| feature | what readers without it have | needs |
|---|---|---|
"""
        + "\n".join(
            f"| {_cell(_title(slug))} | {_cell(fallback.why)} | {_cell(fallback.needs)} |"
            for slug, fallback in sorted(FALLBACKS.items(), key=lambda each: _title(each[0]))
        )
        + "\n"
    )


def _title(slug: str) -> str:
    feature = facts().features.get(slug)
    return feature.title if feature else slug


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")
