"""Readers' pages and the preview over HTTP: GET shows, POST acts, and nobody else sees drafts."""

import re
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import NoReturn

import pytest
from fastapi.testclient import TestClient
from sqlmodel import select

from digest.bootstrap import App
from digest.config import Settings
from digest.delivery import begin
from digest.editions.life import build
from digest.errors import StoreUnreachableError
from digest.store.models import Edition, Subscription, SubscriptionStatus
from digest.store.rows import row_id
from digest.subscribers.addresses import read_address
from digest.subscribers.people import erase, find, find_subscription
from digest.web.app import create_app
from tests.articles import put
from tests.audience import subscribe
from tests.conftest import NOW

EMAIL = "reader@example.org"
HOUR = timedelta(hours=1)
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture
def client(app: App) -> Iterator[TestClient]:
    with TestClient(
        create_app(app), base_url="http://127.0.0.1:8080", client=("127.0.0.1", 50000)
    ) as client:
        yield client


@pytest.fixture
def edition(app: App) -> Edition:
    put(app.store, "Parliament passes the budget", NOW - HOUR, "Politics")
    put(app.store, "Ferries sail <b>again</b>", NOW - 2 * HOUR, "World » Europe")
    return build(app.store, app.settings, app.settings.newsletter("morning"), NOW.date(), NOW)


@pytest.fixture
def tie(app: App) -> Subscription:
    subscribe(app.store, EMAIL)
    return stored(app)


@pytest.fixture
def token(app: App, tie: Subscription, edition: Edition) -> str:
    return app.tokens.reader(row_id(tie), row_id(edition))


def stored(app: App) -> Subscription:
    with app.store.read() as session:
        return find_subscription(session, "morning", EMAIL)


def everything(app: App) -> list[str]:
    with app.store.read() as session:
        rows = [*session.exec(select(Subscription)), *session.exec(select(Edition))]
        return [row.model_dump_json() for row in rows]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("page", ["unsubscribe", "preferences", "view"])
def test_looking_changes_nothing(app: App, client: TestClient, token: str, page, method):
    before = everything(app)
    answer = client.request(method, f"/{page}/{token}", params=ONE_CLICK)
    assert answer.status_code == 200
    assert everything(app) == before
    assert "script-src" not in answer.headers["Content-Security-Policy"]
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("form", ["urlencoded", "multipart"])
def test_one_click_leaves_at_once_without_cookie_or_redirect(
    app: App, client: TestClient, token: str, form
):
    if form == "multipart":
        files = {name: (None, value) for name, value in ONE_CLICK.items()}
        answer = client.post(f"/unsubscribe/{token}", files=files, follow_redirects=False)
    else:
        answer = client.post(f"/unsubscribe/{token}", data=ONE_CLICK, follow_redirects=False)
    assert answer.status_code == 200
    assert "set-cookie" not in answer.headers
    assert stored(app).status == SubscriptionStatus.UNSUBSCRIBED
    assert stored(app).unsubscribed == NOW
    assert client.post(f"/unsubscribe/{token}", data=ONE_CLICK).status_code == 200


def test_the_button_on_the_page_leaves(app: App, client: TestClient, token: str):
    page = client.get(f"/unsubscribe/{token}").text
    (action,) = re.findall(r'<form method="post" action="([^"]+)">', page)
    answer = client.post(action)
    assert "You are unsubscribed" in answer.text
    assert stored(app).status == SubscriptionStatus.UNSUBSCRIBED
    assert "You are unsubscribed" in client.get(f"/unsubscribe/{token}").text


def test_a_newsletter_that_is_no_more_can_be_left(app: App, settings: Settings, token: str):
    newsletter = settings.newsletters[0].model_copy(update={"slug": "evening"})
    now = settings.model_copy(update={"newsletters": (newsletter,)})
    with closing(App(now, app.clock)) as later, TestClient(create_app(later)) as client:
        assert "morning: Unsubscribe" in client.get(f"/unsubscribe/{token}").text
        assert "You are unsubscribed" in client.post(f"/unsubscribe/{token}").text
    assert stored(app).status == SubscriptionStatus.UNSUBSCRIBED


def test_a_forged_token_and_one_of_a_preview_act_for_nobody(
    app: App, client: TestClient, token: str, edition: Edition
):
    forged = token[:-1] + ("A" if token[-1] != "A" else "B")
    assert client.post(f"/unsubscribe/{forged}", data=ONE_CLICK).status_code == 404
    preview = app.tokens.reader(0, row_id(edition))
    answer = client.post(f"/unsubscribe/{preview}", data=ONE_CLICK)
    assert "acts for nobody" in answer.text
    assert stored(app).status == SubscriptionStatus.ACTIVE


