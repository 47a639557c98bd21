"""The reference of templates has every variable, hole and block, and no others."""

import re
from dataclasses import fields
from typing import Any

import pytest
from jinja2 import Environment, meta, nodes

from digest.config import Logo, Theme
from digest.config_face import Palette
from digest.rehearsal.notices import NOTICES
from digest.rendering import SiteFacts, Slot, Templates, render_edition
from digest.rendering.blocks import BLOCKS, CHOSEN, PARTS
from digest.rendering.furniture import vocabulary
from digest.rendering.mail import render_mail
from digest.rendering.page import NewsletterView
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
from tests.template_reference import EDITION, PAGES, names, page_variables, rows, variables
from tests.template_reference import MAILS as LETTERS

VIEWS = {"edition": EditionView, "heading": HeadingView, "story": StoryView, "site": SiteFacts}
# What a template says of fonts is a stack of them, ready for CSS.
_THEME = set(Theme.model_fields) - {"headline_fonts", "text_fonts"} | {
    *("column", "headline_stack", "text_stack")
}


class Spy(Templates):
    """Remembers which variables a template was given."""

    def __init__(self) -> None:
        super().__init__([OUR_TEMPLATES])
        self.given: dict[str, dict[str, Any]] = {}

    def render(self, name: str, **context: Any) -> str:
        self.given[name] = context
        return super().render(name, **context)


def test_every_variable():
    named = set(re.findall(r"`(edition|heading|story|site)\.(\w+)`", EDITION))
    assert named == {(name, field.name) for name, view in VIEWS.items() for field in fields(view)}
    for view in (PictureView, RelatedView, PanelView, FigureView):
        for field in fields(view):
            assert f"`{field.name}`" in EDITION
    for name in (*_THEME, *Palette.model_fields, *Logo.model_fields):
        assert f"`{name}`" in EDITION or f"`theme.{name}`" in EDITION


def test_what_the_editions_templates_are_given():
    spy = Spy()
    render_edition(edition(), SITE, spy)
    given = {name for context in spy.given.values() for name in context}
    described = variables(EDITION) | {"hole", "block"}  # these have tables of their own
    assert given <= described
    assert described - given == {"heading", "story", "text"}  # what loops and filters are shown on
    assert set(re.findall(r"`link\.(\w+)`", EDITION)) == set(
        spy.given["email/edition/body.html"]["link"]
    )


def test_every_hole_and_block():
    holes = EDITION.partition("## Holes")[2].partition("## Blocks")[0]
    assert set(re.findall(r"^\| `(\w+)", holes, re.MULTILINE)) == CHOSEN | set(Slot)
    assert set(re.findall(r'^\| `block\("(\w+)"', EDITION, re.MULTILINE)) == BLOCKS | PARTS


def test_every_file():
    ours = {
        path.relative_to(OUR_TEMPLATES).as_posix() for path in OUR_TEMPLATES.glob("email/*.html")
    }
    ours |= {f"email/edition/{name}" for name in ("subject.txt", "body.txt", "body.html")}
    assert {row[0].strip("`") for row in rows(EDITION, "file")} == ours


def test_every_mail_and_what_it_is_given():
    described = {row[0]: names(row[2]) for row in rows(LETTERS, "folder")}
    folders = {path.parent.name for path in OUR_TEMPLATES.glob("email/*/subject.txt")}
    assert described == {
        f"`email/{mail}/`": {key for facts in NOTICES[mail] for key in facts}
        for mail in folders - {"edition"}
    }


@pytest.mark.parametrize("mail", MAILS)
def test_every_variable_of_a_mail(mail: str):
    spy = Spy()
    render_mail(spy, mail, "en", SITE, **COMMON, **MAILS[mail])
    described = variables(LETTERS) | {"site", "theme", "_"}  # as in the edition's
    assert all(context.keys() <= described for context in spy.given.values())
    for inner in (*MAILS[mail].get("account", ()), *MAILS[mail].get("feeds", [()])[0]):
        assert f"`{inner}`" in LETTERS


def parsed(name: str) -> nodes.Template:
    return Environment(autoescape=True).parse((OUR_TEMPLATES / name).read_text(encoding="utf-8"))


def blocks_left(name: str) -> set[str]:
    """The blocks of a frame that none of those below it has."""
    frame = parsed(name)
    blocks = {block.name for block in frame.find_all(nodes.Block)}
    for below in frame.find_all(nodes.Extends):
        assert isinstance(below.template, nodes.Const)
        blocks -= {block.name for block in parsed(below.template.value).find_all(nodes.Block)}
        blocks -= blocks_left(below.template.value)
    return blocks


@pytest.mark.parametrize(
    ("part", "frames"),
    [(LETTERS, ("email/base", "email/letter", "email/notice")), (PAGES, ("web/base",))],
)
def test_every_block_of_a_frame(part: str, frames: tuple[str, ...]):
    files = (f"{frame}.{kind}" for frame in frames for kind in ("html", "txt"))
    assert {row[0].strip("`"): names(row[1]) for row in rows(part, "frame")} == {
        name: blocks_left(name) for name in files if (OUR_TEMPLATES / name).is_file()
    }


def test_every_page_and_what_it_uses():
    pages = {path.relative_to(OUR_TEMPLATES).as_posix() for path in OUR_TEMPLATES.glob("web/*")}
    described = page_variables()
    assert described.keys() == {
        page for page in pages if not page.startswith(("web/preview", "web/base"))
    }
    common = {"site", "theme", "newsletter", *vocabulary("en")}
    macros = {macro.name for macro in parsed("web/base.html").find_all(nodes.Macro)}
    assert meta.find_undeclared_variables(parsed("web/base.html")) <= common
    for page, own in described.items():
        used = meta.find_undeclared_variables(parsed(page))
        made = {name.name for name in parsed(page).find_all(nodes.Name) if name.ctx == "store"}
        assert used - made <= own | common | macros
        assert own <= variables(PAGES)
    assert all(f"`{name}(" in PAGES for name in macros)
    assert all(f"`{name}()`" in PAGES or f"`{name}`" in PAGES for name in common)
    assert all(f"`{field.name}`" in PAGES for field in fields(NewsletterView))
