"""The life of a delivery row: every outcome is allowed, times out and never goes astray."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.config import Uncertain
from digest.delivery.replies import Answer, Stage
from digest.delivery.transitions import (
    GAVE_UP,
    TURNS,
    Event,
    Policy,
    Skip,
    follow,
    lost,
    next_attempt,
    settled,
    skip_reason,
    skipped,
    untouched,
)
from digest.store.models import OPEN, DeliveryStatus

NOW = datetime(2026, 3, 3, 5, tzinfo=UTC)
POLICY = Policy(timedelta(minutes=1), timedelta(hours=8), Uncertain.HOLD)
RESEND = Policy(timedelta(minutes=1), timedelta(hours=8), Uncertain.RESEND)

W, C, D = DeliveryStatus.WAITING, DeliveryStatus.CLAIMED, DeliveryStatus.DEFERRED
A, R, U = DeliveryStatus.ACCEPTED, DeliveryStatus.REFUSED, DeliveryStatus.UNCERTAIN
S = DeliveryStatus.SKIPPED

# Each row that there may be, and what each event makes of it; "–" is what cannot happen.
LIFE = """
              claim    release  accept    refuse   defer     lose       resend   resolve   skip
waiting       claimed  waiting  accepted  refused  deferred  uncertain  waiting  –         skipped
claimed       –        waiting  accepted  refused  deferred  uncertain  waiting  –         skipped
deferred      claimed  –        –         –        –         –          –        –         skipped
uncertain     –        waiting  accepted  refused  deferred  uncertain  waiting  accepted  –
accepted      –        –        –         –        –         –          –        –         –
refused       –        –        –         –        –         –          –        –         –
skipped       –        –        –         –        –         –          –        –         –
"""

answers = st.builds(
    Answer,
    st.sampled_from(list(Stage)),
    st.none() | st.integers(-1, 700),
    st.sampled_from(["5.7.1 no", "4.2.0 later", "5.3.4 big", "", "what\r\never", "x" * 2000]),
)


def life() -> dict[tuple[DeliveryStatus, Event], DeliveryStatus | None]:
    """The table above, read."""
    head, *rows = (line.split() for line in LIFE.strip().splitlines())
    return {
        (DeliveryStatus(row[0]), Event(event)): None if after == "–" else DeliveryStatus(after)
        for row in rows
        for event, after in zip(head, row[1:], strict=True)
    }


def test_the_table_has_every_status_and_every_event():
    assert set(life()) == set(product(DeliveryStatus, Event))
    assert set(TURNS) == set(Event)


@pytest.mark.parametrize(("place", "after"), life().items(), ids=str)
def test_what_may_follow_what(place: tuple[DeliveryStatus, Event], after: DeliveryStatus | None):
    status, event = place
    if after is None:
        with pytest.raises(ValueError, match=f"{status} cannot see the event {event}"):
            follow(status, event)
    else:
        assert follow(status, event) is after


def test_what_has_an_end_stays_as_it_is():
    ends = {status for status in DeliveryStatus if status not in OPEN} - {U}
    assert ends == {A, R, S}
    assert not any(status in before for status in ends for before, _ in TURNS.values())


@given(st.lists(st.tuples(st.integers(0, 9), st.sampled_from(Event)), max_size=100))
def test_whatever_happens_the_parts_sum_to_the_audience(story: list[tuple[int, Event]]):
    rows = [W] * 10
    ended: dict[int, DeliveryStatus] = {}
    for reader, event in story:
        try:
            rows[reader] = follow(rows[reader], event)
        except ValueError:
            assert life()[rows[reader], event] is None
        if rows[reader] in {A, R, S}:
            assert ended.setdefault(reader, rows[reader]) is rows[reader]
    counts = Counter(rows)
    assert counts[A] + counts[R] + counts[D] + counts[U] + counts[S] + counts[W] + counts[C] == 10
    # Nobody gets an end without having been tried, or skipped.
    assert counts[A] + counts[R] + counts[S] == len(ended)


@given(answers, st.integers(0, 30), st.sampled_from([POLICY, RESEND]), st.floats(0, 1))
def test_every_answer_leads_where_a_claimed_row_may_go(answer, attempts, policy, jitter):
    fields = settled(answer, attempts=attempts, now=NOW, policy=policy, jitter=jitter)
    status = DeliveryStatus(fields["status"])
    assert status not in {DeliveryStatus.CLAIMED, DeliveryStatus.SKIPPED}
    assert (fields["finished"] is None) == (status in OPEN)
    assert fields["due"] >= NOW
    assert len(fields["reply"]) <= 500
    assert "\n" not in fields["reply"]
    assert fields["attempts"] in {attempts, attempts + 1}
    if answer.stage is not Stage.BODY:
        assert status not in {DeliveryStatus.ACCEPTED, DeliveryStatus.UNCERTAIN}


def test_pauses_double_until_the_time_is_over():
    pauses = []
    for attempts in range(1, 20):
        due = next_attempt(attempts, now=NOW, policy=POLICY, jitter=0)
        if due is None:
            break
        pauses.append((due - NOW) / timedelta(minutes=1))
    assert pauses == [1, 2, 4, 8, 16, 32, 64, 128]
    assert next_attempt(3, now=NOW, policy=POLICY, jitter=1) == NOW + timedelta(minutes=5)
    assert next_attempt(5000, now=NOW, policy=POLICY, jitter=0) is None


def test_giving_up_is_a_refusal_with_a_reason():
    busy = Answer(Stage.RCPT, 450, "4.2.0 busy")
    fields = settled(busy, attempts=9, now=NOW, policy=POLICY, jitter=0.5)
    assert (fields["status"], fields["reason"], fields["code"]) == ("refused", GAVE_UP, 450)


@pytest.mark.parametrize("stage", [Stage.RCPT, Stage.DATA, Stage.BODY])
def test_a_server_that_closes_whenever_somebody_is_named_is_not_asked_for_ever(stage: Stage):
    closing = Answer(stage, 421, "4.7.0 closing")
    fields = settled(closing, attempts=0, now=NOW, policy=POLICY, jitter=0)
    assert (fields["status"], fields["attempts"]) == ("deferred", 1)
    fields = settled(closing, attempts=9, now=NOW, policy=POLICY, jitter=0)
    assert (fields["status"], fields["reason"]) == ("refused", GAVE_UP)


def test_the_policy_decides_on_lost_answers():
    hold = lost("gone", attempts=1, now=NOW, policy=POLICY)
    assert (hold["status"], hold["finished"]) == ("uncertain", NOW)
    again = lost("gone", attempts=1, now=NOW, policy=RESEND)
    assert (again["status"], again["due"]) == ("waiting", NOW + timedelta(minutes=1))
    # A server that loses every answer does not get the same mail for ever.
    assert lost("gone", attempts=20, now=NOW, policy=RESEND)["status"] == "uncertain"


@pytest.mark.parametrize(
    ("subscriber", "status", "suppressed", "reason"),
    [
        (1, "active", False, None),
        (1, "active", True, Skip.SUPPRESSED),
        (1, "unsubscribed", False, Skip.UNSUBSCRIBED),
        (1, "pending", True, Skip.UNSUBSCRIBED),
        (1, None, False, Skip.UNSUBSCRIBED),
        (None, None, False, Skip.ERASED),
    ],
)
def test_who_may_still_be_mailed(subscriber, status, suppressed, reason):
    assert skip_reason(subscriber, status, suppressed=suppressed) is reason


def test_a_skipped_row_says_why():
    fields = skipped(Skip.SUPPRESSED, attempts=2, now=NOW)
    assert (fields["status"], fields["reason"]) == ("skipped", "suppressed")


def test_a_claim_that_the_server_never_heard_of_costs_no_attempt():
    fields = untouched(attempts=2, now=NOW)
    assert (fields["status"], fields["attempts"], fields["due"]) == ("waiting", 2, NOW)
    assert (fields["finished"], fields["code"], fields["reply"]) == (None, None, "")
