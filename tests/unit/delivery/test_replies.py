"""What servers' answers mean: real ones, and what holds for any."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from digest.delivery.replies import About, Answer, Stage, Verdict, decide
from tests.replies import Reply, decided, table

M, R, D, B = Stage.MAIL, Stage.RCPT, Stage.DATA, Stage.BODY
TABLE = table()
WORDS = [
    "",
    "User unknown",
    "Relay access denied",
    "Mailbox full",
    "Message too large",
    "Daily limit",
]

statuses = st.builds("{}.{}.{}".format, st.integers(2, 6), st.integers(0, 9), st.integers(0, 999))
answers = st.builds(
    Answer,
    st.sampled_from(list(Stage)),
    st.none() | st.integers(-1, 999) | st.sampled_from([250, 421, 454, 530, 550, 552, 554]),
    st.builds("{} {}".format, statuses, st.sampled_from(WORDS))
    | st.builds("{1} (#{0})".format, statuses, st.sampled_from(WORDS))
    | st.sampled_from(WORDS)
    | st.text(),
)


@pytest.mark.parametrize("reply", TABLE, ids=str)
def test_real_replies(reply: Reply):
    assert decided(reply.answer) == reply.decision


def test_the_table_is_broad():
    assert len(TABLE) == len({(reply.by, reply.answer) for reply in TABLE})
    assert {reply.answer.stage for reply in TABLE} == set(Stage)
    assert {reply.decision.split()[0] for reply in TABLE} == set(Verdict)
    assert {reply.decision.split()[1] for reply in TABLE} == set(About)


@pytest.mark.parametrize("stage", Stage)
@pytest.mark.parametrize("words", WORDS)
def test_every_code_has_a_decision_with_and_without_an_enhanced_one(stage: Stage, words: str):
    for code in range(1000):
        check(Answer(stage, code, words))
        for status in ("1.1", "1.8", "2.2", "3.4", "4.4", "5.1", "6.0", "7.1", "7.8", "0.0"):
            check(Answer(stage, code, f"{code // 100}.{status} {words}"))


@given(answers)
@example(Answer(R, 550, "5.7.1 User unknown"))
@example(Answer(B, 550, "5.1.1 User unknown"))
def test_what_holds_for_any_answer(answer: Answer):
    check(answer)


def check(answer: Answer):
    decision, code = decide(answer), answer.code or 0
    assert decision.why
    # Nobody has it who did not say so, and only what went past the final dot is uncertain.
    assert (decision.verdict is Verdict.ACCEPTED) == (code // 100 == 2 and answer.stage is B)
    odd = code // 100 not in {2, 4, 5}
    assert (decision.verdict is Verdict.UNCERTAIN) == (odd and answer.stage is B)
    # "No" ends it or is about us; "later" never does, and never pauses the edition at once.
    if decision.verdict in {Verdict.REFUSED, Verdict.HALT}:
        assert code // 100 == 5
    if decision.suppress:
        assert (decision.verdict, decision.about) == (Verdict.REFUSED, About.RECIPIENT)
        own = answer.enhanced if answer.enhanced and answer.enhanced[0] == 5 else None
        assert answer.stage is R or (answer.stage is B and own == (5, 1, 1))
        assert own is None or own[1] != 7
        assert not decision.systemic
    # Before anybody is named, nothing is said of anybody.
    if answer.stage is M:
        assert decision.verdict in {Verdict.BACK, Verdict.HALT}
        assert decision.about in {About.SERVER, About.MESSAGE}
    if code in {530, 534, 535, 538}:
        assert decision.verdict is Verdict.HALT
    # Of those who were named, one alone pauses nothing unless it is we who are refused.
    if decision.verdict is Verdict.HALT and answer.stage is not M:
        assert decision.about is About.SERVER
    if decision.systemic:
        assert decision.verdict in {Verdict.REFUSED, Verdict.LATER}
    if decision.slows:
        assert decision.about in {About.SERVER, About.DESTINATION}
        assert decision.verdict not in {Verdict.REFUSED, Verdict.HALT}


@pytest.mark.parametrize(
    ("stage", "code", "text"),
    [
        (M, 421, "4.3.2 too many connections"),
        (R, 421, "4.7.0 slower"),
        (R, 451, "4.7.500 server busy"),
        (R, None, "connection lost"),
        (B, None, "connection lost"),
        (B, 451, "4.3.0 not now"),
    ],
)
def test_what_closes_or_is_busy_is_gone_about_more_slowly(stage, code, text):
    assert decide(Answer(stage, code, text)).slows


@pytest.mark.parametrize(
    ("code", "text"),
    [(450, "4.2.0 greylisted"), (550, "5.1.1 nobody"), (550, "5.7.1 no"), (552, "5.3.4 too big")],
)
def test_what_is_about_one_reader_or_for_good_slows_nobody(code: int, text: str):
    assert not decide(Answer(R, code, text)).slows


def test_words_in_addresses_and_links_say_nothing():
    nospam = "5.1.1 <no-spam@example.org>: User unknown; see https://example.org/policy"
    assert decide(Answer(R, 550, nospam)).suppress
    assert not decide(Answer(R, 550, "<user-unknown@example.org>: no")).suppress


def test_an_enhanced_code_of_another_class_than_the_reply_says_nothing():
    assert decided(Answer(R, 550, "4.1.1 what?")) == "refused recipient systemic"
    assert decided(Answer(R, 450, "5.7.1 what?")) == "later recipient"


@pytest.mark.parametrize(
    ("text", "enhanced"),
    [
        ("5.1.1 no", (5, 1, 1)),
        ("5.1.10\nno", (5, 1, 10)),
        ("#5.1.0 Address rejected.", (5, 1, 0)),
        ("sorry (#5.7.1)", (5, 7, 1)),
        ("5.1.1 see (#5.7.1)", (5, 1, 1)),
        ("no 5.7.1", None),
        ("5.1.1x", None),
        ("192.0.2.1 is 5.7.1", None),
        ("", None),
    ],
)
def test_enhanced_codes_stand_first_or_in_brackets(text: str, enhanced):
    assert Answer(R, 550, text).enhanced == enhanced


def test_an_answer_is_told_on_one_line():
    assert str(Answer(R, 550, "5.1.1 no\nsuch  user")) == "RCPT TO: 550 5.1.1 no such user"
    assert str(Answer(B, None, "")) == "the message: no words"
