import pytest

from digest.delivery.addresses import BadAddressError, Mailbox, domain_of, mailbox


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("reader@example.org", Mailbox("reader@example.org")),
        ("a.b+c@sub.example.org", Mailbox("a.b+c@sub.example.org")),
        ("reader@localhost", Mailbox("reader@localhost")),
        ("user@bücher.example", Mailbox("user@xn--bcher-kva.example")),
        ("иван@пример.бг", Mailbox("иван@xn--e1afmkfd.xn--90ae", utf8=True)),
    ],
)
def test_addresses_on_the_wire(address: str, expected: Mailbox):
    assert mailbox(address) == expected


@pytest.mark.parametrize(
    "address",
    [
        "",
        "nobody",
        "@example.org",
        "a@",
        "a@b@example.org",
        "a b@example.org",
        "a@example.org>\r\nRCPT TO:<b@example.org",
        "a@example.org\n",
        "a@example.org\0",
        "a\r@example.org",
        "<a@example.org>",
        ".a@example.org",
        "a..b@example.org",
        "x" * 65 + "@example.org",
        "a@" + "x" * 63 + ".example." * 30 + "org",
    ],
)
def test_what_is_no_address(address: str):
    with pytest.raises(BadAddressError):
        mailbox(address)


def test_the_domain_in_small_letters():
    assert domain_of("News@News.Example.ORG") == "news.example.org"
    assert domain_of("news@Bücher.example.com") == "xn--bcher-kva.example.com"
