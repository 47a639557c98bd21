"""Whatever comes in, in whatever order: names are stable, merging comes to rest, text is safe."""

from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from digest.ingest import clean
from digest.ingest.identity import canonical_url
from digest.ingest.incoming import Incoming
from digest.ingest.merge import merged, new_row

NOW = datetime(2026, 3, 3, 5, tzinfo=UTC)
WORDS = st.sampled_from(["", "a", "bb", "ccc"])
# One telling a source: the same source told twice differently is a correction.
TELLINGS = st.dictionaries(
    st.sampled_from(["listing", "page", "jsonl", "feed:a", "feed:b"]),
    st.tuples(WORDS, WORDS, WORDS, st.none() | st.just(("t",))),
    min_size=1,
)


def telling(source: str, told: tuple[str, str, str, Any]) -> Incoming:
    teaser, body, image, tags = told
    return Incoming(
        keys=("id::1",), source=source, title=f"by {source}", teaser=teaser, body=body,
        body_html=body, image_url=image, tags=tags, published=NOW,
    )  # fmt: skip


@given(TELLINGS, st.randoms(use_true_random=False))
def test_tellings_in_any_order_come_to_rest(tellings: dict[str, Any], random: Any):
    told = [telling(source, facts) for source, facts in tellings.items()]
    random.shuffle(told)
    row = new_row(told[0], 1, NOW)
    for _ in range(2):
        for incoming in told:
            row = merged(row, incoming, 1, unfiled=False)
    settled = row
    random.shuffle(told)
    for incoming in told:
        row = merged(row, incoming, 1, unfiled=False)
    assert row == settled


@given(st.text())
def test_a_canonical_address_is_its_own_canonical_address(text: str):
    for url in (canonical_url(text), canonical_url(f"https://a.example/{text}")):
        assert canonical_url(url) == url
        assert url == "" or (url.startswith(("http://", "https://")) and url.isascii())


@given(st.text(), st.integers(1, 300))
def test_a_line_is_one_line_without_encoded_words(text: str, limit: int):
    line = clean.line(f"=?utf-8?q?{text}?= {text}", limit)
    assert "=?" not in line
    assert not {"\n", "\r", "\x00", "\u2028", "\u2029", "\x85"} & set(line)
    line.encode()


@given(st.text(alphabet="<>/ab =\"'!-&;#x\n"), st.text())
def test_html_is_safe_and_safe_html_stays_as_it_is(markup: str, text: str):
    safe = clean.safe_html(markup + text)
    assert clean.safe_html(safe) == safe
    assert "<script" not in safe
    assert "<img" not in safe
