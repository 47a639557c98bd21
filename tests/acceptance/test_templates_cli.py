"""`digest templates check` and `digest lint`, as a publisher runs them."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from digest.cli import app as program
from digest.rehearsal import check as rehearsal
from digest.rehearsal.editions import sample_editions
from digest.rendering import bounds
from tests.documents import OUR_TEMPLATES
from tests.good_mail import MAIL, PAGE, spoilt

CONFIG = """
[site]
name = "The Morning Courier"
base_url = "https://news.example.org"
timezone = "Europe/Sofia"
postal_address = "1 Example Street, Sofia"
secret_key_file = "secret.key"
templates = "own"
when_templates_fail = "ours"
[[newsletters]]
slug = "morning"
title = "The Morning Courier"
from = "The Morning Courier <morning@news.example.org>"
sections = ["World"]
send_at = "07:00"
"""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A configuration without a database, and a publisher's empty folder of templates."""
    (tmp_path / "digest.toml").write_text(CONFIG, encoding="utf-8")
    (tmp_path / "secret.key").write_text("a key for tests, forty characters long..")
    (tmp_path / "own").mkdir()
    return tmp_path


def check(site: Path, *options: str) -> tuple[int, str]:
    result = CliRunner().invoke(
        program, ["--config", str(site / "digest.toml"), "templates", "check", *options]
    )
    return result.exit_code, result.stdout


def take_over(site: Path, name: str, change: Callable[[str], str]) -> Path:
    """A template of ours, changed, in the publisher's own folder."""
    own = site / "own" / "email" / name
    own.parent.mkdir(parents=True)
    text = (OUR_TEMPLATES / "email" / name).read_text(encoding="utf-8")
    own.write_text(change(text), encoding="utf-8")
    return own


def ours_alone(site: Path) -> None:
    config = site / "digest.toml"
    config.write_text(spoilt(config.read_text(), ('templates = "own"\n', "")))


def test_nothing_is_found_in_our_templates(site: Path):
    ours_alone(site)
    status, said = check(site, "--json")
    told = json.loads(said)
    assert (status, told["errors"], told["warnings"], told["findings"]) == (0, 0, 0, [])
    folders = {path.parent.name for path in OUR_TEMPLATES.glob("email/*/subject.txt")}
    assert {mail["mail"] for mail in told["mails"]} == folders
    assert all(0 < mail["size"] <= 100_000 for mail in told["mails"])
    samples = {mail["sample"] for mail in told["mails"] if mail["mail"] == "edition"}
    assert {"500 stories", "hostile texts", "one story", "Chinese"} <= samples


def test_each_mistake_in_a_publishers_templates_is_told_and_the_rest_is_checked(site: Path):
    why = "{% block why %}{% include 'email/failed/why.html' %}{% endblock %}"
    take_over(site, "failed/body.html", lambda text: text + why)
    broken = take_over(site, "paused/body.html", lambda text: f"\n\n{{% if %}}\n{text}")
    shutil.copytree(OUR_TEMPLATES / "email" / "failed", site / "own" / "email" / "farewell")
    (site / "own" / "email" / "failed" / "why.html").write_text('<p style="display:flex">x</p>')
    for stray in (
        "email/failed/bdy.html",
        "edition/body.txt",
        "own.html",
        ".old/x.html",
        "LIESMICH",
    ):
        (site / "own" / stray).parent.mkdir(exist_ok=True)
        (site / "own" / stray).touch()
    status, said = check(site)
    assert status == 1
    unsupported = r"failed \(facts 1 in en.*\): error unsupported: display:flex: not in Outlook"
    assert re.search(unsupported, said)
    assert "-> use another feature" in said
    assert "paused (facts 1 in en): error template-broken:" in said
    assert f"{broken}, line 3:" in said
    assert said.count("or remove your copy") == 1
    assert "farewell: warning mail-unknown" in said
    assert re.search(r"\n6 mails with \d+ samples: 2 errors, 4 warnings\n$", said)
    assert re.findall("template-stray: (.+?) replaces .+ names it(.*)", said) == [
        ("edition/body.txt", ": did you mean email/edition/body.txt?"),
        ("email/failed/bdy.html", ": did you mean body.html?"),
        ("own.html", ""),
    ]


def test_a_loop_that_one_sample_alone_comes_to_ends_and_is_told_with_it(
    site: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(bounds, "CPU_SECONDS", 1)
    monkeypatch.setattr(rehearsal, "mail_folders", lambda _: {"edition"})
    quick = {"Chinese", "no pictures", "one story"}
    monkeypatch.setattr(
        rehearsal,
        "sample_editions",
        lambda *asked: (sample for sample in sample_editions(*asked) if sample.name in quick),
    )
    loop = "{% for i in range(90000) %}{% for j in range(90000) %}" + 2 * "{% endfor %}"
    stuck = "{% block rows %}{% if edition.stories|length == 1 %}" + loop + "{% endif %}"
    own = take_over(
        site, "edition/body.html", lambda text: spoilt(text, ("{% block rows %}", stuck))
    )
    status, said = check(site)
    assert status == 1
    assert "edition (one story): error template-broken:" in said
    assert re.search(rf"{own}, line \d+: it takes more than 1 seconds$", said, re.MULTILINE)


def test_without_a_newsletter_there_is_nothing_to_rehearse(site: Path):
    config = site / "digest.toml"
    config.write_text(config.read_text().partition("[[newsletters]]")[0])
    result = CliRunner().invoke(program, ["--config", str(config), "templates", "check"])
    assert result.exit_code != 0
    assert "[[newsletters]]" in str(result.exception)


def lint(*arguments: str, data: str = "") -> tuple[int, str]:
    result = CliRunner().invoke(program, ["lint", *arguments], input=data)
    return result.exit_code, result.stdout


def test_a_mail_of_ones_own_is_linted_without_any_configuration(tmp_path: Path):
    good, bad = tmp_path / "good.eml", tmp_path / "bad.html"
    good.write_text(MAIL, encoding="utf-8")
    bad.write_text(spoilt(PAGE, (' alt=""', "")), encoding="utf-8")
    assert lint(str(good)) == (0, "0 errors, 0 warnings\n")
    status, said = lint(str(good), str(bad))
    assert status == 1
    assert said.startswith(f"{bad}: error image-alt: an image without alt\n    line 12: <img ")
    assert said.endswith("1 error, 0 warnings\n")


def test_a_mail_comes_by_standard_input_too():
    status, said = lint("-", "--json", data=spoilt(MAIL, ("<p>", '<p style="margin:-4px">')))
    told = json.loads(said)
    assert (status, told["errors"], told["warnings"]) == (0, 0, 1)
    assert told["files"][0]["findings"][0]["rule"] == "partly-supported"


def test_a_single_mail_needs_no_list_headers(tmp_path: Path):
    mail = tmp_path / "single.eml"
    mail.write_text(spoilt(MAIL, ("List-Unsubscribe: <https", "X-Was: <https")), encoding="utf-8")
    assert lint(str(mail))[0] == 1
    assert lint(str(mail), "--single")[0] == 0


def test_a_file_that_cannot_be_read_is_said_to_be_so(tmp_path: Path):
    result = CliRunner().invoke(program, ["lint", str(tmp_path / "none.eml")])
    assert result.exit_code != 0
    assert "cannot be read" in str(result.exception)
