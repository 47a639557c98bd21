"""A mail shown in a browser, as if it had come: nothing is asked of any other server."""

from pathlib import Path

from playwright.sync_api import Page, Route

_ADDRESS = "http://mail.test/"
_SCENES = Path(__file__).parent / "gallery" / "scenes"


def show(page: Page, html: str, *, images: bool = True) -> None:
    """Open a mail in a page. Its pictures are the drawing of their name, or else one of hills."""

    def answer(route: Route) -> None:
        if route.request.url == _ADDRESS:
            route.fulfill(body=html, content_type="text/html; charset=utf-8")
        elif images and route.request.resource_type == "image":
            scene = _SCENES / f"{Path(route.request.url).stem}.svg"
            drawing = scene if scene.exists() else _SCENES / "hills.svg"
            route.fulfill(body=drawing.read_bytes(), content_type="image/svg+xml")
        else:
            route.abort()

    page.unroute_all()
    page.route("**/*", answer)
    page.goto(_ADDRESS)
