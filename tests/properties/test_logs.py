"""No log ever holds a whole address, wherever in a text it stands."""

import json
import logging
import re

from hypothesis import assume, given
from hypothesis import strategies as st

from digest.errors import InvalidAddressError
from digest.logs import JsonFormatter, TextFormatter, short_address, shorten_addresses
from digest.subscribers.addresses import read_address

DOMAINS = st.sampled_from(["Example.org", "пощa.example", "a-b.c.example", "xn--e1afmkfd.example"])
LOCALS = st.text("abcXYZ019ñжÜ用.+-_'=/!#$%&*?^`{|}~", min_size=1, max_size=40)
AROUND = st.text(st.characters(exclude_characters='@"', exclude_categories=["Cs"]), max_size=20)
PARTING = st.sampled_from(["", " ", "<", "<<", "rfc822;", "mailto:", "(", "[", "to ", "\n", "\t"])


@st.composite
def addresses(draw: st.DrawFn) -> str:
    """An address that a subscriber may have."""
    try:
        return read_address(f"{draw(LOCALS)}@{draw(DOMAINS)}").email
    except InvalidAddressError:
        assume(condition=False)
        raise


def holds(text: str, address: str) -> bool:
    """Whether a text holds the local part of an address whole, with its domain."""
    return address.casefold() in text.casefold()


@given(addresses())
def test_a_short_address_tells_at_most_two_letters_and_never_all(email: str):
    local, _, domain = email.rpartition("@")
    shown, ellipsis, rest = short_address(email).partition("…")
    assert local.startswith(shown)
    assert len(shown) <= 2
    assert len(shown) < len(local)
    assert (ellipsis, rest) == ("…", f"@{domain}")


@given(st.lists(st.tuples(AROUND, PARTING, addresses(), AROUND), min_size=1, max_size=4))
def test_no_address_in_a_text_stays_whole(pieces: list[tuple[str, str, str, str]]):
    told = [email for _, _, email, _ in pieces]
    assume(not any(email.partition("@")[0].endswith("/") for email in told))
    text = " ".join("".join(piece) for piece in pieces)
    short = shorten_addresses(text)
    assert not any(holds(short, email) for email in told)
    # Of what stands before an "@" no more than two letters are left.
    assert all(len(run) <= 3 for run in re.findall(r"([^\s<>()\[\],;:\"@]*)@", short))
    assert shorten_addresses(short) == short


@given(addresses(), AROUND, AROUND)
def test_a_local_part_alone_goes_where_its_owner_is_known(email: str, before: str, after: str):
    local = email.rpartition("@")[0]
    assume(len(local) > 2)
    assume(local.casefold() not in f"{before} {after}".casefold())
    short = shorten_addresses(f"{before} {local}: no such user {after}", known=[email])
    assert local not in short


@given(addresses(), AROUND)
def test_every_line_of_a_log_is_one_line_without_addresses(email: str, words: str):
    assume(not email.partition("@")[0].endswith("/"))
    record = logging.makeLogRecord(
        {"msg": "%s %s", "args": (words, email), "reply": f"{words} <{email}>", "code": None}
    )
    text, line = TextFormatter().format(record), JsonFormatter().format(record)
    for form in (text, line):
        assert len(form.splitlines()) == 1
        assert not holds(form, email)
    assert set(json.loads(line)) == {"time", "level", "logger", "message", "reply"}
