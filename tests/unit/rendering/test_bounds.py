"""A publisher's templates in a process of their own: the same mail, and an end to every loop."""

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from digest.errors import (
    CannotReadError,
    DigestError,
    InlineError,
    TemplateBrokenError,
)
from digest.rendering import RenderedEdition, Templates, bounded, bounds, render_edition
from tests.documents import OUR_TEMPLATES, SITE, TEMPLATES, ordinary_day

BODY = "email/edition/body.html"
Own = Callable[..., Templates]


@pytest.fixture
def own(tmp_path: Path) -> Own:
    """A publisher's folder with one file of theirs, before ours."""

    def made(text: str, name: str = BODY) -> Templates:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return Templates([tmp_path, OUR_TEMPLATES])

    return made


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "CPU_SECONDS", 2)
    monkeypatch.setattr(bounds, "MEMORY_BYTES", 512 * 1024 * 1024)


def render(templates: Templates) -> RenderedEdition:
    return bounded(partial(render_edition, ordinary_day(), SITE), templates)


def test_a_publishers_templates_make_the_same_mail_in_the_child(own: Own):
    templates = own((OUR_TEMPLATES / BODY).read_text(encoding="utf-8"))
    assert render(templates) == render_edition(ordinary_day(), SITE, TEMPLATES)


def test_ours_run_here(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sys, "executable", "/nonexistent")
    assert render(TEMPLATES).stories


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "one\n{% for i in range(99999) %}\n{% for j in range(99999) %}{% endfor %}{% endfor %}",
            r"edition/body\.html, line [23]: it takes more than 2 seconds: correct it",
        ),
        (
            # Where one step takes all the time, there may be no line to be told.
            "one\ntwo {{ 3 ** (edition.stories | length ** 9) }}",
            r", line (2|\?): (it takes|they take) more than 2 seconds",
        ),
        ("one\n\n{{ 'a' * 9999999999 }}", r"body\.html, line 3: it needs more memory than a mail"),
        (
            "{% set x = namespace(a='x') %}{% for i in 'x'*99 %}\n{% set x.a=x.a*9 %}{% endfor %}",
            r"body\.html, line 2: it needs more memory than a mail may",
        ),
        (
            "{% for i in range(9999) %}{% for j in range(9999) %}" + "a" * 999 + 2 * "{% endfor %}",
            r"body\.html, line (1|\?): it (needs more memory|takes more than)",
        ),
    ],
)
@pytest.mark.usefixtures("impatient")
def test_what_would_never_end_ends_and_names_its_place(own: Own, text: str, told: str):
    with pytest.raises(TemplateBrokenError, match=told):
        render(own(text))


@pytest.mark.usefixtures("impatient")
def test_a_sheet_of_endless_styles_ends_too(own: Own):
    rules = "".join(f"p a.x{n} b {{ color: red }}\n" for n in range(30_000))
    templates = own(f"<style>{{% raw %}}{rules}{{% endraw %}}</style>", "email/styles.html")
    with pytest.raises(DigestError, match=r"takes? more than 2 seconds"):
        render(templates)


@pytest.mark.parametrize(
    ("text", "kind", "told"),
    [
        ("one\n{% if %}", TemplateBrokenError, r"body\.html, line 2: Expected an expression"),
        ("{{ editon.title }}", TemplateBrokenError, r"line 1: 'editon' is undefined"),
        (
            '{% extends "email/own.html" %}',
            TemplateBrokenError,
            "line 1: it uses email/own.html, wh",
        ),
        (
            "<style>@media screen { @media print { p { color: red } } }</style><p>Hello</p>",
            InlineError,
            "The styles cannot be inlined",
        ),
    ],
)
def test_errors_cross_over_whole(own: Own, text: str, kind: type[DigestError], told: str):
    with pytest.raises(kind, match=told) as raised:
        render(own(text))
    assert raised.value.facts
    assert raised.value.exit_status == 2


def test_a_file_that_cannot_be_read_is_named_from_the_child(tmp_path: Path):
    (tmp_path / "email/edition").mkdir(parents=True)
    (tmp_path / "email/edition/body.txt").symlink_to("/proc/self/mem")
    with pytest.raises(CannotReadError, match=r"body\.txt cannot be read"):
        render(Templates([tmp_path, OUR_TEMPLATES]))


def test_a_shell_that_no_mail_could_hold_is_refused(own: Own):
    body = (OUR_TEMPLATES / BODY).read_text(encoding="utf-8")
    large = body.replace("{% block rows %}", "{% block rows %}" + "<tr><td>large</td></tr>" * 9999)
    with pytest.raises(TemplateBrokenError, match=r"outside all blocks takes 2\d\d,\d{3} bytes"):
        render(own(large))


def test_a_child_that_fails_otherwise_is_told_in_its_last_words(own: Own):
    with pytest.raises(TemplateBrokenError, match=r"TypeError: len\(\) takes no keyword"):
        bounded(len, own("one"))
