"""The reference of templates has every variable, hole and block, and no others."""

import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

from digest.config import Logo, Theme
from digest.config_face import Palette
from digest.rendering import SiteFacts, Slot, Templates, render_edition
from digest.rendering.blocks import BLOCKS, CHOSEN, PARTS
from digest.rendering.view import (
    EditionView,
    FigureView,
    HeadingView,
    PanelView,
    PictureView,
    RelatedView,
    StoryView,
)
from tests.documents import OUR_TEMPLATES, SITE, edition
from tests.notices import COMMON, MAILS

REFERENCE = (Path(__file__).parents[3] / "docs/reference/templates.md").read_text(encoding="utf-8")
VIEWS = {"edition": EditionView, "heading": HeadingView, "story": StoryView, "site": SiteFacts}
# What a template says of fonts is a stack of them, ready for CSS.
_THEME = set(Theme.model_fields) - {"headline_fonts", "text_fonts"} | {
    *("column", "headline_stack", "text_stack")
}


def test_every_variable():
    named = set(re.findall(r"`(edition|heading|story|site)\.(\w+)`", REFERENCE))
    assert named == {(name, field.name) for name, view in VIEWS.items() for field in fields(view)}
    for view in (PictureView, RelatedView, PanelView, FigureView):
        for field in fields(view):
            assert f"`{field.name}`" in REFERENCE
    for name in (*_THEME, *Palette.model_fields, *Logo.model_fields):
        assert f"`{name}`" in REFERENCE or f"`theme.{name}`" in REFERENCE


def test_every_link():
    seen: dict[str, str] = {}

    class Spy(Templates):
        def render(self, name: str, **context: Any) -> str:
            seen.update(context["link"])
            return super().render(name, **context)

    render_edition(edition(), SITE, Spy([OUR_TEMPLATES]))
    assert set(re.findall(r"`link\.(\w+)`", REFERENCE)) == set(seen)


def test_every_hole_and_block():
    holes = REFERENCE.partition("## Holes")[2].partition("## Blocks")[0]
    assert set(re.findall(r"^\| `(\w+)", holes, re.MULTILINE)) == CHOSEN | set(Slot)
    assert set(re.findall(r'^\| `block\("(\w+)"', REFERENCE, re.MULTILINE)) == BLOCKS | PARTS


def test_every_file():
    ours = {
        path.relative_to(OUR_TEMPLATES).as_posix() for path in OUR_TEMPLATES.glob("email/*.html")
    }
    ours |= {f"email/edition/{name}" for name in ("subject.txt", "body.txt", "body.html")}
    assert set(re.findall(r"^\| `(email/\S+\.\w+)`", REFERENCE, re.MULTILINE)) == ours


def test_every_mail_and_what_it_sees():
    folders = {path.parent.name for path in OUR_TEMPLATES.glob("email/*/subject.txt")}
    named = set(re.findall(r"^\| `email/(\w+)/`", REFERENCE, re.MULTILINE))
    assert named == folders - {"edition"}
    described = REFERENCE.partition("## Mails to one person")[2]
    facts = {key for mail in MAILS.values() for key in (*mail, *_inner(mail))} | COMMON.keys()
    assert [key for key in sorted(facts) if f"`{key}`" not in described] == []


def _inner(facts: dict[str, Any]) -> Iterator[str]:
    yield from facts.get("account", ())
    for feed in facts.get("feeds", ()):
        yield from feed
