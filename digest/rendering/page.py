"""A page for readers: a template of `templates/web` and some facts become HTML."""

from dataclasses import dataclass

from digest.config import Newsletter, Theme
from digest.rendering.face import face
from digest.rendering.furniture import vocabulary
from digest.rendering.templates import Templates
from digest.rendering.view import SiteFacts
from digest.rendering.viewer import tongue


@dataclass(frozen=True)
class NewsletterView:
    """A newsletter as pages name it; `lang` and `dir` are set where they are not the page's."""

    slug: str
    title: str
    strapline: str
    lang: str
    dir: str


def newsletter_view(newsletter: Newsletter, own: str, language: str) -> NewsletterView:
    """A newsletter whose words are in `own`, on a page in `language`."""
    strapline, marked = newsletter.strapline, tongue(own, language)
    return NewsletterView(newsletter.slug, newsletter.title, strapline, marked.lang, marked.dir)


def unknown_newsletter(slug: str) -> NewsletterView:
    """One that is no longer declared: its short name is all that is known."""
    return NewsletterView(slug, slug, "", "", "")


def render_page(
    name: str,
    language: str,
    site: SiteFacts,
    theme: Theme,
    *,
    templates: Templates,
    newsletter: NewsletterView | None = None,
    **facts: object,
) -> str:
    """The page that the template `web/<name>` makes.

    Args:
        name: of the template.
        language: of its words, numbers and dates.
        site: the publisher.
        theme: the newsletter's, or where there is none the publisher's.
        templates: where the template is looked for.
        newsletter: which one the page is about.
        facts: its other variables.

    Raises:
        TemplateMissingError: a template is in none of the folders.
        TemplateBrokenError: a template cannot be parsed, or fails.
    """
    context = {"site": site, "theme": face(theme), "newsletter": newsletter}
    return templates.render(f"web/{name}", **context, **vocabulary(language), **facts)
