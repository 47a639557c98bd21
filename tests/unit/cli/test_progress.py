"""The progress of a sending: how fast, how long yet, and who is left."""

from datetime import UTC, datetime, timedelta

import pytest

from digest.cli.progress import Pace, outlook, sending_progress, working
from digest.delivery.account import Tally

NOW = datetime(2026, 3, 3, 5, 0, tzinfo=UTC)


def after(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def test_the_rate_is_that_of_the_last_seconds():
    pace = Pace()
    # What was done before we began to look is nobody's speed.
    assert pace.rate(NOW, 5000) == 0
    assert pace.rate(after(1), 5100) == 100
    rates = [pace.rate(after(second), 5100) for second in range(2, 14)]
    assert rates == sorted(rates, reverse=True)
    assert rates[-1] == 0


def test_what_goes_back_is_no_speed():
    pace = Pace()
    pace.rate(NOW, 10)
    assert pace.rate(after(1), 4) == 0
    assert pace.rate(after(1), 20) == 10


@pytest.mark.parametrize(
    ("account", "rate", "said"),
    [
        (Tally(), 0, ""),
        (Tally(audience=9, waiting=9), 0, ""),
        (Tally(audience=9000, accepted=1000, waiting=8000), 100, "100/s · 1:20 left"),
        (Tally(audience=9, waiting=7, accepted=2), 0.5, "0.5/s · 0:14 left"),
        (Tally(audience=725, waiting=725), 1, "1.0/s · 12:05 left"),
        (Tally(audience=10**6, waiting=10**6), 12.4, "12/s · 22:24:05 left"),
        (Tally(audience=9, waiting=9, next_waiting=after(-5)), 1, "1.0/s · 0:09 left"),
        (
            Tally(audience=9, accepted=4, waiting=5, next_waiting=after(3600)),
            4,
            "4.0/s · 5 waiting, next turn in 1:00:00",
        ),
        (
            Tally(audience=9, accepted=5, deferred=4, next_deferred=after(58)),
            0,
            "4 deferred, next try in 0:58",
        ),
        (
            Tally(audience=9, deferred=6, refused=2, uncertain=1, next_deferred=after(-1)),
            0,
            "6 deferred, next try in 0:00 · 2 refused · 1 uncertain",
        ),
    ],
)
def test_what_stands_beside_the_bar(account: Tally, rate: float, said: str):
    assert outlook(account, rate, NOW) == said


UNTIL = "no more may leave before 2026-03-04 00:00 UTC"


def test_what_keeps_mail_from_leaving_is_said_and_no_time_left_is_made_up():
    account = Tally(audience=9, accepted=4, waiting=5, note=UNTIL)
    assert outlook(account, 0, NOW) == UNTIL
    assert outlook(account, 0.4, NOW) == "0.4/s"
    refused = Tally(audience=9, accepted=3, refused=1, waiting=5, note=UNTIL)
    assert outlook(refused, 0, NOW) == f"1 refused · {UNTIL}"


def test_a_bar_shows_the_whole_of_what_it_says(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "60")
    with sending_progress(lambda: NOW, quiet=False) as tell:
        assert tell is not None
        tell(Tally(audience=40, waiting=40, note=UNTIL))
    shown = capsys.readouterr().err
    assert all(word in shown for word in UNTIL.split())


def test_where_there_is_no_terminal_a_line_comes_now_and_then(capsys: pytest.CaptureFixture[str]):
    moments = iter([NOW, *(after(second) for second in range(25))])
    with sending_progress(lambda: next(moments), quiet=False) as tell:
        assert tell is not None
        for second in range(25):
            done = second * 10
            tell(Tally(audience=1000, accepted=done, waiting=1000 - done))
    assert capsys.readouterr() == (
        "",
        "100 of 1,000 done · 10/s · 1:30 left\n200 of 1,000 done · 10/s · 1:20 left\n",
    )


def test_at_a_terminal_there_is_a_bar(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "100")
    moments = iter([NOW, after(1)])
    with sending_progress(lambda: next(moments), quiet=False) as tell:
        assert tell is not None
        tell(Tally(audience=40, waiting=40))
        tell(Tally(audience=40, accepted=10, waiting=30))
    out, shown = capsys.readouterr()
    assert out == ""
    assert "10/s · 0:03 left" in shown


def test_who_wants_json_gets_no_progress(capsys: pytest.CaptureFixture[str]):
    with sending_progress(lambda: NOW, quiet=True) as tell:
        assert tell is None
    assert capsys.readouterr() == ("", "")


def test_what_is_worked_on_is_said_at_a_terminal_alone(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    for forced, said in (("", False), ("1", True)):
        monkeypatch.setenv("FORCE_COLOR", forced)
        with working() as tell:
            tell("edition: [b]Chinese")
        out, err = capsys.readouterr()
        assert (out, "edition: [b]Chinese" in err) == ("", said)
