"""Tokens come back as they were made; nothing else is ever taken for one."""

import string
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.errors import BadTokenError, ExpiredTokenError
from digest.subscribers.tokens import (
    CONFIRMATION_VALID,
    PREVIEW,
    ConfirmationToken,
    ReaderToken,
    Tokens,
)

TOKENS = Tokens(b"a key for tests, forty characters long..")
ISSUED = datetime(2026, 3, 3, 5, 0, tzinfo=UTC)
URL_SAFE = string.ascii_letters + string.digits + "-_"
ids = st.integers(min_value=0, max_value=2**63 - 1)


@given(ids, ids)
def test_a_readers_token_comes_back(subscription: int, edition: int):
    token = TOKENS.reader(subscription, edition)
    assert set(token) <= set(URL_SAFE)
    assert TOKENS.read_reader(token) == ReaderToken(subscription, edition)


@given(ids, st.integers(0, 2**36), st.integers(0, 999_999))
def test_a_confirmation_comes_back_in_whole_seconds(subscription: int, second: int, micro: int):
    whole = datetime.fromtimestamp(second, UTC)
    token = TOKENS.confirmation(subscription, whole.replace(microsecond=micro))
    assert TOKENS.read_confirmation(token, whole) == ConfirmationToken(subscription, whole)


@given(ids)
def test_a_bounce_token_comes_back_whatever_servers_do_to_its_case(delivery: int):
    token = TOKENS.bounce(delivery)
    assert len(token) <= 40
    assert TOKENS.read_bounce(token) == delivery
    assert TOKENS.read_bounce(token.upper()) == delivery
    assert TOKENS.read_bounce(token.title()) == delivery


@given(ids, ids, st.data())
def test_any_changed_character_is_refused(subscription: int, edition: int, data: st.DataObject):
    token = TOKENS.reader(subscription, edition)
    place = data.draw(st.integers(0, len(token) - 1))
    other = data.draw(st.sampled_from(sorted(set(URL_SAFE) - {token[place]})))
    with pytest.raises(BadTokenError):
        TOKENS.read_reader(token[:place] + other + token[place + 1 :])


@given(ids, st.data())
def test_any_changed_letter_of_a_bounce_token_is_refused(delivery: int, data: st.DataObject):
    token = TOKENS.bounce(delivery)
    place = data.draw(st.integers(0, len(token) - 1))
    letters = set(string.ascii_lowercase + string.digits)
    other = data.draw(st.sampled_from(sorted(letters - {token[place]})))
    with pytest.raises(BadTokenError):
        TOKENS.read_bounce(token[:place] + other + token[place + 1 :])


@given(ids, ids, st.text(min_size=1, max_size=3))
def test_nothing_may_be_added_or_cut(subscription: int, edition: int, more: str):
    token = TOKENS.reader(subscription, edition)
    for spoilt in (token + more, more + token, token[:-1], token[1:], token + "=", f" {token}"):
        with pytest.raises(BadTokenError):
            TOKENS.read_reader(spoilt)


@given(st.text())
def test_no_text_is_taken_for_a_token(text: str):
    for read in (TOKENS.read_reader, TOKENS.read_bounce):
        with pytest.raises(BadTokenError):
            read(text)
    with pytest.raises(BadTokenError):
        TOKENS.read_confirmation(text, ISSUED)


@given(ids, st.integers(0, 2**32))
def test_purposes_do_not_cross(first: int, second: int):
    issued = datetime.fromtimestamp(second, UTC)
    with pytest.raises(BadTokenError):
        TOKENS.read_confirmation(TOKENS.reader(first, second), issued)
    with pytest.raises(BadTokenError):
        TOKENS.read_reader(TOKENS.confirmation(first, issued))
    with pytest.raises(BadTokenError):
        TOKENS.read_reader(TOKENS.bounce(first))
    with pytest.raises(BadTokenError):
        TOKENS.read_bounce(TOKENS.reader(first, second))


@given(ids, ids)
def test_another_key_is_refused(subscription: int, edition: int):
    other = Tokens(b"another key for tests, as long as the first")
    with pytest.raises(BadTokenError):
        TOKENS.read_reader(other.reader(subscription, edition))


def test_a_confirmation_expires():
    token = TOKENS.confirmation(7, ISSUED)
    last = ISSUED + CONFIRMATION_VALID
    assert TOKENS.read_confirmation(token, last).subscription_id == 7
    with pytest.raises(ExpiredTokenError, match="good for 7 days and is too old: sign up again"):
        TOKENS.read_confirmation(token, last + timedelta(seconds=1))


def test_a_bad_link_tells_the_reader_what_to_do():
    with pytest.raises(BadTokenError, match="not complete: copy it whole from the mail"):
        TOKENS.read_reader(TOKENS.reader(7, 1)[:-5])


def test_a_preview_is_known_as_one():
    assert TOKENS.read_reader(TOKENS.reader(PREVIEW, 5)).is_preview
    assert not TOKENS.read_reader(TOKENS.reader(1, 5)).is_preview


def test_links_stay_short():
    assert len(TOKENS.reader(100_000, 365)) <= 28


@pytest.mark.parametrize("number", [-1, 2**63])
def test_only_rows_of_the_database_are_signed(number: int):
    with pytest.raises(ValueError, match="no row"):
        TOKENS.bounce(number)
