import json
import re
from collections import Counter
from pathlib import Path
from statistics import mean

from benchmarks.made_articles import CHARACTERS, WORDS, make, word, write


def test_every_rank_has_a_word_of_its_own():
    assert len({word(rank) for rank in range(50_000)}) == 50_000
    assert word(WORDS - 1).isalpha()


def test_words_are_as_frequent_and_as_long_as_in_news():
    text = " ".join(f"{made['title']} {made['body']}" for made in make(2_000))
    running = re.findall(r"\w\w+", text.lower())
    assert 4.8 < mean(map(len, running)) < 5.8
    counted = Counter(running)
    share = sum(count for _, count in counted.most_common(10)) / len(running)
    assert 0.13 < share < 0.23
    # Heaps' law, as Manning, Raghavan and Schütze fit it to a news corpus; names make ours richer.
    assert 1 < len(counted) / (44 * len(running) ** 0.49) < 1.5


def test_most_stories_have_one_article_and_a_few_have_many():
    sizes = Counter(Counter(made["cluster"] for made in make(5_000)).values())
    stories = sizes.total()
    assert 0.55 < sizes[1] / stories < 0.75
    assert sizes[1] > 2 * sizes[2] > 4 * sizes[4]
    assert max(sizes) > 24


def test_articles_are_of_the_length_promised_and_the_same_every_time(tmp_path: Path):
    write(50, tmp_path / "made.jsonl")
    lines = (tmp_path / "made.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line) for line in lines] == list(make(50))
    assert {len(made["body"]) for made in make(50)} == {CHARACTERS}
