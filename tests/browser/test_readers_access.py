"""Readers' pages are for everybody, too: axe-core and a finger on a small phone, light and dark."""

from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlmodel import select

from digest.delivery import begin
from digest.editions.life import build
from digest.store.models import Subscription
from digest.store.rows import row_id
from digest.web.app import create_app
from tests.articles import put
from tests.audience import subscribe
from tests.conftest import NOW
from tests.mail_checks import overlaps, small_targets, sticking_out, violations


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_readers_pages_are_for_everybody(app, opened):
    put(app.store, "Parliament passes the budget", NOW - timedelta(hours=1), "Politics")
    subscribe(app.store, "reader@example.org")
    edition = build(app.store, app.settings, app.settings.newsletter("morning"), NOW.date(), NOW)
    begin(app.store, app.settings, app.press.render, row_id(edition), NOW)
    with app.store.read() as session:
        tie = session.exec(select(Subscription)).one()
    token = app.tokens.reader(row_id(tie), row_id(edition))
    found = {}
    with TestClient(create_app(app)) as client:
        for path in (
            "",
            "n/morning",
            f"preferences/{token}",
            f"unsubscribe/{token}",
            "archive/morning",
        ):
            answer = client.get(f"/{path}")
            assert answer.status_code == 200
            for scheme in ("light", "dark"):
                page = opened(answer.text, 320, scheme)
                layout = [*sticking_out(page), *overlaps(page), *small_targets(page)]
                found[path, scheme] = violations(page, whole=True) + layout
    assert {where: wrong for where, wrong in found.items() if wrong} == {}
