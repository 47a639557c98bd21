"""`digest dkim`, as it is called and as it answers."""

import re
import stat
import tomllib
from functools import partial
from pathlib import Path

import pytest

from tests.answers import called
from tests.conftest import CONFIG


@pytest.fixture
def dkim(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    monkeypatch.chdir(tmp_path)

    return partial(called, monkeypatch, capsys, "dkim")


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "digest.toml"
    path.write_text(CONFIG.format(url="sqlite:///digest.db"), encoding="utf-8")
    return path


def test_from_no_key_to_both_kinds(dkim, config: Path):
    rsa = dkim("make-key", "s2026", "-o", "rsa.pem", "--json").data
    ed25519 = dkim("make-key", "e2026", "-o", "ed.pem", "--algorithm", "ed25519", "--json").data
    with config.open("a", encoding="utf-8") as file:
        file.write(f"{rsa['toml']}\n{ed25519['toml']}\n")
    keys = dkim("show", "--json").data["keys"]
    assert keys == [
        {name: made[name] for name in made if name not in {"file", "toml"}}
        for made in (rsa, ed25519)
    ]
    assert [key["name"] for key in keys] == [
        "s2026._domainkey.news.example.org",
        "e2026._domainkey.news.example.org",
    ]
    assert dkim("show").out.splitlines() == [rsa["zone"], ed25519["zone"]]


def test_what_a_person_reads_can_be_copied(dkim, config: Path):
    out = dkim("make-key", "s2026", "-o", "rsa.pem").out
    zone = next(line for line in out.splitlines() if "IN TXT" in line)
    name, _, said = zone.partition(". IN TXT ")
    assert name == "s2026._domainkey.news.example.org"
    strings = re.findall(r'"([^"]*)"', said)
    assert len(strings) == 2
    assert max(map(len, strings)) <= 255
    assert "".join(strings).startswith("v=DKIM1; k=rsa; p=MII")
    toml = tomllib.loads(out[out.index("[[dkim]]") :])
    assert toml["dkim"] == [
        {"domain": "news.example.org", "selector": "s2026", "private_key_file": "rsa.pem"}
    ]


def test_nobody_else_reads_a_key_and_none_is_overwritten(dkim, config: Path, tmp_path: Path):
    assert dkim("make-key", "s2026", "-o", "rsa.pem").status == 0
    made = tmp_path / "rsa.pem"
    assert stat.S_IMODE(made.stat().st_mode) == 0o600
    key = made.read_bytes()
    again = dkim("make-key", "s2027", "-o", "rsa.pem")
    assert (again.status, again.out) == (2, "")
    assert "rsa.pem is there already: name another file with -o" in again.err
    assert made.read_bytes() == key


def test_a_key_can_be_made_before_there_is_a_configuration(dkim, tmp_path: Path):
    (tmp_path / "keys").mkdir()
    made = dkim("make-key", "s", "--domain", "Bücher.example", "-o", "keys/a.pem", "--json").data
    assert made["domain"] == "xn--bcher-kva.example"
    assert tomllib.loads(made["toml"])["dkim"][0]["private_key_file"] == "keys/a.pem"


def test_a_key_elsewhere_is_named_whole(dkim, config: Path, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("keys") / "a.pem"
    made = dkim("make-key", "s", "-o", str(elsewhere), "--json").data
    assert tomllib.loads(made["toml"])["dkim"][0]["private_key_file"] == str(elsewhere)


@pytest.mark.parametrize(
    ("arguments", "status", "told"),
    [
        (["make-key", "a b", "-o", "x.pem"], 2, '"a b" is no selector'),
        (["make-key", "s", "-o", "x.pem", "--domain", "a@b"], 2, '"a@b" is no domain'),
        (["make-key", "s", "-o", "none/x.pem"], 1, "none/x.pem cannot be written (No such file"),
    ],
)
def test_mistakes(dkim, config: Path, tmp_path: Path, arguments: list[str], status: int, told: str):
    answer = dkim(*arguments)
    assert (answer.status, answer.out) == (status, "")
    assert told in " ".join(answer.err.split())
    assert not list(tmp_path.rglob("*.pem"))


def test_which_domain_has_to_be_said_where_there_are_several(dkim, config: Path):
    more = '[[newsletters]]\nslug = "b"\ntitle = "b"\nfrom = "b@example.net"\n'
    with config.open("a", encoding="utf-8") as file:
        file.write(more + 'sections = ["World"]\nsend_at = "07:00"\n')
    answer = dkim("make-key", "s", "-o", "x.pem")
    assert answer.status == 2
    assert "--domain: the newsletters' domains are example.net, news.example.org" in answer.err


def test_a_key_that_everybody_may_read_is_told(dkim, config: Path):
    made = dkim("make-key", "s2026", "-o", "rsa.pem", "--json").data
    with config.open("a", encoding="utf-8") as file:
        file.write(made["toml"])
    assert dkim("show").err == ""
    (config.parent / "rsa.pem").chmod(0o644)
    shown = dkim("show", "--json")
    assert [key["selector"] for key in shown.data["keys"]] == ["s2026"]
    assert "every user of this machine may read" in shown.err
    assert shown.err.endswith(f"chmod o= {config.parent / 'rsa.pem'}\n")


def test_a_site_without_keys(dkim, config: Path):
    assert dkim("show").out == "no keys: mails go out unsigned\n"
    assert dkim("show", "--json").data == {"keys": []}


def test_an_absent_key_is_told(dkim, config: Path):
    with config.open("a", encoding="utf-8") as file:
        file.write('[[dkim]]\ndomain = "news.example.org"\nselector = "s"\n')
        file.write('private_key_file = "none.pem"\n')
    answer = dkim("show")
    assert answer.status == 2
    assert "dkim[1].private_key_file" in answer.err
