"""Keys that sign mails: what is right loads, and every other one is told with its remedy."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1
from cryptography.hazmat.primitives.asymmetric.ec import generate_private_key as ec_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key as rsa_key
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from digest.config import Algorithm, Settings, load_settings
from digest.errors import ConfigInvalidError

CONFIG = """
[site]
name = "The Morning Courier"
base_url = "https://news.example.org"
postal_address = "1 Example Street"
[[newsletters]]
slug = "morning"
title = "The Morning Courier"
from = "The Courier <morning@news.example.org>"
sections = ["World"]
send_at = "07:00"
[[newsletters]]
slug = "evening"
title = "The Evening Courier"
from = "evening@Bücher.example.org"
sections = ["World"]
send_at = "18:00"
"""


def pem(key, passphrase: bytes = b""):
    lock = BestAvailableEncryption(passphrase) if passphrase else NoEncryption()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, lock)


RSA = rsa_key(65537, 2048)
WEAK = rsa_key(65537, 1024)  # noqa: S505 - to be refused
GOOD = pem(RSA)


@pytest.fixture
def load(tmp_path: Path):
    def loaded(*entries: tuple[str, str, bytes | None]) -> Settings:
        text = CONFIG
        for number, (domain, selector, key) in enumerate(entries):
            if key is not None:
                (tmp_path / f"{number}.pem").write_bytes(key)
            text += f'[[dkim]]\ndomain = "{domain}"\nselector = "{selector}"\n'
            text += f'private_key_file = "{number}.pem"\n'
        path = tmp_path / "digest.toml"
        path.write_text(text, encoding="utf-8")
        return load_settings(path)

    return loaded


@pytest.fixture
def problems(load):
    def found(*entries: tuple[str, str, bytes | None]) -> list[str]:
        settings = load(*entries)
        with pytest.raises(ConfigInvalidError) as told:
            settings.signing_keys()
        assert told.value.exit_status == 2
        return str(told.value).splitlines()

    return found


def test_keys_of_two_kinds_and_domains(load):
    keys = load(
        ("News.Example.org", "S2026", GOOD),
        ("news.example.org", "e2026", pem(Ed25519PrivateKey.generate())),
        ("bücher.example.org", "s2026", pem(RSA)),
    ).signing_keys()
    assert [(key.domain, key.selector, key.algorithm) for key in keys] == [
        ("news.example.org", "s2026", Algorithm.RSA),
        ("news.example.org", "e2026", Algorithm.ED25519),
        ("xn--bcher-kva.example.org", "s2026", Algorithm.RSA),
    ]


def test_no_keys_are_no_problem(load):
    assert load().signing_keys() == ()


def test_secrets_that_everybody_may_read_are_told(load, tmp_path: Path):
    settings = load(("news.example.org", "s", GOOD), ("news.example.org", "t", None))
    for name, mode in (("0.pem", 0o600), ("secret.key", 0o640)):
        (tmp_path / name).touch()
        (tmp_path / name).chmod(mode)
    assert settings.exposed_secrets() == []
    (tmp_path / "0.pem").chmod(0o644)
    (tmp_path / "secret.key").chmod(0o604)
    assert settings.exposed_secrets() == [
        f"{key}: every user of this machine may read {path}: chmod o= {path}"
        for key, path in (
            ("site.secret_key_file", tmp_path / "secret.key"),
            ("dkim[1].private_key_file", tmp_path / "0.pem"),
        )
    ]


def test_a_missing_key_stops_only_what_signs(load, problems):
    assert load(("news.example.org", "s", None)).newsletters
    (told,) = problems(("news.example.org", "s", None))
    assert told.startswith("dkim[1].private_key_file: the file ")
    assert "cannot be read (No such file" in told
    assert told.endswith("make one with `digest dkim make-key`")


@pytest.mark.parametrize(
    ("key", "told"),
    [
        (b"", "holds no private key in PEM"),
        (b"\xff\x00", "holds no private key in PEM"),
        (GOOD[:700], "holds no private key in PEM"),
        (
            RSA.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
            "holds no private key in PEM",
        ),
        (pem(RSA, b"secret"), "is locked with a passphrase"),
        (pem(ec_key(SECP256R1())), "neither RSA nor Ed25519"),
        (pem(WEAK), "an RSA key of 1024 bits, from 2048 to 4096 are right"),
    ],
)
def test_a_key_of_no_use(problems, key: bytes, told: str):
    (line,) = problems(("news.example.org", "s", key))
    assert line.startswith("dkim[1].private_key_file: ")
    assert told in line
    assert "digest dkim make-key" in line
    assert "MII" not in line


def test_contradictions_are_told_all_at_once(problems):
    lines = problems(
        ("news.example.org", "s", GOOD), ("news.example.org", "s", GOOD), ("example.org", "s", GOOD)
    )
    known = "news.example.org, xn--bcher-kva.example.org"
    assert lines == [
        "dkim[2].private_key_file: news.example.org has another rsa key: remove one",
        'dkim[2].selector: "s" is taken by another key: a record holds one',
        f"dkim[3].domain: no newsletter is sent from example.org: choose from {known}",
    ]


@pytest.mark.parametrize("selector", ["", ".", "a b", "a..b", "-a", "a_", "x" * 64, "ключ", "a;b"])
def test_a_selector_that_dns_could_not_hold(load, selector: str):
    with pytest.raises(ConfigInvalidError, match=r"dkim\[1\].selector: .*is no selector"):
        load(("news.example.org", selector, None))
