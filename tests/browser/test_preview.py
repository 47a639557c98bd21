"""The preview and the readers' pages in a real browser: pick, look, press, and see changes come."""

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlmodel import select

from digest.bootstrap import App
from digest.config import Settings, Smtp
from digest.delivery import begin
from digest.editions.life import build
from digest.store.models import Subscription, SubscriptionStatus
from digest.store.rows import row_id
from digest.web.preview.views import PANES, VIEWS
from tests.articles import put
from tests.audience import subscribe
from tests.conftest import NOW
from tests.mail_checks import violations
from tests.serving import served

# A busy machine is no failure: these wait for what is to come, they do not time it.
expect.set_options(timeout=30_000)

# What differs between the databases is tried without a browser.
ON_ONE_DATABASE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
HOUR = timedelta(hours=1)
READER = "sport@example.org"


@pytest.fixture
def own_templates(tmp_path: Path) -> Path:
    folder = tmp_path / "templates"
    folder.mkdir()
    return folder


@pytest.fixture
def publisher(settings: Settings, own_templates: Path) -> Iterator[App]:
    site = settings.site.model_copy(update={"templates": own_templates})
    smtp = Smtp(host="127.0.0.1", port=1)  # where nobody listens
    settings = settings.model_copy(update={"site": site, "smtp": smtp})
    with closing(App(settings, lambda: NOW)) as app:
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


@ON_ONE_DATABASE
def test_the_desk_looks_at_an_edition(publisher: App, page: Page, own_templates: Path):
    asked: list[str] = []
    # What a page says while the next one is made is seen by nobody who waits for that.
    page.add_init_script(
        "addEventListener('pagehide', () => {"
        " sessionStorage.said = document.getElementById('working')?.textContent ?? '' })"
    )
    with served(publisher) as address:
        page.on("request", lambda request: asked.append(request.url))
        page.goto(f"{address}/preview?view=phone&view=desktop&view=text")
        for frame in ("#phone", "#desktop"):
            mail = page.frame_locator(frame)
            expect(mail.get_by_role("heading", name="Parliament passes")).to_be_visible()
            expect(mail.get_by_role("heading", name="Cup final")).to_be_visible()
        assert page.locator("#phone").evaluate("frame => frame.clientWidth") == 375
        expect(page.locator("#text")).to_contain_text("Cup final goes to extra time")
        expect(page.locator("#headers")).to_be_hidden()
        page.get_by_role("checkbox", name="Headers").check()
        expect(page.locator("#headers")).to_contain_text("List-Unsubscribe-Post")
        assert "view=headers" in page.url
        expect(page.locator("#bytes")).to_contain_text("bytes of 100,000")

        page.get_by_label("Subscriber").press_sequentially("sport")
        expect(page.locator("#readers option")).to_have_attribute("value", READER)
        page.get_by_label("Subscriber").press("Enter")
        expect(page.get_by_label("Subscriber")).to_have_value(READER)
        assert "subscriber=sport%40example.org" in page.url
        expect(page.locator("#subject")).to_contain_text("Cup final")
        desktop = page.frame_locator("#desktop")
        expect(desktop.get_by_role("heading", name="Cup final")).to_be_visible()
        expect(desktop.get_by_role("heading", name="Parliament passes")).to_have_count(0)
        expect(page.locator("#headers")).to_be_visible()

        # A browser says where the form comes from in words that are let in.
        page.get_by_label("Address").fill("desk@example.org")
        page.get_by_role("button", name="Send").click()
        expect(page.locator("#told")).to_contain_text("cannot be reached")
        expect(page.locator("#headers")).to_be_visible()

        put(publisher.store, "A record in the pole vault", NOW - HOUR, "Sports")
        expect(page.locator("#text")).to_contain_text("A record in the pole vault")
        assert page.evaluate("sessionStorage.said") == "Something changed: the mail is made anew …"
        expect(page.locator("#working")).to_be_hidden()
        subject = own_templates / "email" / "edition" / "subject.txt"
        subject.parent.mkdir(parents=True)
        subject.write_text("{{ unknown }}")
        expect(page.get_by_role("alert")).to_contain_text(f"{subject}, line 1")
        subject.write_text("Good morning")
        expect(page.locator("#subject")).to_have_text("Good morning")
        assert page.title().startswith("Preview")
    assert [url for url in asked if not url.startswith(address)] == []


@ON_ONE_DATABASE
def test_each_view_is_what_it_is_called_and_the_page_can_be_used_by_all(publisher: App, page: Page):
    grounds = {
        "phone": "rgb(255, 253, 249)",
        "phone-dark": "rgb(26, 27, 30)",
        "desktop-dark": "rgb(26, 27, 30)",
        "inverted": "rgb(255, 253, 249)",
    }
    wanted = "&".join(f"view={name}" for name in (*VIEWS, *PANES))
    with served(publisher) as address:
        # The browser's own preference changes no view.
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            page.goto(f"{address}/preview?{wanted}")
            for name, ground in grounds.items():
                page.locator(f"#{name}").scroll_into_view_if_needed()
                paper = page.frame_locator(f"#{name}").locator(".paper").first
                expect(paper).to_have_css("background-color", ground)
            turned = page.frame_locator("#inverted").locator("html")
            expect(turned).to_have_css("filter", "invert(1) hue-rotate(180deg)")
            page.locator("#why summary").first.click()
            assert violations(page) == []
        page.set_viewport_size({"width": 800, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") == 800


@ON_ONE_DATABASE
def test_a_finding_leads_to_its_line_and_what_is_off_stays_off(publisher: App, page: Page):
    url = "https://127.0.0.1/match"  # where no reader gets
    put(publisher.store, "انتهت المباراة", NOW - HOUR, "World", language="ar", url=url)
    with served(publisher) as address:
        page.set_viewport_size({"width": 1280, "height": 800})
        page.goto(f"{address}/preview?view=text")
        direction = "line => getComputedStyle(line).unicodeBidi"
        assert page.locator("#text code").evaluate(direction) == "plaintext"

        for box in page.get_by_role("group", name="Side by side").get_by_role("checkbox").all():
            box.uncheck()
        expect(page.locator(".view:visible")).to_have_count(0)
        assert page.url.endswith("?view=")
        for visited in (page.url, f"{address}/preview"):
            page.goto(visited)
            expect(page.locator("#subject")).to_be_visible()
            expect(page.locator(".view:visible")).to_have_count(0)
        page.get_by_role("button", name="Show").click()
        expect(page.locator(".view:visible")).to_have_count(0)

        page.goto(f"{address}/preview?view=text")
        finding = page.locator("[data-source]").first
        line = (finding.get_attribute("href") or "").partition("#")[2]
        # Once where the source was off, once where it is on.
        for _ in range(2):
            finding.click()
            expect(page.locator("#view-source")).to_be_in_viewport(ratio=0.9)
            expect(page.frame_locator("#source").locator(f"#{line}")).to_be_in_viewport()


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
        assert tie().sections == ["Sports", "World"]  # what is added comes last
        page.get_by_role("button", name="Move up: World").click()
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
