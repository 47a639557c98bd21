"""What servers' answers mean: real ones, by stage and code."""

import pytest

from digest.delivery.replies import Answer, Stage, Verdict, is_policy, understand

M, R, D, B = Stage.MAIL, Stage.RCPT, Stage.DATA, Stage.BODY

ANSWERS = [
    (B, 250, "2.0.0 OK  1700000000 a1-20020a05 - gsmtp", Verdict.ACCEPTED),
    (B, 250, "2.0.0 Ok: queued as 4F2B3C", Verdict.ACCEPTED),
    (R, 550, "5.1.1 The email account that you tried to reach does not exist", Verdict.REFUSED),
    (R, 550, "5.5.0 Requested action not taken: mailbox unavailable", Verdict.REFUSED),
    (R, 553, "5.1.3 bad recipient address syntax", Verdict.REFUSED),
    (R, 552, "5.2.2 mailbox full for good", Verdict.REFUSED),
    (R, 550, "no enhanced code at all", Verdict.REFUSED),
    (B, 552, "5.3.4 message size exceeds fixed limit", Verdict.REFUSED),
    (B, 554, "5.6.0 content rejected", Verdict.REFUSED),
    (R, 450, "4.2.0 greylisted, try again", Verdict.LATER),
    (R, 451, "4.7.500 server busy, please try later", Verdict.LATER),
    (R, 452, "4.2.2 the recipient's inbox is out of storage space", Verdict.LATER),
    (B, 451, "4.3.0 temporary failure", Verdict.LATER),
    (M, 451, "4.3.2 please try again later", Verdict.LATER),
    (R, 550, "5.7.1 relaying denied", Verdict.LATER),
    (B, 550, "5.7.26 this message does not pass authentication checks", Verdict.LATER),
    (M, 421, "4.7.0 too many messages in this connection", Verdict.BACK),
    (R, 421, "4.7.28 our system has detected an unusual rate", Verdict.BACK),
    (B, 421, "4.7.0 closing", Verdict.BACK),
    (M, 550, "5.7.60 client does not have permissions to send as this sender", Verdict.HALT),
    (M, 530, "5.7.0 must issue a STARTTLS command first", Verdict.HALT),
    (M, 552, "5.3.4 message too big for system", Verdict.HALT),
    (M, None, "connection lost", Verdict.BACK),
    (R, None, "connection lost", Verdict.LATER),
    (D, None, "timed out", Verdict.LATER),
    (B, None, "connection lost", Verdict.UNCERTAIN),
    (B, 354, "strange", Verdict.UNCERTAIN),
    (B, -1, "no SMTP at all", Verdict.UNCERTAIN),
    (D, 250, "strange", Verdict.LATER),
]


@pytest.mark.parametrize(("stage", "code", "text", "verdict"), ANSWERS)
def test_verdicts(stage: Stage, code: int | None, text: str, verdict: Verdict):
    assert understand(Answer(stage, code, text)) is verdict


def test_policy_is_told_from_the_enhanced_code():
    assert is_policy(Answer(R, 550, "5.7.1 no"))
    assert is_policy(Answer(M, 530, "authentication required"))
    assert not is_policy(Answer(R, 550, "5.1.1 see 5.7.1"))
    assert not is_policy(Answer(R, 450, "4.7.1 greylisted"))


def test_an_answer_is_told_on_one_line():
    assert str(Answer(R, 550, "5.1.1 no\nsuch  user")) == "RCPT TO: 550 5.1.1 no such user"
    assert str(Answer(B, None, "")) == "the message: no words"