def test_who_was_erased_is_told_so(app: App, client: TestClient, token: str):
    with app.store.write() as session:
        erase(session, find(session, read_address(EMAIL)), NOW)
    for page in ("unsubscribe", "preferences"):
        answer = client.get(f"/{page}/{token}")
        assert answer.status_code == 200
        assert "nothing to change" in answer.text
    assert client.post(f"/unsubscribe/{token}", data=ONE_CLICK).status_code == 200
    assert "Parliament passes" in client.get(f"/view/{token}").text


def test_choosing_sections(app: App, client: TestClient, token: str):
    page = client.get(f"/preferences/{token}").text
    assert page.count(" checked") == 5
    answer = client.post(f"/preferences/{token}", data={"section": ["World", "Sports"]})
    assert "Saved" in answer.text
    assert answer.text.count(" checked") == 2
    assert stored(app).sections == ["World", "Sports"]
    view = client.get(f"/view/{token}").text
    assert "Ferries sail" in view
    assert "Parliament passes" not in view
    everything_again = ["Politics", "Business", "World", "Society", "Sports"]
    client.post(f"/preferences/{token}", data={"section": everything_again})
    assert stored(app).sections is None


def test_sections_keep_the_order_that_the_reader_gives_them(
    app: App, client: TestClient, token: str
):
    order = ["Politics", "Business", "World", "Society", "Sports"]
    moved = ["Politics", "World", "Business", "Society", "Sports"]
    page = client.post(f"/preferences/{token}", data={"section": order, "up": "World"}).text
    assert stored(app).sections == moved
    assert re.findall(r'type="checkbox" name="section" value="(\w+)"', page) == moved
    assert re.findall(r'name="up" value="(\w+)"', page) == moved[1:]
    first = client.post(f"/preferences/{token}", data={"section": moved, "up": "Politics"})
    assert "Saved" in first.text
    assert stored(app).sections == moved
    client.post(f"/preferences/{token}", data={"section": ["Sports", "World"], "up": "Business"})
    assert stored(app).sections == ["Sports", "World"]
    view = client.get(f"/view/{token}").text
    assert "Ferries sail" in view


def test_an_empty_or_unknown_choice_is_refused_in_words(app: App, client: TestClient, token: str):
    assert "Choose at least one" in client.post(f"/preferences/{token}").text
    answer = client.post(f"/preferences/{token}", data={"section": "Gardening"})
    assert "please choose again" in answer.text
    assert stored(app).sections is None


def test_the_archive_shows_what_came_out_and_no_draft(
    app: App, client: TestClient, tie: Subscription, edition: Edition
):
    day = f"/archive/morning/{edition.date}"
    assert "No edition has come out yet" in client.get("/archive/morning").text
    assert client.get(day).status_code == 404
    begin(app.store, app.settings, app.press.render, row_id(edition), NOW)
    assert day in client.get("/archive/morning").text
    whole = client.get(day).text
    assert "Parliament passes" in whole
    assert "/unsubscribe/" not in whole
    assert client.get("/archive/evening").status_code == 404
    assert client.get("/archive/morning/yesterday").status_code == 422
    assert "/archive/morning" in client.get("/").text


def test_titles_are_text_on_every_page(app: App, client: TestClient, token: str, edition: Edition):
    begin(app.store, app.settings, app.press.render, row_id(edition), NOW)
    for page in (f"/view/{token}", f"/archive/morning/{edition.date}", "/preview/mail.html"):
        text = client.get(page).text
        assert "Ferries sail &lt;b&gt;again" in text


def test_addresses_that_are_none_of_ours_get_a_page(client: TestClient):
    for path, status in (("/nowhere", 404), ("/archive/morning/soon", 422)):
        answer = client.get(path)
        assert answer.status_code == status
        assert "There is no such page" in answer.text
        assert answer.headers["content-type"].startswith("text/html")


def test_health(client: TestClient):
    assert client.get("/health").json() == {"status": "ok"}


def test_our_own_faults_are_for_the_log(
    app: App,
    client: TestClient,
    token: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
):
    def fail() -> NoReturn:
        raise StoreUnreachableError(url=app.store, why="no route to 10.0.0.5")

    monkeypatch.setattr(app.store, "read", fail)
    monkeypatch.setattr(app.store, "check", fail)
    for path in (f"/unsubscribe/{token}", "/archive/morning", "/health"):
        caplog.clear()
        answer = client.get(path)
        assert answer.status_code == 503
        assert "10.0.0.5" not in answer.text
        assert "10.0.0.5" in caplog.text
    assert "try again" in client.get("/archive/morning").text
    assert "10.0.0.5" in client.get("/preview").text


