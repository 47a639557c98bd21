"""The life of a delivery row as pure functions: what may follow what, and which fields change."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TypedDict

from digest.config import Settings, Uncertain
from digest.delivery.replies import Answer, Stage, Verdict, decide
from digest.store.models import OPEN, TRIABLE, DeliveryStatus, SubscriptionStatus

REPLY_LENGTH = 500
"""Characters of a server's answer that are kept."""

GAVE_UP = "gave_up"
"""The reason of a delivery that was refused because `retry_for` was over."""

S = DeliveryStatus


class Event(StrEnum):
    """What may happen to a row."""

    CLAIM = "claim"
    """A sender takes it, to try it alone."""
    RELEASE = "release"
    """The claim ends before the recipient had a turn."""
    ACCEPT = "accept"
    REFUSE = "refuse"
    DEFER = "defer"
    LOSE = "lose"
    """Nobody can say whether the message was taken."""
    RESEND = "resend"
    """What was lost is to be tried again, by the policy or by the operator's word."""
    RESOLVE = "resolve"
    """What was lost has arrived, by the operator's word."""
    SKIP = "skip"
    """It is not to be tried, for a reason that `Skip` names."""


# An answer that was given up for lost may yet be heard. It counts as long as nobody has claimed
# the row anew, which the ledger knows by the fence; by then the row is uncertain, or waits again.
_TRIED = (S.CLAIMED, S.UNCERTAIN, S.WAITING)

TURNS: Mapping[Event, tuple[tuple[DeliveryStatus, ...], DeliveryStatus]] = {
    Event.CLAIM: (TRIABLE, S.CLAIMED),
    Event.RELEASE: (_TRIED, S.WAITING),
    Event.ACCEPT: (_TRIED, S.ACCEPTED),
    Event.REFUSE: (_TRIED, S.REFUSED),
    Event.DEFER: (_TRIED, S.DEFERRED),
    Event.LOSE: (_TRIED, S.UNCERTAIN),
    Event.RESEND: (_TRIED, S.WAITING),
    Event.RESOLVE: ((S.UNCERTAIN,), S.ACCEPTED),
    Event.SKIP: (OPEN, S.SKIPPED),
}
"""From where each event may come, and where it leads. Nothing follows what is in no first part."""


def follow(status: DeliveryStatus, event: Event) -> DeliveryStatus:
    """The status of a row after an event.

    Raises:
        ValueError: nothing of the kind can happen to a row that stands there.
    """
    before, after = TURNS[event]
    if status not in before:
        raise ValueError(f"a delivery that is {status} cannot see the event {event}")
    return after


class Skip(StrEnum):
    """Why a delivery was not tried."""

    UNSUBSCRIBED = "unsubscribed"
    SUPPRESSED = "suppressed"
    ERASED = "erased"
    NO_STORIES = "no_stories"
    ADDRESS = "address"
    CANCELLED = "cancelled"


class Fields(TypedDict):
    """The columns that an outcome sets, all of them every time: one statement fits each."""

    status: str
    reason: str
    code: int | None
    reply: str
    attempts: int
    due: datetime
    finished: datetime | None


@dataclass(frozen=True)
class Policy:
    """How long to go on trying, and what to do when an answer was lost."""

    retry_first: timedelta
    retry_for: timedelta
    uncertain: Uncertain


def policy_of(settings: Settings) -> Policy:
    """The policy that the settings have."""
    own = settings.delivery
    return Policy(own.retry_first, own.retry_for, own.uncertain)


def skip_reason(
    subscriber_id: int | None, subscription: str | None, *, suppressed: bool
) -> Skip | None:
    """Why somebody who was in the audience may not be mailed any more; None where they may."""
    if subscriber_id is None:
        return Skip.ERASED
    if subscription != SubscriptionStatus.ACTIVE:
        return Skip.UNSUBSCRIBED
    return Skip.SUPPRESSED if suppressed else None


def skipped(reason: Skip, *, attempts: int, now: datetime) -> Fields:
    """The row of somebody who is not mailed after all."""
    return _fields(Event.SKIP, reason=reason, attempts=attempts, due=now)


def untouched(*, attempts: int, now: datetime) -> Fields:
    """The row of a claim that ended before the server heard of the recipient."""
    return _fields(Event.RELEASE, attempts=attempts, due=now)


def settled(
    answer: Answer, *, attempts: int, now: datetime, policy: Policy, jitter: float
) -> Fields:
    """The row after a server's answer.

    Args:
        answer: what the server said, or that it said nothing.
        attempts: how often this recipient had a turn before.
        now: the present instant.
        policy: how long to go on.
        jitter: from 0 to 1; spreads the next attempts of those who were deferred together.
    """
    reply, tried = str(answer)[:REPLY_LENGTH], attempts + 1
    verdict = decide(answer).verdict
    if verdict is Verdict.BACK and answer.stage is not Stage.MAIL:
        # Also a server that closes whenever this recipient is named is not asked for ever.
        verdict = Verdict.LATER
    match verdict:
        case Verdict.ACCEPTED:
            fields = _fields(Event.ACCEPT, attempts=tried, due=now)
        case Verdict.REFUSED:
            fields = _fields(Event.REFUSE, attempts=tried, due=now)
        case Verdict.LATER:
            due = next_attempt(tried, now=now, policy=policy, jitter=jitter)
            if due is None:
                fields = _fields(Event.REFUSE, reason=GAVE_UP, attempts=tried, due=now)
            else:
                fields = _fields(Event.DEFER, attempts=tried, due=due)
        case Verdict.UNCERTAIN:
            fields = lost(reply, attempts=tried, now=now, policy=policy)
        case Verdict.BACK | Verdict.HALT:
            fields = untouched(attempts=attempts, now=now)
    fields["code"], fields["reply"] = answer.code, reply
    return fields


def lost(reply: str, *, attempts: int, now: datetime, policy: Policy) -> Fields:
    """The row of a message that may or may not have been taken, after so many attempts.

    By the policy `resend` it gets further attempts, at growing distances as a deferred one does.
    """
    due = None
    if policy.uncertain is Uncertain.RESEND:
        due = next_attempt(max(attempts, 1), now=now, policy=policy, jitter=0)
    if due is None:
        return _fields(Event.LOSE, reply=reply, attempts=attempts, due=now)
    return _fields(Event.RESEND, reply=reply, attempts=attempts, due=due)


def next_attempt(attempts: int, *, now: datetime, policy: Policy, jitter: float) -> datetime | None:
    """When to try again after so many attempts; None when `retry_for` would be over.

    The pauses double, and those before are counted as they were meant: an edition that was paused
    in between loses none of its attempts. `jitter` makes a pause up to a quarter longer.
    """
    # 1 + 2 + 4 + … pauses of the first one's length
    waited = (2 ** min(attempts, 60) - 1) * policy.retry_first.total_seconds()
    if waited > policy.retry_for.total_seconds():
        return None
    pause = policy.retry_first * (1 << (attempts - 1))
    return now + pause * (1 + jitter / 4)


def _fields(
    event: Event, *, attempts: int, due: datetime, reason: str = "", reply: str = ""
) -> Fields:
    status = follow(S.CLAIMED, event)
    return {
        "status": status.value,
        "reason": str(reason),
        "code": None,
        "reply": reply,
        "attempts": attempts,
        "due": due,
        "finished": None if status in OPEN else due,
    }
