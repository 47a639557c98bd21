"""A publisher's templates in a process of their own: the same mail, and an end to every loop."""

import os
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from unittest.mock import Mock

import pytest

from digest.errors import (
    CannotReadError,
    DigestError,
    InlineError,
    TemplateBrokenError,
)
from digest.rendering import RenderedEdition, Templates, bounded, bounds, render_edition
from digest.rendering.bounds import KeptApart, Tried
from digest.rendering.templates import state_of
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
            r"body\.html(, line 1)?: it (needs more memory|takes more than)",
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
        ("one\n{{ cycler() }}", TemplateBrokenError, r"body\.html, line 2: at least one item"),
        ("{{ (10**5000)|string }}", TemplateBrokenError, r"body\.html: Exceeds the limit"),
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


def words(name: str, *, templates: Templates) -> str:
    return templates.render(name)


def test_a_child_that_is_kept_is_begun_again_after_work_beyond_its_limits(own: Own):
    loop = "{% for i in range(99999) %}{% for j in range(99999) %}" + 2 * "{% endfor %}"
    templates = own(loop)
    own("{{ 1 + 1 }}", "two.txt")
    own("{{ x }}", "x.txt")
    with KeptApart(templates, seconds=0.5) as kept:
        for name, told in ((BODY, r"line 1: it takes more than 0\.5 seconds"), ("x.txt", "'x'")):
            with pytest.raises(TemplateBrokenError, match=told):
                bounded(partial(words, name), kept)
            assert bounded(partial(words, "two.txt"), kept) == "2"


def test_an_answer_too_large_to_be_taken_names_the_folder(
    own: Own, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(bounds, "ANSWER_BYTES", 1000)
    templates = own("{{ 'a' * 2000 }}")
    told = rf"{templates.own[0]}: what they make takes 2,\d+ bytes, and may take 1,000: c"
    with pytest.raises(TemplateBrokenError, match=told):
        bounded(partial(words, BODY), templates)


def test_every_change_of_a_file_is_seen_whatever_its_time(own: Own, tmp_path: Path):
    templates = own("one")
    own("newest", "newest.txt")
    body, states = tmp_path / BODY, [state_of(templates.own)]
    os.utime(body, (1, 1))  # as `cp -p` and `rsync -t` leave it
    states.append(state_of(templates.own))
    body.write_text("three")
    os.utime(body, (1, 1))
    states.append(state_of(templates.own))
    body.unlink()
    states.append(state_of(templates.own))
    elsewhere = tmp_path.parent / f"{tmp_path.name}-elsewhere"
    elsewhere.mkdir()
    (tmp_path / "linked").symlink_to(elsewhere)
    (tmp_path / "round").symlink_to(tmp_path)
    states.append(state_of(templates.own))
    (elsewhere / "body.html").write_text("four")
    states.append(state_of(templates.own))
    assert len(set(states)) == 6
    assert states[-1] == state_of(templates.own)


def test_what_many_wait_for_is_tried_once_if_it_does_not_end(
    own: Own, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    monkeypatch.setattr(bounds, "PAGE_SECONDS", 0.5)
    begun = Mock(wraps=bounds._Child)
    monkeypatch.setattr(bounds, "_Child", begun)
    loop = "{% for i in range(99999) %}{% for j in range(99999) %}" + 2 * "{% endfor %}"
    publishers = own(loop, "word.txt")
    ours = tmp_path / "ours"
    ours.mkdir()
    (ours / "word.txt").write_text("ours")
    tried = Tried(Templates([publishers.folders[0], ours]))
    with ThreadPoolExecutor(4) as readers:
        made = [readers.submit(tried.render, "word", partial(words, "word.txt")) for _ in range(4)]
    assert [one.result() for one in made] == ["ours"] * 4
    assert begun.call_count == 1
    assert caplog.text.count("it takes more than 0.5 seconds") == 1


def test_what_fails_is_told_once_for_each_of_its_places(
    own: Own, tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    own("{{ x }}", "one.txt")
    publishers = own("\n{{ x }}", "two.txt")
    ours = tmp_path / "ours"
    ours.mkdir()
    for name in ("one.txt", "two.txt"):
        (ours / name).write_text("ours")
    tried = Tried(Templates([publishers.folders[0], ours]))
    for name in ("one.txt", "two.txt", "one.txt", "two.txt"):
        assert tried.render("page", partial(words, name)) == "ours"
    places = ("one.txt, line 1", "two.txt, line 2")
    assert [caplog.text.count(place) for place in places] == [1, 1]
