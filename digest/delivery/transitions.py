"""The life of a delivery row as pure functions: what may follow what, and which fields change."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TypedDict

from digest.config import Settings, Uncertain
from digest.delivery.replies import Answer, Stage, Verdict, understand
from digest.store.models import DeliveryStatus, SubscriptionStatus

REPLY_LENGTH = 500
"""Characters of a server's answer that are kept."""

GAVE_UP = "gave_up"
"""The reason of a delivery that was refused because `retry_for` was over."""

S = DeliveryStatus

OPEN = (S.WAITING, S.CLAIMED, S.DEFERRED)
"""Rows that still have something before them: an edition with any of them is not complete."""


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
    return _fields(S.SKIPPED, reason=reason, attempts=attempts, due=now, finished=now)


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
    verdict = understand(answer)
    if verdict is Verdict.BACK and answer.stage is not Stage.MAIL:
        # Also a server that closes whenever this recipient is named is not asked for ever.
        verdict = Verdict.LATER
    match verdict:
        case Verdict.ACCEPTED:
            fields = _fields(S.ACCEPTED, attempts=tried, due=now, finished=now)
        case Verdict.REFUSED:
            fields = _fields(S.REFUSED, attempts=tried, due=now, finished=now)
        case Verdict.LATER:
            due = next_attempt(tried, now=now, policy=policy, jitter=jitter)
            if due is None:
                fields = _fields(S.REFUSED, reason=GAVE_UP, attempts=tried, due=now, finished=now)
            else:
                fields = _fields(S.DEFERRED, attempts=tried, due=due)
        case Verdict.UNCERTAIN:
            fields = lost(reply, attempts=tried, now=now, policy=policy)
        case Verdict.BACK | Verdict.HALT:
            fields = _fields(S.WAITING, attempts=attempts, due=now)
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
        return _fields(S.UNCERTAIN, reply=reply, attempts=attempts, due=now, finished=now)
    return _fields(S.WAITING, reply=reply, attempts=attempts, due=due)


def untouched(*, attempts: int, now: datetime) -> Fields:
    """The row of a claim whose message was never begun: it waits as before."""
    return _fields(S.WAITING, attempts=attempts, due=now)


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
    status: DeliveryStatus,
    *,
    attempts: int,
    due: datetime,
    reason: str = "",
    reply: str = "",
    finished: datetime | None = None,
) -> Fields:
    return {
        "status": status.value,
        "reason": str(reason),
        "code": None,
        "reply": reply,
        "attempts": attempts,
        "due": due,
        "finished": finished,
    }
