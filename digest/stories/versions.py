"""Near-duplicates within a story: a piece, its copies, updates and corrections become one.

Two texts are compared by the runs of three words in them, as in Broder, "On the resemblance and
containment of documents" (1997). One that is contained in a fuller one is a version of it: a copy,
an excerpt, or what an update added paragraphs to. Pairs are found by the prefix filter (Chaudhuri,
Ganti and Kaushik, "A primitive operator for similarity joins in data cleaning", 2006): a text's
rarest runs cannot all be missing from one that contains it. Every text is compared only with
pieces that are fuller and no copies themselves, so that copies cost no more than other articles.

Likeness is not enough. Reports made from one form (earthquakes, closing prices, the weather) share
most of their runs too; they differ in their numbers, or in the names that their headlines carry.

A correction may share few runs with what it corrects: it is known by its marker (`markers`), and
its original by their headlines and words.

Which version is shown, and what it is to the others, is decided in `standing`.
"""

import heapq
import math
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta

from digest.stories.items import Account, Item, VersionKind, canonical
from digest.stories.pieces import NEVER, RUN, Piece, moment
from digest.stories.standing import as_account

# The share of a text's runs that a fuller version of it holds.
CONTAINED = 0.7
# A short text says the same from day to day: it needs more, and to be of one day.
SHORT_CONTAINED = 0.9
SHORT_SPAN = timedelta(hours=24)
# Of the smaller text's numbers, the share that its version has as well; one may always change,
# as a toll does.
SAME_NUMBERS = 0.5
# Of a headline's words, the share that the other article holds: a sign that a text which they
# share is theirs, and not the furniture of their site, which has fewer words than this.
FITTING = 1 / 3
FURNITURE = 60
# A notice of correction is of the article whose headline has so many of the words of its own
# (the shorter one counts), which shares so many of its runs, or which has so many of its words.
NOTICE_HEADLINE = 0.6
NOTICE_RUNS = 0.3
NOTICE_WORDS = 0.5
# An update that was written anew is known by its marker, and so much of its headline.
UPDATE_HEADLINE = 0.75
# A run or word in more pieces than this says nothing of any two; and so many of the likeliest
# pieces are looked at, and so many of a notice's rarest words. What bounds the work.
COMMON = 100
LOOKS = 20


def collapse(
    items: Sequence[Item], *, now: datetime, pinned: Collection[str] = ()
) -> list[Account]:
    """The articles of a story that are shown, each with the versions that it stands for.

    Every item is in the result once, as an account's own or as a version. An article is never a
    version of one that is declared to be in another language. The result does not depend on the
    order of the items, and comes in the order of their ids. A date after `now` counts as now. Of
    identical copies one whose id is `pinned` is shown.
    """
    pieces = sorted(_pieces(items, now), key=lambda piece: piece.key)
    groups = _with_notices(_near(pieces))
    accounts = [as_account(group, pinned) for group in groups]
    return sorted(accounts, key=lambda account: canonical(account.item))


def _pieces(items: Sequence[Item], now: datetime) -> Iterable[Piece]:
    """The distinct texts; a short one anew where it comes again after a day."""
    same: dict[tuple[str, str, str], list[Item]] = {}
    for item in sorted(items, key=canonical):
        same.setdefault((item.title, item.body or item.teaser, item.language), []).append(item)
    for copies in same.values():
        piece = Piece(copies, now)
        if not piece.is_short or piece.latest - piece.earliest <= SHORT_SPAN:
            yield piece
            continue
        run: list[Item] = []
        for item in sorted(copies, key=lambda item: (moment(item, now), canonical(item))):
            if run and moment(item, now) - moment(run[-1], now) > SHORT_SPAN:
                yield Piece(run, now)
                run = []
            run.append(item)
        yield Piece(run, now)


def _near(pieces: Sequence[Piece]) -> list[list[Piece]]:
    """Groups of near-duplicates: the fullest piece first, and those that it contains.

    The pieces come fullest first.
    """
    found = Counter(run for piece in pieces for run in piece.runs)
    groups: list[list[Piece]] = []
    index: dict[int, list[int]] = {}
    for piece in pieces:
        share = SHORT_CONTAINED if piece.is_short else CONTAINED
        telling = sorted(piece.telling, key=lambda run: (found[run], run))
        least = math.ceil(share * len(telling))
        sharing = Counter(
            n for run in telling[: len(telling) - least + 1] for n in index.get(run, ())
        )
        likeliest = heapq.nsmallest(LOOKS, sharing, key=lambda n: (-sharing[n], n))
        best = max(
            (
                (len(piece.telling & groups[number][0].runs), -number)
                for number in likeliest
                if _is_version(piece, groups[number][0], least)
            ),
            default=None,
        )
        if best is not None:
            groups[-best[1]].append(piece)
            continue
        for run in piece.runs:
            if found[run] > 1 and len(index.setdefault(run, [])) < COMMON:
                index[run].append(len(groups))
        groups.append([piece])
    return groups


