"""Splicing: out of an edition rendered once, the mail for a choice of sections."""

from collections.abc import Collection, Iterator, Sequence
from html import escape as escape_html
from operator import sub
from typing import NamedTuple

from digest.rendering.assembly import assembled, fill, ordered
from digest.rendering.blocks import RenderedEdition, Size, Slot, StoryFacts, measure, transferred
from digest.rendering.furniture import furniture, in_order
from digest.rendering.viewer import home_of
from digest.sections import is_within
from digest.store.document import Placement
from digest.text import one_line

Choice = tuple[str, ...] | None
"""The section keys that a reader chose, in their order; None for all, in the newsletter's."""

BUDGET = 96_000
"""Bytes for both bodies as they are transferred; 4 kB of 100 are left for the headers."""

_SUBJECT = 90
_PREHEADER = 140
_CONTENTS = 5
_CONTENTS_AT_LEAST = 3
_WORDS_A_MINUTE = 230


class Spliced(NamedTuple):
    """A mail but for its reader's own values.

    `stories` and `articles` count what it holds: with no stories there is nothing to send.
    `shed` names the blocks that were left out to keep to the budget, in that order.
    """

    subject: str
    html: tuple[str | Slot, ...]
    text: tuple[str | Slot, ...]
    stories: int
    articles: int
    shed: tuple[str, ...]


class _Shown(NamedTuple):
    """A story in this mail, and the number of the heading that it stands under."""

    number: int
    home: int
    story: StoryFacts


def splice(
    rendered: RenderedEdition,
    choice: Choice,
    budget: int | None = BUDGET,
    *,
    personal: bool = True,
) -> Spliced:
    """The edition for a choice of sections.

    A story is in it if one of its articles lies in a chosen section. It stands under its own
    heading if that was chosen, else under the heading of its first chosen section. The first of
    the top stories leads; where there is none, the best story of a section does. Sections stand in
    the order in which the reader chose them.

    Over the budget it sheds, each from the lowest rank up, teasers, then lists of
    related articles, then briefs, then stories, and says that the whole edition has more.

    Args:
        rendered: the edition.
        choice: what the reader chose.
        budget: bytes that both parts may take in transfer, each in quoted-printable or base64,
            whichever is shorter; None for no limit, as on a web page, where long lists of related
            articles are not folded either.
        personal: False leaves out all that is for one subscriber, for a page in the archive.
    """
    mail = _Mail(rendered, choice, personal=personal, whole=budget is None)
    if budget is not None:
        mail.fit(budget)
    return mail.spliced()


