"""What a mail of our own is made of: a letterhead without keys, a reader, an instant."""

from datetime import UTC, datetime

from digest.delivery.message import Letterhead, Recipient
from digest.subscribers.tokens import Tokens

NOW = datetime(2026, 3, 3, 5, 0, tzinfo=UTC)
TOKENS = Tokens(b"a key for tests, forty characters long..")
HEAD = Letterhead(
    newsletter="morning",
    title="The Morning Courier",
    edition_id=17,
    edition="2026-03-03",
    from_name="The Morning Courier",
    from_address="morning@news.example.org",
    reply_to="",
    bounces="bounces@news.example.org",
    base_url="https://news.example.org",
    tokens=TOKENS,
)
READER = Recipient(4242, 99, "reader@example.org", "A. Reader", "3 March 2026")
