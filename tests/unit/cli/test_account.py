"""An edition's account as people read it."""

from datetime import UTC, datetime

from digest.cli.account import account_data, account_lines, standing
from digest.delivery.account import Tally

DUE = datetime(2026, 3, 3, 5, 1, tzinfo=UTC)


def test_each_part_has_a_line_and_the_sum_is_shown():
    account = Tally(
        audience=1207,
        accepted=1190,
        refused=2,
        deferred=3,
        uncertain=1,
        waiting=4,
        skipped={"no_stories": 1, "unsubscribed": 6},
        next_deferred=DUE,
    )
    assert account.adds_up
    assert account_lines(account, 5, "sending") == [
        "accepted   1,190",
        "refused        2  digest editions deliveries 5 --status refused",
        "deferred       3  next try 2026-03-03 05:01:00 UTC",
        "uncertain      1  digest editions deliveries 5 --status uncertain",
        "waiting        4",
        "skipped        1  no stories in their sections",
        "skipped        6  unsubscribed",
        "audience 1,207 = 1,190 + 2 + 3 + 1 + 4 + 1 + 6",
    ]
    data = account_data(account)
    assert (data["next_deferred"], data["next_waiting"], data["adds_up"]) == (DUE, None, True)
    assert (data["audience"], data["skipped"]) == (1207, {"no_stories": 1, "unsubscribed": 6})


def test_an_account_that_does_not_add_up_says_so():
    account = Tally(audience=3, accepted=2)
    assert not account.adds_up
    assert account_lines(account, 5, "sending")[-1] == "audience 3 ≠ 2"
    assert account.said() == "audience 3: accepted 2: this does not add up"
    assert account_data(account)["adds_up"] is False
    lost = Tally(audience=1)
    assert account_lines(lost, 5, "sending") == ["audience 1 ≠ 0"]


def test_an_account_of_nobody():
    assert account_lines(Tally(), 5, "draft") == ["its audience is not written yet"]
    assert account_lines(Tally(), 5, "sent") == ["it has no audience"]


def test_what_holds_an_edition_up_stands_before_what_takes_it_on():
    account = Tally(audience=1, waiting=1, note="no more may leave before tomorrow")
    assert standing(5, "sending", account) == [
        "edition 5 is sending",
        "waiting  1",
        "audience 1 = 1",
        "no more may leave before tomorrow",
        "`digest run` sends it on, or `digest editions send 5`",
    ]
