import gzip
import io
import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from digest.cli import main
from tests.newsday import day, expected


@pytest.fixture
def run(capsys, monkeypatch):
    """`digest stories group …` in this process: its exit status, output and messages."""

    def run(*arguments: object, stdin: bytes = b"") -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["digest", "stories", "group", *map(str, arguments)])
        monkeypatch.setattr(
            "sys.stdin", SimpleNamespace(buffer=io.BufferedReader(io.BytesIO(stdin)))
        )
        with pytest.raises(SystemExit) as end:
            main()
        captured = capsys.readouterr()
        return int(end.value.code or 0), captured.out, captured.err

    return run


def lines(*records: object) -> bytes:
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)


def newsday() -> bytes:
    return lines(
        *({"id": i.id, "title": i.title, "body": i.body, "lang": i.language} for i in day())
    )


def clusters(text: str) -> set[frozenset[str]]:
    found: dict[str, set[str]] = {}
    for line in text.splitlines():
        record = json.loads(line)
        found.setdefault(record["cluster"], set()).add(record["id"])
    return {frozenset(ids) for ids in found.values()}


def test_a_file_is_grouped_into_another(run, tmp_path: Path):
    (tmp_path / "day.jsonl").write_bytes(newsday())
    status, out, _ = run(tmp_path / "day.jsonl", "-o", tmp_path / "out.jsonl", "--json")
    report = json.loads(out)
    assert status == 0
    assert (report["articles"], report["stories"]) == (16, len(expected()))
    assert report["seconds"] > 0
    assert report["rejected"] == []
    written = (tmp_path / "out.jsonl").read_text(encoding="utf-8")
    assert clusters(written) == expected()
    assert [json.loads(line)["id"] for line in written.splitlines()] == [i.id for i in day()]


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_standard_input_goes_to_standard_output(run, pack):
    status, out, err = run("-", stdin=pack(newsday()))
    assert status == 0
    assert clusters(out) == expected()
    assert err.startswith("16 articles, 8 stories,")


def test_what_a_line_may_hold_besides(run):
    record: dict[str, object] = {
        "id": 7,
        "title": None,
        "teaser": "The bridge is shut",
        "date": "2026-03-03",
        "section": ["World", "Ukraine"],
        "tags": ["a", "b"],
        "language": "en",
        "priority": 2,
        "more": {},
    }
    status, out, _ = run("-", stdin=b"\xef\xbb\xbf" + lines(record))
    assert (status, out) == (0, '{"id": 7, "cluster": 7}\n')


def test_a_line_that_cannot_be_taken_is_named_and_the_others_go_in(run):
    bad = {
        2: (b"{", "not JSON: Expecting property name enclosed in double quotes"),
        3: (b"[]", "not a JSON object"),
        4: (b'{"title": "x"}', "no id"),
        5: (b'{"id": "1"}', 'the id "1" has come before'),
        6: (b'{"id": "x", "date": "yesterday"}', 'the date "yesterday" is not ISO 8601'),
        7: (b'{"id": "x", "title": ["t"]}', "title is not text"),
        8: (b'{"id": "x", "tags": 3}', "tags is neither text nor a list of texts"),
        9: (b'{"id": "x", "priority": "high"}', "priority is not a whole number"),
        10: (b'{"id": "x", "title": "\xff"}', "not UTF-8"),
        11: (b"[" * 100_000, "nested too deeply"),
    }
    text = b"\n".join([b'{"id": "1"}', *(line for line, _ in bad.values()), b'{"id": "2"}'])
    status, out, err = run("-", "--json", stdin=text)
    report = json.loads(out)
    assert status == 1
    assert report["articles"] == 2
    assert {r["line"]: r["reason"] for r in report["rejected"]} == {
        number: reason for number, (_, reason) in bad.items()
    }
    assert 'line 6: the date "yesterday" is not ISO 8601' in err.splitlines()


def test_a_broken_archive_gives_what_could_be_read(run):
    packed = gzip.compress(newsday(), compresslevel=0)
    status, out, _ = run("-", "--json", stdin=packed[: len(packed) // 2])
    report = json.loads(out)
    assert status == 1
    assert 0 < report["articles"] < 16
    assert "the compressed file is broken" in report["rejected"][-1]["reason"]


def test_no_article_is_no_error(run):
    status, out, err = run("-")
    assert (status, out) == (0, "")
    assert err.startswith("0 articles, 0 stories,")


def test_a_file_that_is_not_there_or_may_not_be_written(run, tmp_path: Path):
    status, out, err = run(tmp_path / "none.jsonl")
    assert (status, out) == (2, "")
    assert "none.jsonl cannot be read (No such file or directory)" in err
    status, out, err = run("-", "-o", tmp_path / "no" / "out.jsonl")
    assert (status, out) == (1, "")
    assert "out.jsonl cannot be written" in err
