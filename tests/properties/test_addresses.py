"""No text is ever an address that could break an envelope or a header."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.errors import InvalidAddressError
from digest.subscribers.addresses import Address, read_address

pieces = st.sampled_from(
    [*"aÜß@.+'\" \0\t,;<>=%\\\u202e\u200bİ", "\r\n", "用户", "(c)"]
) | st.sampled_from(["example.org", "bücher.example", "[127.0.0.1]"])


@given(st.lists(pieces, max_size=12).map("".join) | st.text() | st.emails())
def test_what_is_accepted_is_safe_and_stays_the_same(text: str):
    try:
        address = read_address(text)
    except InvalidAddressError:
        return
    assert address.email.count("@") == 1
    assert not set(address.email) & set(' "<>,;:()[]\\')
    assert all(unicodedata.category(char)[0] not in "CZ" for char in address.email)
    assert read_address(address.email) == address
    assert read_address(address.key).key == address.key


@given(st.emails())
def test_capitals_make_no_other_person(email: str):
    try:
        key = read_address(email).key
    except InvalidAddressError:
        return
    assert read_address(email.upper()).key == key


@pytest.mark.parametrize(
    ("text", "address"),
    [
        (" Ana@Example.ORG ", Address("Ana@example.org", "ana@example.org")),
        ("a@xn--bcher-kva.example", Address("a@bücher.example", "a@bücher.example")),
        ("用户@例子.广告", Address("用户@例子.广告", "用户@例子.广告")),
        ("o'neil+news@example.org", Address("o'neil+news@example.org", "o'neil+news@example.org")),
        ("Ju\u0308rgen@example.org", Address("J\u00fcrgen@example.org", "j\u00fcrgen@example.org")),
    ],
)
def test_spellings_that_are_welcome(text: str, address: Address):
    assert read_address(text) == address


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "must have an @-sign"),
        ("ana", '"ana" is no e-mail address: An email address must have an @-sign: write it like'),
        ("a@b.org\n", "invalid characters"),
        ("a@b.org\r\nBcc: c@d.org", "invalid characters"),
        ("Ana <a@b.org>", "display name"),
        ('"a b"@example.org', "Quoting the part before the @-sign"),
        ("a@[127.0.0.1]", "bracketed"),
        ("a@localhost", "should have a period"),
        ("a@b.org,c@d.org", "invalid characters"),
        ("x" * 65 + "@example.org", "too long before the @-sign"),
    ],
)
def test_spellings_that_are_refused_with_their_reason(text: str, why: str):
    with pytest.raises(InvalidAddressError) as told:
        read_address(text)
    assert why in str(told.value)
    assert len(str(told.value).splitlines()) == 1
