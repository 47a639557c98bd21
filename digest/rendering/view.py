"""What templates see of an edition: plain lines, in the edition's words."""

from dataclasses import dataclass


@dataclass(frozen=True)
class SiteFacts:
    """The publisher, as every mail names it. `base_url` has no slash at its end."""

    name: str
    base_url: str
    postal_address: str


@dataclass(frozen=True)
class Tongue:
    """A language and its direction, each set only where it differs from the furniture's."""

    lang: str
    dir: str


@dataclass(frozen=True)
class PictureView:
    """A story's picture."""

    url: str
    alt: str
    caption: str


@dataclass(frozen=True)
class RelatedView:
    """An article under a story. `url` is empty where there is no web address."""

    title: str
    url: str
    mark: str
    correction: str


@dataclass(frozen=True)
class StoryView:
    """A story. Every text is one line; empty where there is nothing to say.

    `mark` is the word that stands before the headline of an update or a correction; `correction`
    says what was wrong in an article that is not replaced. A mail shows the first related articles
    and folds the `rest` into a line, `fold`: "3 more on this". `lang` and `dir` are set only where
    they differ from the furniture's.
    """

    number: int
    headline: str
    url: str
    teaser: str
    heading: str
    section: str
    time: str
    updated: str
    mark: str
    correction: str
    articles: str
    picture: PictureView | None
    related: tuple[RelatedView, ...]
    rest: tuple[RelatedView, ...]
    fold: str
    lang: str
    dir: str


@dataclass(frozen=True)
class HeadingView:
    """A section of the newsletter with all the stories that a reader could find there."""

    number: int
    title: str
    stories: tuple[StoryView, ...]
    briefs: tuple[StoryView, ...]


@dataclass(frozen=True)
class FigureView:
    """What a panel says of one thing. `url` is empty where there is no web address."""

    label: str
    value: str
    url: str


@dataclass(frozen=True)
class PanelView:
    """A small block under the masthead. `title` may be empty."""

    title: str
    figures: tuple[FigureView, ...]


@dataclass(frozen=True)
class EditionView:
    """The edition: its masthead, and its stories as the newsletter's sections hold them.

    `leads` are the stories that can stand first in a reader's mail (all but the briefs), `tops`
    those that stand before all sections. `lang` and `dir` are the furniture's; `own` is what the
    newsletter's own words, such as its title and its sections', are in.
    """

    newsletter: str
    title: str
    strapline: str
    date: str
    number: str
    send_at: str
    lang: str
    dir: str
    own: Tongue
    panels: tuple[PanelView, ...]
    stories: tuple[StoryView, ...]
    leads: tuple[StoryView, ...]
    tops: tuple[StoryView, ...]
    headings: tuple[HeadingView, ...]