def test_the_preview_shows_all_views(client: TestClient, tie: Subscription, edition: Edition):
    page = client.get("/preview").text
    assert EMAIL in page
    assert "List-Unsubscribe-Post: List-Unsubscribe=One-Click" in page
    assert "bytes of 100,000" in page
    assert "Parliament passes the budget" in client.get("/preview/mail.txt").text
    message = client.get("/preview/mail.eml", params={"subscriber": EMAIL})
    assert message.headers["content-type"] == "message/rfc822"
    assert b"X-Digest-Test" in message.content


def test_the_preview_composes_what_is_not_built_yet_and_stores_nothing(
    app: App, client: TestClient
):
    put(app.store, "Ferries sail again", NOW - HOUR)
    page = client.get("/preview", params={"newsletter": "morning"})
    assert "not built yet" in page.text
    assert "Ferries sail again" in client.get("/preview/mail.html").text
    with app.store.read() as session:
        assert session.exec(select(Edition)).all() == []


def test_the_preview_of_a_reader_follows_their_choice_and_acts_for_nobody(
    app: App, client: TestClient, edition: Edition, token: str
):
    client.post(f"/preferences/{token}", data={"section": "World"})
    html = client.get("/preview/mail.html", params={"subscriber": EMAIL}).text
    assert "Ferries sail" in html
    assert "Parliament passes" not in html
    (link,) = set(re.findall(r"/unsubscribe/([\w-]+)", html))
    assert app.tokens.read_reader(link).is_preview


def test_the_preview_notices_articles_and_templates(
    app: App, client: TestClient, tmp_path, settings
):
    own = tmp_path / "own"
    own.mkdir()
    site = settings.site.model_copy(update={"templates": own})
    app = App(settings.model_copy(update={"site": site}), app.clock)
    client = TestClient(create_app(app), base_url="http://localhost", client=("127.0.0.1", 1))
    versions = [client.get("/preview/version").text]
    put(app.store, "Ferries sail again", NOW - HOUR)
    versions.append(client.get("/preview/version").text)
    (own / "new.html").write_text("changed")
    versions.append(client.get("/preview/version").text)
    assert len(set(versions)) == 3
    assert client.get("/preview/version").text == versions[-1]
    app.close()


def test_an_unknown_reader_newsletter_or_date_is_said(client: TestClient, edition: Edition):
    answer = client.get("/preview", params={"subscriber": "nobody@example.org"})
    assert answer.status_code == 404
    assert "Nobody is subscribed as nobody@example.org" in answer.text
    assert client.get("/preview", params={"newsletter": "evening"}).status_code == 404
    for day in ("soon", "0001-01-01", "9999-12-31"):
        answer = client.get("/preview", params={"date": day})
        assert answer.status_code == 404
        assert day in answer.text


def test_a_broken_template_is_named_and_the_preview_comes_back(settings: Settings, tmp_path: Path):
    own = tmp_path / "own" / "email" / "edition"
    own.mkdir(parents=True)
    (own / "subject.txt").write_text("{{ nothing_of_that_name }}")
    site = settings.site.model_copy(update={"templates": tmp_path / "own"})
    with closing(App(settings.model_copy(update={"site": site}), lambda: NOW)) as app:
        put(app.store, "Ferries sail again", NOW - HOUR)
        client = TestClient(create_app(app), base_url="http://localhost", client=("127.0.0.1", 1))
        answer = client.get("/preview")
        assert answer.status_code == 500
        assert "nothing_of_that_name" in answer.text
        assert "comes back by itself" in answer.text
        (own / "subject.txt").unlink()
        assert client.get("/preview").status_code == 200


@pytest.mark.parametrize(
    ("base_url", "peer", "headers"),
    [
        ("http://127.0.0.1:8080", "203.0.113.9", {}),
        ("http://news.example.org", "127.0.0.1", {}),
        ("http://127.0.0.1:8080", "127.0.0.1", {"X-Forwarded-For": "203.0.113.9"}),
        ("http://127.0.0.1:8080", "127.0.0.1", {"Forwarded": "for=203.0.113.9"}),
    ],
)
def test_drafts_are_shown_to_this_machine_only(app: App, base_url, peer, headers):
    client = TestClient(create_app(app), base_url=base_url, client=(peer, 50000), headers=headers)
    for page in ("/preview", "/preview/mail.html", "/preview/mail.eml", "/preview/version"):
        answer = client.get(page)
        assert answer.status_code == 403
        assert "open it on the machine it runs on" in answer.text
