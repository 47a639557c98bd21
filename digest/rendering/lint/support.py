"""Features that a page uses, against the clients that lack them."""

from digest.rendering.lint.facts import WORD, Feature, facts
from digest.rendering.lint.fallbacks import FALLBACKS
from digest.rendering.lint.features import Broken, used
from digest.rendering.lint.needs import Evidence
from digest.rendering.lint.page import Audience, Page
from digest.rendering.lint.rules import Findings

_NAMED = 4


def check_support(page: Page, found: Findings) -> None:
    """Every feature works in every client, or has a fallback that is there."""
    evidence = Evidence(page)
    known = facts().features
    for use in used(page):
        if isinstance(use, Broken):
            found.add("css-broken", use.why, use.place)
            continue
        feature = known.get(use.feature)
        if feature and not _lacking(feature, use.audience):
            continue
        fallback = FALLBACKS.get(use.feature)
        if fallback and fallback.holds(use, evidence):
            continue
        needs = f"; its fallback needs {fallback.needs}" if fallback else ""
        if feature is None:
            found.add("untested", f"{use.feature}{needs}", use.place)
            continue
        missing = _among(feature.no, use.audience)
        if missing:
            found.add("unsupported", f"{feature.title}: not in {_names(missing)}{needs}", use.place)
        else:
            partly = _among(tuple(feature.partly), use.audience)
            note = feature.partly[partly[0]]
            what = f"{feature.title}: in part in {_names(partly)} ({note}){needs}"
            found.add("partly-supported", what, use.place)


def _lacking(feature: Feature, audience: Audience) -> tuple[str, ...]:
    return _among((*feature.no, *feature.partly), audience)


def _among(clients: tuple[str, ...], audience: Audience) -> tuple[str, ...]:
    """Those of the clients that see a part of a page."""
    match audience:
        case Audience.WORD:
            return tuple(client for client in clients if client == WORD)
        case Audience.OTHERS:
            return tuple(client for client in clients if client != WORD)
        case Audience.ALL:
            return clients


def _names(clients: tuple[str, ...]) -> str:
    names = [facts().clients[client] for client in clients]
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more