class _Mail:
    """The choosing and shedding of one mail."""

    def __init__(
        self, rendered: RenderedEdition, choice: Choice, *, personal: bool, whole: bool
    ) -> None:
        self._rendered = rendered
        self._shown = list(_chosen(rendered, choice))
        self._order = _order(rendered.headings, choice)
        self._lead = self._find_lead()
        self._personal = personal
        self._whole = whole
        self._gone = 0
        self._left_out: dict[str, None] = {}
        self._steps = self._shedding()

    def _find_lead(self) -> int | None:
        for wanted in (Placement.TOP, Placement.STORY):
            for shown in self._shown:
                has_block = f"lead {shown.number}" in self._rendered.sizes
                if has_block and shown.story.placement == wanted:
                    return shown.number
        return None

    def _base(self, shown: _Shown) -> str:
        """The scope of the story in this mail."""
        if shown.number == self._lead:
            return f"lead {shown.number}"
        if shown.story.placement == Placement.TOP:
            return f"top {shown.number}"
        return f"{shown.story.placement} {shown.number} {shown.home}"

    def fit(self, budget: int) -> None:
        """Leave out what is over the budget, as far as anything may be left out."""
        if not self._shown:
            return
        size = self._size()
        while _transferred(size) > budget and self._shed(size, budget):
            # What went with a story (its section's heading, say) shows when all is counted anew.
            size = self._size()

    def _shed(self, size: Size, budget: int) -> bool:
        any_shed = False
        while _transferred(size) > budget and (scope := next(self._steps, "")):
            self._left_out[scope] = None
            for gone in (scope, f"{scope} rule", f"{scope} fold"):
                size = Size(*map(sub, size, self._rendered.sizes.get(gone, Size())))
            any_shed = True
        return any_shed

    def _shedding(self) -> Iterator[str]:
        """The scopes that may go, in their order. A story that goes is no longer shown."""
        backwards = self._shown[::-1]
        for part in ("teaser", "related"):
            for shown in backwards:
                if (scope := f"{self._base(shown)} {part}") in self._rendered.sizes:
                    yield scope
        briefs = [shown for shown in backwards if shown.story.placement == Placement.BRIEF]
        others = [shown for shown in backwards if shown.story.placement != Placement.BRIEF]
        for shown in briefs + others:
            if len(self._shown) > 1 and shown.number != self._lead:
                self._shown.remove(shown)
                self._gone += 1
                yield self._base(shown)

    def _size(self) -> Size:
        """What the mail holds now."""
        parts = [self._rendered.sizes[scope] for scope in self._scopes()]
        parts += [Size(*measure(escape_html(v)), *measure(v)) for v in self._values().values()]
        return Size(*map(sum, zip(*parts, strict=True)))

    def _scopes(self) -> list[str]:
        """The scopes of the blocks in this mail."""
        scopes = ["", "contents", *(f"line {shown.number}" for shown in self._contents())]
        if len(scopes) < _CONTENTS_AT_LEAST + 2:
            scopes = [""]
        if self._personal:
            scopes.append("personal")
        if self._left_out:
            scopes.append("shortened")
        begun: set[str] = set()
        for shown in self._shown:
            base = self._base(shown)
            scopes += [base, f"{base} teaser", f"{base} related"]
            if f"{base} related" not in self._left_out:
                scopes.append(f"{base} related {'rest' if self._whole else 'fold'}")
            kind = base.split(" ", 1)[0]
            if kind in {"lead", "top"}:
                scopes.append(f"{base} rule")
                continue
            group = f"{kind} {shown.home}"
            if group in begun:
                scopes.append(f"{base} rule")
            begun |= {group, f"section {shown.home}"}
            if kind == Placement.BRIEF:
                begun.add(f"briefs {shown.home}")
        sizes = self._rendered.sizes
        left_out = self._left_out
        return [s for s in (*scopes, *begun) if s in sizes and s not in left_out]

    def _contents(self) -> list[_Shown]:
        """The stories named at the head: the top ones, then the first of each other section."""
        tops = [shown for shown in self._shown if shown.story.placement == Placement.TOP]
        told = {shown.home for shown in tops}
        firsts: list[_Shown] = []
        for shown in self._shown:
            if shown.story.placement == Placement.STORY and shown.home not in told:
                firsts.append(shown)
                told.add(shown.home)
        firsts.sort(key=lambda shown: self._order.index(shown.home))
        return (tops + firsts)[:_CONTENTS]

    def spliced(self) -> Spliced:
        """The mail as it now is."""
        if not self._shown:
            return Spliced("", (), (), 0, 0, ())
        rendered = self._rendered
        scopes = set(self._scopes())
        values = self._values()
        escaped = {name: escape_html(value) for name, value in values.items()}
        subject = fill(assembled(rendered.subject, scopes, values), {}).replace("=?", "= ?")
        return Spliced(
            subject=in_order(one_line(subject, _SUBJECT), rendered.language),
            html=assembled(ordered(rendered.html, self._order), scopes, escaped),
            text=assembled(ordered(rendered.text, self._order), scopes, values, rendered.links),
            stories=len(self._shown),
            articles=sum(shown.story.articles for shown in self._shown),
            shed=tuple(self._left_out),
        )

    def _values(self) -> dict[str, str]:
        """What fills the holes that depend on the choice."""
        words = furniture(self._rendered.language)
        stories = [shown.story for shown in self._shown]
        # Where all are briefs none leads: then the first that is read names the mail.
        first_read = min(self._shown, key=lambda shown: self._order.index(shown.home))
        lead = next((s for s in self._shown if s.number == self._lead), first_read)
        others = [shown.story.headline for shown in self._shown if shown is not lead]
        sections: dict[int, int] = {}
        for shown in self._shown:
            if self._base(shown).split(" ", 1)[0] not in {"lead", "top"}:
                sections[shown.home] = sections.get(shown.home, 0) + shown.story.articles
        minutes = -(-sum(story.words for story in stories) // _WORDS_A_MINUTE)
        return {
            "headline": lead.story.headline,
            "preheader": one_line(" · ".join(others[:3]) or lead.story.headline, _PREHEADER),
            "counts": words.contents(sum(s.articles for s in stories), len(stories), minutes),
            "more": words.more_stories(self._gone) if self._gone else "",
            **{f"articles {home}": words.articles(n) for home, n in sections.items()},
        }


def _chosen(rendered: RenderedEdition, choice: Choice) -> Iterator[_Shown]:
    for number, story in enumerate(rendered.stories):
        home = story.homes[0]
        if choice is not None:
            chosen = [key for key in story.sections if _any_within(key, choice)]
            if not chosen:
                continue
            if not _any_within(story.heading, choice):
                nearest = home_of(chosen[0], rendered.headings)
                home = home if nearest is None else nearest
        yield _Shown(number, home, story)


def _order(headings: Sequence[str], choice: Choice) -> list[int]:
    """The numbers of the headings as the mail has them: those chosen first, in the reader's order.

    A heading stands where the first section was chosen that it lies within, or has within it.
    """
    places = [
        next((n for n, key in enumerate(choice or ()) if _related(key, heading)), len(headings))
        for heading in headings
    ]
    return sorted(range(len(headings)), key=places.__getitem__)


def _related(key: str, other: str) -> bool:
    return is_within(key, other) or is_within(other, key)


def _any_within(key: str, choice: Collection[str]) -> bool:
    return any(is_within(key, chosen) for chosen in choice)


def _transferred(size: Size) -> int:
    """The bytes of both parts in transfer."""
    html = transferred(size.html, size.html_quoted)
    return min(html) + min(transferred(size.text, size.text_quoted))
