"""How a database is called in messages."""

import pytest

from digest.store import Store


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql+psycopg://me:hunter2@h/d", "postgresql+psycopg://me:***@h/d"),
        (
            "postgresql+psycopg:///d?host=/run&password=hunter2",
            "postgresql+psycopg:///d?host=%2Frun",
        ),
        ("postgresql+psycopg://h/d?sslpassword=hunter2", "postgresql+psycopg://h/d"),
    ],
)
def test_no_password_is_shown(url: str, shown: str):
    assert str(Store(url)) == shown
