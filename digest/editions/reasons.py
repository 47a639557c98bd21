"""Reasons that are kept in figures, said in words for people. Pure."""

from collections.abc import Iterable

from digest.editions.why import ArticlePlace
from digest.editions.wishes import KeptMark, KeptPair
from digest.store.document import Factor
from digest.store.models import PairKind
from digest.stories.items import VersionKind

# What each factor's value means, in the words of a sentence about a story or an article.
_SAID = {
    "size": "articles: {value:.0f}",
    "hours old": "{value:.1f} h old",
    "no date": "no date",
    "section": "section {value}",
    "tags": "tagged {value}",
    "priority": "priority {value:+.0f}",
    "pinned": "pinned by the editor",
    "no headline": "no headline",
    "complete": "{value:.0%} of the fullest account",
    "hours behind": "{value:.1f} h behind the freshest",
    "central": "{value:.0%} as close to the others as the closest",
}
# The best there is reads better without its figure.
_BEST: dict[tuple[str, float | str], str] = {
    ("complete", 0): "a headline alone",
    ("complete", 1): "the fullest account",
    ("hours behind", 0): "the freshest",
    ("central", 1): "the closest to the others",
}
_REPLACED = {
    VersionKind.COPY: "not shown, because article {0} is the same piece",
    VersionKind.UPDATE: "not shown, because article {0} updates it",
    VersionKind.CORRECTION: "not shown, because article {0} corrects it",
    VersionKind.NOTICE: "its text is told with article {0}, which it corrects and which tells more",
}
_STANDS_FOR = {
    VersionKind.COPY: "is the same piece as article",
    VersionKind.UPDATE: "updates article",
    VersionKind.CORRECTION: "corrects article",
    VersionKind.NOTICE: "is corrected, and told so, by article",
}
# All other factors of a place or a rank together seldom make so much.
_MANY = 1000
# So many of the editor's decisions are told to a person.
_MOST = 10


def said(reasons: Iterable[Factor | str]) -> str:
    """The reasons on one line, each with what it multiplies by; words stay as they are."""
    return ", ".join(map(_reason, reasons))


def _reason(reason: Factor | str) -> str:
    if isinstance(reason, str):
        return reason
    if reason.factor == "pinned":  # it comes before what is multiplied
        return _words(reason)
    return f"{_words(reason)} ({_weight(reason.times)})"


def _words(reason: Factor) -> str:
    best = _BEST.get((reason.factor, reason.value))
    return best or _SAID[reason.factor].format(value=reason.value)


def _weight(times: float) -> str:
    """What a factor multiplies by; where it leaves nothing to the others, in words."""
    if times >= _MANY:
        return "counts more than all else"
    return "counts against all else" if times <= 1 / _MANY else f"×{times:.3g}"


def replaced(kind: str, by: int) -> str:
    """Why an article is not shown, for which another stands; `kind` is what that is to it."""
    return _REPLACED[VersionKind(kind)].format(by)


def why_lines(place: ArticlePlace) -> list[str]:
    """Why an article is in an edition, where, beside which, and what ties it; or why it is not."""
    lines = [f"{place.article}: {place.title}"]
    rank = place.rank
    if rank is None:
        left_out = f"  not in edition {place.edition}: {place.reason}"
        return [*lines, left_out, *map(_mark, place.marks)]
    if place.replaced_by:
        part = replaced(place.kind, place.replaced_by)
    elif place.is_lead:
        part = "lead of its story"
    else:
        part = f"related to: {place.headline}"
    lines += [f"  in {place.heading} ({place.placement}), {part}"]
    if place.order and place.beside:
        role = "leads" if place.is_lead else f"comes {place.place} in its story"
        lines += [f"  {role}: {said(place.order)}"]
    lines += [
        f"  {_STANDS_FOR[VersionKind(older.kind)]} {older.article}: {older.title}"
        for older in place.stands_for
    ]
    in_section = f"{rank.section_place} of {rank.section_stories} in {place.heading}"
    lines += [
        f"  its story ranks {rank.place} of {rank.stories} in the edition, {in_section}",
        f"  scored {place.score:.3f}: {said(place.reasons)}",
    ]
    lines += [f"  beside: {title}" for title in place.beside]
    if place.tied:
        lines += [f"  tied by: {', '.join(place.tied)}"]
    lines += map(_mark, place.marks)
    lines += (_pair(pair, place.article) for pair in place.pairs[:_MOST])
    if len(place.pairs) > _MOST:
        lines += [f"  … and {len(place.pairs) - _MOST} more such decisions (--json lists them)"]
    return lines


def _mark(mark: KeptMark) -> str:
    return f"  {mark.kind} by the editor in {mark.newsletter or 'every newsletter'}{_besides(mark)}"


def _pair(pair: KeptPair, article: int) -> str:
    ends = dict(zip(pair.articles, pair.titles, strict=True))
    if article not in ends:
        both = " and ".join(f"{number} ({title})" for number, title in ends.items())
        return f"  its story holds {both}, kept {pair.kind} by the editor{_besides(pair)}"
    ((other, title),) = ((number, title) for number, title in ends.items() if number != article)
    way = "with" if pair.kind == PairKind.TOGETHER else "from"
    return f"  kept {pair.kind} by the editor {way} {other}: {title}{_besides(pair)}"


def _besides(decided: KeptMark | KeptPair) -> str:
    """Its note, and why it did nothing, as far as there are any."""
    note = f' (note: "{decided.note}")' if decided.note else ""
    return f"{note}; idle here: {decided.idle}" if decided.idle else note
