"""A publisher's own face as an operator meets it: themes and templates with mistakes in them."""

import json
import tomllib
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from digest.store import Store
from tests.acceptance.conftest import Program
from tests.articles import put
from tests.conftest import CONFIG
from tests.smtp import SmtpServer

# Nothing here is the database's affair.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

OWN = "email/edition/body.html"


@pytest.fixture
def desk(program: Program, database_url: str) -> Program:
    """A desk with an article, a subscriber, and a folder of its own templates."""
    program.configure(CONFIG.format(url=database_url))
    key = program.folder / "secret.key"
    key.write_text("a key for tests, forty characters long..")
    key.chmod(0o600)
    (program.folder / "own" / OWN).parent.mkdir(parents=True)
    with closing(Store(database_url)) as store:
        put(store, "Ferries sail again", datetime.now(UTC) - timedelta(days=1))
    return program


@pytest.fixture
def server(tmp_path: Path) -> Iterator[SmtpServer]:
    with SmtpServer(tmp_path / "received") as server:
        yield server


def configure(desk: Program, site: str = "", more: str = "") -> None:
    text = (desk.folder / "digest.toml").read_text(encoding="utf-8")
    desk.configure(text.replace("[site]", f"[site]\n{site}", 1) + more)


def subscribe(desk: Program) -> None:
    desk("subscribers", "add", "ann@readers.example.org", "--confirmed", "--newsletter", "morning")


def own(desk: Program, text: str) -> Path:
    path = desk.folder / "own" / OWN
    path.write_text(text, encoding="utf-8")
    return path


def test_a_theme_that_cannot_be_read_is_refused_before_anything_is_made(desk: Program):
    configure(desk, more='[theme.dark]\nsoft = "#555555"\nrule = "grey"\n')
    refused = desk.run("editions", "build", "morning")
    assert refused.returncode == 2
    (line,) = refused.stderr.splitlines()
    assert 'theme.dark.rule: "grey" is no colour: write "#" and six' in line
    text = (desk.folder / "digest.toml").read_text(encoding="utf-8")
    desk.configure(text.replace('"grey"', '"#444444"'))
    refused = desk.run("editions", "build", "morning")
    assert refused.returncode == 2
    (line,) = refused.stderr.splitlines()
    assert "theme.dark.soft: text of #555555 on the wash #212226 has a contrast of 2.13:1" in line


def test_a_theme_and_a_panel_are_in_the_mail(desk: Program):
    expires = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    weather = {"expires": expires, "figures": [{"label": "Sofia", "value": "4° showers"}]}
    (desk.folder / "weather.json").write_text(json.dumps(weather), encoding="utf-8")
    configure(
        desk,
        more='[theme.light]\naccent = "#123456"\n'
        '[[panels]]\nname = "weather"\nsource = "weather.json"\n'
        '[[panels]]\nname = "rates"\nsource = "rates.json"\n',
    )
    built = desk.run("editions", "build", "morning")
    assert built.returncode == 0
    (line,) = [line for line in built.stderr.splitlines() if "panel" in line]
    assert 'the panel "rates" is left out: ' in line
    assert "rates.json holds no panel: there is no such file." in line
    for ending in ("html", "txt"):
        desk("editions", "render", "1", "-o", f"mail.{ending}")
    assert "#123456" in (desk.folder / "mail.html").read_text(encoding="utf-8")
    assert "Sofia 4° showers" in (desk.folder / "mail.txt").read_text(encoding="utf-8")


def test_a_broken_template_stops_its_edition_and_says_where(desk: Program):
    configure(desk, 'templates = "own"')
    path = own(desk, "one\n{{ edition.tilte }}\n")
    subscribe(desk)
    desk("editions", "build", "morning")
    refused = desk.run("editions", "render", "1", "-o", "mail.html")
    assert refused.returncode == 2
    (line,) = refused.stderr.splitlines()
    assert line.startswith(f"digest: {path}, line 2: ")
    assert line.endswith("correct it, or remove your copy to use the one that ships.")
    assert "tilte" in line
    refused = desk.run("editions", "send", "1")
    assert refused.returncode == 2
    assert f"{path}, line 2" in refused.stderr
    assert desk.json("editions", "show", "1")["status"] == "draft"
    path.unlink()
    desk("editions", "render", "1", "-o", "mail.html")


def test_where_the_operator_says_so_the_edition_goes_out_in_ours_and_says_why(
    desk: Program, server: SmtpServer
):
    port = f"[smtp]\nport = {server.port}\n"
    configure(desk, 'templates = "own"\nwhen_templates_fail = "ours"', port)
    path = own(desk, "one\n{% if %}\n")
    subscribe(desk)
    desk("editions", "build", "morning")
    sent = desk.run("editions", "send", "1", "--json")
    assert sent.returncode == 0, sent.stderr
    assert json.loads(sent.stdout)["accepted"] == 1
    assert f"ours are used instead: {path}, line 2" in sent.stderr
    (received,) = server.received
    assert b"Ferries sail again" in received.data
    assert f"{path}, line 2" in desk.json("editions", "show", "1")["instead"]
    assert "in our templates, because yours failed: " in desk("editions", "show", "1")


def test_init_writes_a_theme_that_loads(desk: Program):
    (desk.folder / "digest.toml").unlink()
    desk("init")
    text = (desk.folder / "digest.toml").read_text(encoding="utf-8")
    assert "theme" not in tomllib.loads(text)
    assert "# [theme]" in text
