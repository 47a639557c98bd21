import json

from digest.stories import model
from digest.stories.similarity import EVIDENCE


def test_the_model_has_a_coefficient_for_each_piece_of_evidence():
    record = json.loads(model.FILE.read_text(encoding="utf-8"))
    assert tuple(record["pair"]) == EVIDENCE
    assert model.load().pair == tuple(record["pair"].values())


def test_the_model_says_what_it_was_made_from_and_how():
    record = json.loads(model.FILE.read_text(encoding="utf-8"))
    assert record["made by"] == "python -m benchmarks.story_model FOLDER"
    assert all("articles" in told for told in record["made from"].values())


def test_shares_are_shares():
    shares = [share for known in model.load().shares.values() for share in known.values()]
    assert shares
    assert all(0 < share <= 1 for share in shares)
