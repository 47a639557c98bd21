"""What editors decide: `digest stories keep-…` on pairs, `digest articles pin` and `hide`."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from itertools import chain
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from digest.cli.common import Json, note, program, say
from digest.cli.tables import table
from digest.text import one_line

if TYPE_CHECKING:
    from sqlmodel import Session

    from digest.bootstrap import App
    from digest.editions.desk import Concerned, Marked, Pair

pairs = typer.Typer()
marks = typer.Typer()

Articles = Annotated[
    list[str],
    typer.Argument(metavar="ARTICLE…", help="By number, else by address or publisher's id."),
]
Note = Annotated[str, typer.Option(metavar="TEXT", help="Kept with it, for whoever asks why.")]
Newsletter = Annotated[
    str | None, typer.Option(metavar="N", help="In this newsletter only; in all unless given.")
]

_NOTE_LENGTH, _TITLE_LENGTH = 200, 40


@pairs.command("keep-together")
def keep_together(
    context: typer.Context, articles: Articles, note: Note = "", as_json: Json = False
) -> None:
    """Make one story of the stories of these articles, in every edition composed from now on."""
    _keep(context, "together", articles, note, as_json=as_json)


@pairs.command("keep-apart")
def keep_apart(
    context: typer.Context, articles: Articles, note: Note = "", as_json: Json = False
) -> None:
    """Never have two of these articles in one story, in every edition composed from now on."""
    _keep(context, "apart", articles, note, as_json=as_json)


def _keep(
    context: typer.Context,
    kind: Literal["together", "apart"],
    names: list[str],
    note: str,
    *,
    as_json: bool,
) -> None:
    from digest.editions.desk import editions_concerned, keep
    from digest.store.models import PairKind

    app = program(context)
    with app.store.write() as session:
        articles = _numbers(session, app, names)
        wish = PairKind(kind)
        kept = keep(session, wish, articles, one_line(note, _NOTE_LENGTH), app.clock())
        named = _titles(session, articles)
        changed = [*chain.from_iterable(kept.added + kept.replaced)]
        concerned = editions_concerned(session, changed)
    lines = [*_listed(named)]
    lines += [f"{_pair(pair)}: kept {kind} from now on" for pair in kept.added]
    opposite = "apart" if kind == "together" else "together"
    instead = f"kept {kind} from now on, no longer {opposite}"
    lines += [f"{_pair(pair)}: {instead}" for pair in kept.replaced]
    lines += [f"{_pair(pair)}: kept {kind} already" for pair in kept.unchanged]
    data = {
        "kept": kind,
        "articles": named,
        "added": kept.added,
        "replaced": kept.replaced,
        "unchanged": kept.unchanged,
        "editions": [_facts(edition) for edition in concerned],
    }
    say(data, [*lines, *_what_to_do(concerned)], as_json=as_json)


@pairs.command()
def forget(context: typer.Context, articles: Articles, as_json: Json = False) -> None:
    """No longer keep these articles together or apart; of a single one, all that is kept."""
    from digest.editions import desk

    app = program(context)
    with app.store.write() as session:
        forgotten = desk.forget(session, _numbers(session, app, articles))
        concerned = desk.editions_concerned(session, [*chain.from_iterable(forgotten)])
        named = _titles(session, sorted({*chain.from_iterable(forgotten)}))
    lines = [*_listed(named)]
    lines += [f"{_pair(pair)}: no longer kept together or apart" for pair in forgotten]
    data = {
        "articles": named,
        "forgotten": forgotten,
        "editions": [_facts(edition) for edition in concerned],
    }
    say(data, [*lines, *_what_to_do(concerned)], as_json=as_json)


@pairs.command()
def constraints(context: typer.Context, as_json: Json = False) -> None:
    """List the articles that are kept together or apart, the latest first."""
    from digest.editions.desk import pairs_kept

    with program(context).store.read() as session:
        rows = pairs_kept(session)
    lines = table(
        (
            row["kind"],
            str(row["first"]),
            one_line(row["first_title"], _TITLE_LENGTH),
            str(row["second"]),
            one_line(row["second_title"], _TITLE_LENGTH),
            f"{row['made']:%Y-%m-%d}",
            row["note"],
        )
        for row in rows
    )
    say({"constraints": rows}, lines or ["none"], as_json=as_json)


@marks.command()
def pin(
    context: typer.Context,
    articles: Articles,
    newsletter: Newsletter = None,
    note: Note = "",
    as_json: Json = False,
) -> None:
    """Have these articles, or newer versions of them, first in their edition, as leads."""
    _mark(context, "pinned", articles, newsletter, note, as_json=as_json)


@marks.command()
def unpin(
    context: typer.Context,
    articles: Articles,
    newsletter: Newsletter = None,
    as_json: Json = False,
) -> None:
    """Let these articles take the place that they come to by themselves."""
    _unmark(context, "pinned", articles, newsletter, as_json=as_json)


@marks.command()
def hide(
    context: typer.Context,
    articles: Articles,
    newsletter: Newsletter = None,
    note: Note = "",
    as_json: Json = False,
) -> None:
    """Have these articles in no edition composed from now on."""
    _mark(context, "hidden", articles, newsletter, note, as_json=as_json)


@marks.command()
def unhide(
    context: typer.Context,
    articles: Articles,
    newsletter: Newsletter = None,
    as_json: Json = False,
) -> None:
    """Let these articles come again, if they are not too old by then."""
    _unmark(context, "hidden", articles, newsletter, as_json=as_json)


def _mark(
    context: typer.Context,
    kind: Literal["pinned", "hidden"],
    names: list[str],
    newsletter: str | None,
    note: str,
    *,
    as_json: bool,
) -> None:
    from digest.editions.desk import editions_concerned, mark
    from digest.editions.hand import EVERYWHERE
    from digest.editions.prospects import obstacles, said
    from digest.store.models import MarkKind

    app = program(context)
    slug = app.settings.newsletter(newsletter).slug if newsletter else EVERYWHERE
    kept, now = one_line(note, _NOTE_LENGTH), app.clock()
    with app.store.write() as session:
        articles = _numbers(session, app, names)
        marked = mark(session, MarkKind(kind), articles, slug, kept, now)
        named = _titles(session, articles)
        against = []
        if kind == "pinned":
            against = obstacles(session, app.settings, articles, slug, app.clock())
        # To compose an edition anew would change nothing of a pin that has no effect there.
        idle = {(obstacle.article, obstacle.newsletter) for obstacle in against}
        concerned = []
        for one in [slug] if slug else [each.slug for each in app.settings.newsletters]:
            changed = {*marked.added, *marked.replaced} - {n for n, where in idle if where == one}
            concerned += editions_concerned(session, sorted(changed), one)
    now_so = f"{kind} in {slug or 'every newsletter'}"
    opposite = "hidden" if kind == "pinned" else "pinned"
    outcomes = {
        "from now on": marked.added,
        f"from now on, no longer {opposite}": marked.replaced,
        "already": marked.unchanged,
    }
    lines = [*_listed(named)]
    for outcome, numbers in outcomes.items():
        for article in numbers:
            but = said(article, against) if kind == "pinned" else _pins_left(article, marked, slug)
            lines.append(f"{article}: {now_so} {outcome}{but}")
    data = {
        "marked": kind,
        "newsletter": slug or None,
        "articles": named,
        "added": marked.added,
        "replaced": marked.replaced,
        "unchanged": marked.unchanged,
        "obstacles": [asdict(obstacle) for obstacle in against],
        "editions": [_facts(edition) for edition in concerned],
    }
    say(data, [*lines, *_what_to_do(concerned)], as_json=as_json)


def _pins_left(article: int, marked: "Marked", slug: str) -> str:
    """What becomes of the pins of an article that is hidden."""
    where = marked.opposed.get(article, [])
    if not where:
        return ""
    if slug:
        return ", and pinned in all others as before"
    return f"; its pin in {', '.join(where)} has no effect as long as it is hidden"


def _unmark(
    context: typer.Context,
    kind: Literal["pinned", "hidden"],
    names: list[str],
    newsletter: str | None,
    *,
    as_json: bool,
) -> None:
    from digest.editions.desk import editions_concerned, unmark
    from digest.editions.hand import EVERYWHERE
    from digest.store.models import MarkKind

    app = program(context)
    slug = app.settings.newsletter(newsletter).slug if newsletter else None
    with app.store.write() as session:
        articles = _numbers(session, app, names)
        named = _titles(session, articles)
        concerned = editions_concerned(session, articles, slug or EVERYWHERE)
        unmark(session, MarkKind(kind), articles, slug)
    data = {
        "unmarked": kind,
        "newsletter": slug,
        "articles": named,
        "editions": [_facts(edition) for edition in concerned],
    }
    lines = [*_listed(named), *(f"{row['id']}: no longer {kind}" for row in named)]
    say(data, [*lines, *_what_to_do(concerned)], as_json=as_json)


def _numbers(session: "Session", app: "App", names: Sequence[str]) -> list[int]:
    return [named_article(session, app, name) for name in names]


def named_article(session: "Session", app: "App", name: str) -> int:
    """The number of the article that was named; says so where another has that as its id."""
    from digest.ingest.catalogue import find_article, namesakes

    feeds = [feed.slug for feed in app.settings.feeds]
    number = find_article(session, name, feeds)
    for other in namesakes(session, name, number, feeds):
        note(f"digest: {name} is taken for a number; it is also the id of article {other}")
    return number


def _titles(session: "Session", articles: Sequence[int]) -> list[dict[str, Any]]:
    """The articles that were named, so that a mistyped number is noticed."""
    from digest.store.models import Article

    found = (session.get_one(Article, number) for number in dict.fromkeys(articles))
    return [{"id": article.id, "title": article.title} for article in found]


def _listed(named: Sequence[dict[str, Any]]) -> Iterator[str]:
    return (f"{row['id']:>7}  {row['title']}" for row in named)


def _pair(pair: "Pair") -> str:
    return f"{pair[0]} and {pair[1]}"


def _facts(edition: "Concerned") -> dict[str, Any]:
    return {
        "id": edition.id,
        "newsletter": edition.newsletter,
        "date": edition.date,
        "status": edition.status,
    }


def _what_to_do(concerned: Sequence["Concerned"]) -> Iterator[str]:
    """What becomes of editions that are composed already."""
    for edition in concerned:
        name = f"edition {edition.id}, {edition.newsletter} of {edition.date}"
        if edition.is_draft:
            again = f"digest editions build {edition.newsletter} --date {edition.date} --rebuild"
            yield f"{name}, is composed already: {again}"
        else:
            yield f"{name}, is {edition.status} and stays as it is"