def _is_version(piece: Piece, fuller: Piece, least: int) -> bool:
    """Whether a piece is near enough to a fuller one, which shares a rare run with it."""
    return (
        _one_language(piece, fuller)
        and len(piece.telling & fuller.runs) >= least > 0
        and (not piece.is_short or _repeats(piece, fuller))
        and (max((piece, fuller), key=lambda one: one.latest).is_marked or _agree(piece, fuller))
    )


def _one_language(one: Piece, other: Piece) -> bool:
    return not one.language or not other.language or one.language == other.language


def _repeats(piece: Piece, fuller: Piece) -> bool:
    """Whether a short text says what a fuller one says within a day of it."""
    gap = max(piece.earliest - fuller.latest, fuller.earliest - piece.latest)
    dated = NEVER not in {piece.earliest, fuller.earliest}
    return (gap <= SHORT_SPAN or not dated) and bool(
        piece.text or piece.headline == fuller.headline
    )


def _agree(piece: Piece, fuller: Piece) -> bool:
    """Whether numbers, names and headlines allow that two like texts tell one thing."""
    changed = len(piece.numbers - fuller.numbers)
    if changed > max(1, (1 - SAME_NUMBERS) * len(piece.numbers)):
        return False
    if piece.names - fuller.words and fuller.names - piece.words:
        return False
    if piece.length >= FURNITURE or not piece.headline or not fuller.headline:
        return True
    return max(_fit(piece, fuller), _fit(fuller, piece)) >= FITTING


def _fit(one: Piece, other: Piece) -> float:
    """The share of one's headline's words that the other holds."""
    headline = frozenset(one.headline)
    return len(headline & other.words) / len(headline) if headline else 0.0


def _with_notices(groups: list[list[Piece]]) -> list[list[Piece]]:
    """The groups, those that begin with a marked notice joined to what it corrects or updates."""
    notices = [
        (min(notice.earliest for notice in marked), group[0].key, number)
        for number, group in enumerate(groups)
        if (marked := [piece for piece in group if piece.notice]) and len(marked) == len(group)
    ]
    if not notices:
        return groups
    holding: dict[str, list[int]] = {}
    for number, group in enumerate(groups):
        for word in group[0].words:
            holding.setdefault(word, []).append(number)
    into = list(range(len(groups)))
    begun = [min(piece.earliest for piece in group) for group in groups]
    for _, _, number in sorted(notices):
        notice = groups[number][0]
        telling = (word for word in notice.words if 1 < len(holding[word]) <= COMMON)
        rarest = sorted(telling, key=lambda word: (len(holding[word]), word))[:LOOKS]
        sharing = Counter(n for word in rarest for n in holding[word] if begun[n] <= notice.latest)
        del sharing[number]
        candidates = heapq.nsmallest(LOOKS, sharing, key=lambda n: (-sharing[n], n))
        best = max(
            (
                (likeness, -candidate)
                for candidate in candidates
                if (likeness := _meant(notice, groups[candidate][0])) > 0
                and _root(into, candidate) != number
            ),
            default=None,
        )
        if best is not None:
            into[number] = _root(into, -best[1])
    joined: dict[int, list[Piece]] = {}
    for number, group in enumerate(groups):
        joined.setdefault(_root(into, number), []).extend(group)
    return list(joined.values())


def _root(into: Sequence[int], number: int) -> int:
    while into[number] != number:
        number = into[number]
    return number


def _meant(notice: Piece, other: Piece) -> float:
    """How much an article looks like the one that a notice means; 0 where it does not."""
    if not _one_language(notice, other):
        return 0.0
    headlines = frozenset(notice.headline), frozenset(other.headline)
    shorter = min(map(len, headlines))
    headline = len(headlines[0] & headlines[1]) / shorter if shorter >= RUN else 0.0
    if notice.notice is VersionKind.UPDATE:
        return headline if headline >= UPDATE_HEADLINE else 0.0
    runs = len(notice.telling & other.runs) / max(1, min(len(notice.telling), len(other.telling)))
    words = len(notice.words & other.words) / max(1, min(len(notice.words), len(other.words)))
    named = words >= NOTICE_WORDS and _fit(notice, other) >= NOTICE_HEADLINE
    if headline >= NOTICE_HEADLINE or runs >= NOTICE_RUNS or named:
        return headline + runs + words
    return 0.0
