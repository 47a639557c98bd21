"""The preview and the readers' pages in a real browser: pick, look, press, and see changes come."""

import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlmodel import select

from digest.bootstrap import App
from digest.config import Settings
from digest.delivery import begin
from digest.editions.life import build
from digest.running import Server, listen, web_configuration
from digest.store.models import Subscription, SubscriptionStatus
from digest.store.rows import row_id
from digest.web.app import create_app
from tests.articles import put
from tests.audience import subscribe
from tests.conftest import NOW

# A busy machine is no failure: these wait for what is to come, they do not time it.
expect.set_options(timeout=30_000)

HOUR = timedelta(hours=1)
READER = "sport@example.org"


@contextmanager
def served(app: App) -> Iterator[str]:
    """The program's pages on a port of this machine; gives their address."""
    listening = listen("127.0.0.1", 0)
    server = Server(web_configuration(create_app(app)))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        listening.close()


@pytest.fixture
def own_templates(tmp_path: Path) -> Path:
    folder = tmp_path / "templates"
    folder.mkdir()
    return folder


@pytest.fixture
def publisher(settings: Settings, own_templates: Path) -> Iterator[App]:
    site = settings.site.model_copy(update={"templates": own_templates})
    with closing(App(settings.model_copy(update={"site": site}), lambda: NOW)) as app:
        put(app.store, "Parliament passes the budget", NOW - HOUR, "Politics")
        put(app.store, "<script>document.title='run'</script>", NOW - 2 * HOUR, "Business")
        put(app.store, "Cup final goes to extra time", NOW - 3 * HOUR, "Sports")
        subscribe(app.store, READER, sections=["Sports"])
        yield app


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1600, "height": 1000})
    page = context.new_page()
    page.set_default_timeout(30_000)
    yield page
    context.close()


def test_the_desk_looks_at_an_edition(publisher: App, page: Page, own_templates: Path):
    asked: list[str] = []
    with served(publisher) as address:
        page.on("request", lambda request: asked.append(request.url))
        page.goto(f"{address}/preview")
        for frame in ("#phone", "#desktop"):
            mail = page.frame_locator(frame)
            expect(mail.get_by_role("heading", name="Parliament passes")).to_be_visible()
            expect(mail.get_by_role("heading", name="Cup final")).to_be_visible()
        assert page.locator("#phone").evaluate("frame => frame.clientWidth") == 375
        expect(page.locator("#text")).to_contain_text("Cup final goes to extra time")
        expect(page.locator("#headers")).to_contain_text("List-Unsubscribe-Post")
        expect(page.locator("#size")).to_contain_text("bytes of 100,000")

        page.get_by_label("Reader").select_option(READER)
        expect(page.locator("#subject")).to_contain_text("Cup final")
        desktop = page.frame_locator("#desktop")
        expect(desktop.get_by_role("heading", name="Cup final")).to_be_visible()
        expect(desktop.get_by_role("heading", name="Parliament passes")).to_have_count(0)

        put(publisher.store, "A record in the pole vault", NOW - HOUR, "Sports")
        expect(page.locator("#text")).to_contain_text("A record in the pole vault")
        (own_templates / "email" / "edition").mkdir(parents=True)
        (own_templates / "email" / "edition" / "subject.txt").write_text("Good morning")
        expect(page.locator("#subject")).to_have_text("Good morning")
        assert page.title().startswith("Preview")
    assert [url for url in asked if not url.startswith(address)] == []


def test_a_reader_chooses_and_leaves(publisher: App, page: Page):
    newsletter = publisher.settings.newsletter("morning")
    edition = build(publisher.store, publisher.settings, newsletter, NOW.date(), NOW)
    begin(publisher.store, publisher.settings, publisher.press.render, row_id(edition), NOW)

    def tie() -> Subscription:
        with publisher.store.read() as session:
            return session.exec(select(Subscription)).one()

    token = publisher.tokens.reader(row_id(tie()), row_id(edition))
    with served(publisher) as address:
        page.set_viewport_size({"width": 320, "height": 700})
        page.goto(f"{address}/preferences/{token}")
        page.get_by_label("World").check()
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_role("status")).to_contain_text("Saved")
        assert tie().sections == ["World", "Sports"]
        page.get_by_role("link", name="Unsubscribe").click()
        assert tie().status == SubscriptionStatus.ACTIVE
        button = page.get_by_role("button", name="Unsubscribe")
        assert button.evaluate("button => button.offsetHeight") >= 44
        button.click()
        expect(page.get_by_role("heading", name="You are unsubscribed")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") == 320
    assert tie().status == SubscriptionStatus.UNSUBSCRIBED
