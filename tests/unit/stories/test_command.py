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


ONE = "write one article a line, as a JSON object"
NO_DATE = "no ISO 8601 instant: write it as 2026-03-03T07:00:00+02:00"
NO_TEXT = "is not text: put it in quotation marks, or leave it out"
NO_LIST = "is neither text nor a list of texts: write"
NO_NUMBER = "is not a whole number: write one, such as 1 or -1"
NO_ID = "id is neither text nor a whole number: write it as text"
TOO_DEEP = "nested too deeply: write the article's fields as texts and lists of texts"


def test_a_line_that_cannot_be_taken_is_named_and_the_others_go_in(run):
    bad = {
        2: (b"{", f"not JSON (Expecting property name enclosed in double quotes): {ONE}"),
        3: (b"[]", "not a JSON object: write one article a line, in braces"),
        4: (b'{"title": "x"}', "no id: give every article one"),
        5: (b'{"id": "1"}', 'the id "1" has come before: give every article its own'),
        6: (b'{"id": "x", "title": "t", "date": "yesterday"}', f'date: "yesterday" is {NO_DATE}'),
        7: (b'{"id": "x", "title": ["t"]}', f"title {NO_TEXT}"),
        8: (b'{"id": "x", "title": "t", "tags": 3}', f'tags {NO_LIST} ["tags", "…"]'),
        9: (b'{"id": "x", "title": "t", "priority": "high"}', f"priority {NO_NUMBER}"),
        10: (b'{"id": "x", "title": "\xff"}', "not UTF-8: save the file as UTF-8"),
        11: (b"[" * 100_000, TOO_DEEP),
        12: (b'{"id": "x", "y": ' + b'{"z":' * 100_000 + b"}", TOO_DEEP),
        13: (b'{"id": true}', NO_ID),
        14: (b'{"id": NaN}', NO_ID),
        15: (b'{"id": "x", "title": "t", "priority": true}', f"priority {NO_NUMBER}"),
        16: (b'{"id": "x", "title": "t", "priority": 1e999}', f"priority {NO_NUMBER}"),
        17: (
            b'{"id": 1' + b"0" * 5000 + b"}",
            "not JSON (a number of too many digits): write the number as text",
        ),
        18: (b'{"id": "x", "title": "a\0b"}', f"not JSON (Invalid control character at): {ONE}"),
        19: (b'{"id": "x", "title": "t", "date": 20260303}', f"date {NO_TEXT}"),
        20: (
            b'{"id": "x", "title": "t", "date": "2026-02-30"}',
            f'date: "2026-02-30" is {NO_DATE}',
        ),
        21: (b'{"id": "x"} {"id": "y"}', f"not JSON (Extra data): {ONE}"),
        22: (b'{"id": null}', "no id: give every article one"),
        23: (b'{"id": 1}', 'the id "1" has come before: give every article its own'),
        24: (b'{"id": "x", "title": "t", "lang": ["en"]}', f"lang {NO_TEXT}"),
        25: (b'{"id": "x", "title": "t", "date": "\\ud800"}', f'date: "\ud800" is {NO_DATE}'),
        26: (
            b'{"id": "x", "title": "t", "date": "2087-01-01"}',
            "date: 2087-01-01 is more than a year ahead: correct the date",
        ),
        27: (
            b'{"id": "x", "title": "t", "date": "0001-01-01T00:00:00+14:00"}',
            f'date: "0001-01-01T00:00:00+14:00" is {NO_DATE}',
        ),
        28: (
            b'{"id": "x", "tittle": "Bridge closed"}',
            "no title, body or teaser: give every article one of them",
        ),
        29: (
            b'{"id": "x", "title": "t", "published": "soon"}',
            f'published: "soon" is {NO_DATE}',
        ),
    }
    text = b"\n".join(
        [
            b'{"id": "1", "title": "t"}',
            *(line for line, _ in bad.values()),
            b'{"id": "2", "body": "b"}',
        ]
    )
    status, out, err = run("-", "--json", stdin=text)
    report = json.loads(out)
    assert status == 1
    assert report["articles"] == 2
    assert {r["line"]: r["reason"] for r in report["rejected"]} == {
        number: reason.replace("\ud800", "?") for number, (_, reason) in bad.items()
    }
    assert {r["file"] for r in report["rejected"]} == {"standard input"}
    assert f'standard input:6: date: "yesterday" is {NO_DATE}' in err.splitlines()


def test_a_broken_archive_gives_what_could_be_read(run):
    packed = gzip.compress(newsday(), compresslevel=0)
    status, out, _ = run("-", "--json", stdin=packed[: len(packed) // 2])
    report = json.loads(out)
    assert status == 1
    assert 0 < report["articles"] < 16
    assert "the compressed file is broken" in report["rejected"][-1]["reason"]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"\x1f\x8b", "the compressed file is broken ("),
        (gzip.compress(b'{"id": 1}', mtime=0)[:-4], "the compressed file is broken ("),
        (gzip.compress(b'{"id": 1}', mtime=0) + b"more", "the compressed file is broken ("),
        (b"\x00" * 1000, "not JSON ("),
    ],
)
def test_what_is_no_file_of_lines_is_said(run, data, reason):
    status, out, _ = run("-", "--json", stdin=data)
    assert status == 1
    assert json.loads(out)["rejected"][-1]["reason"].startswith(reason)


def test_odd_articles_are_grouped_as_any_other(run):
    word = "Millbrook bridge closed"
    records: list[dict[str, object]] = [
        {"id": "no title", "body": word},
        {"id": "no date", "title": word},
        {"id": "first", "title": word, "date": "1605-01-01T00:00:00Z"},
        {"id": "markup", "title": f"<b>{word}</b><script>let x</script><![CDATA[]]>&nbsp;"},
        {"id": "controls", "title": f"\0\x07\x1b{word}\u2028\ufeff"},
        {"id": "direction", "title": f"\u202e{word}\u202c\u200f"},
        {"id": "\ud800", "title": f"\ud800 {word} \udfff", "section": "\ud800", "tags": ["\ud800"]},
        {"id": 10**4000, "title": word, "priority": -(10**400)},
        {"id": "endless", "title": "x" * 1_000_000, "body": "中" * 1_000_000},
        {"id": "tags", "title": "<p" * 100_000, "body": "<!--" * 100_000},
        {"id": "entities", "title": "&#" + "9" * 5000 + ";", "body": "&" * 100_000},
    ]
    data = b"\xef\xbb\xbf" + lines(*records).replace(b"\n", b"\r\n")
    status, out, err = run("-", stdin=data)
    assert (status, err.splitlines()) == (0, [err.strip()])
    assert [json.loads(line)["id"] for line in out.splitlines()] == [r["id"] for r in records]
    together = max(clusters(out), key=len)
    assert together == {record["id"] for record in records[:8]}


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


def test_the_articles_are_not_overwritten(run, tmp_path: Path):
    (tmp_path / "day.jsonl").write_bytes(newsday())
    status, _, err = run(
        tmp_path / "day.jsonl", "-o", tmp_path / ".." / tmp_path.name / "day.jsonl"
    )
    assert status == 2
    assert "is a file that is read" in err
    assert (tmp_path / "day.jsonl").read_bytes() == newsday()


def test_further_files_are_added_to_the_day(run, tmp_path: Path):
    first, second = (
        newsday().splitlines(keepends=True)[:-1],
        newsday().splitlines(keepends=True)[-1],
    )
    (tmp_path / "morning.jsonl").write_bytes(b"".join(first))
    (tmp_path / "noon.jsonl").write_bytes(second)
    status, out, err = run(
        tmp_path / "morning.jsonl", "--add", tmp_path / "noon.jsonl", "-o", tmp_path / "out.jsonl"
    )
    assert (status, out) == (0, "")
    assert f"{tmp_path}/noon.jsonl: 1 article added in" in err
    written = (tmp_path / "out.jsonl").read_text(encoding="utf-8")
    assert clusters(written) == expected()
    assert [json.loads(line)["id"] for line in written.splitlines()] == [i.id for i in day()]


def test_what_cannot_be_taken_of_a_further_file_is_said_with_its_name(run, tmp_path: Path):
    (tmp_path / "noon.jsonl").write_bytes(lines({"id": 2, "title": "t"}, {"id": 1}) + b"{")
    status, out, err = run(
        "-", "--add", tmp_path / "noon.jsonl", "--json", stdin=lines({"id": 1, "title": "t"})
    )
    report = json.loads(out)
    assert status == 1
    assert (report["articles"], report["added"][0]["articles"]) == (2, 1)
    assert [(r["file"], r["line"]) for r in report["rejected"]] == [
        (f"{tmp_path}/noon.jsonl", 2),
        (f"{tmp_path}/noon.jsonl", 3),
    ]
    assert f"{tmp_path}/noon.jsonl:2: the id" in err


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig"])
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_a_byte_order_mark_says_how_a_file_is_written(run, encoding, pack):
    line = '{"id": 1, "title": "Мост затворен"}\n{"id": 2, "title": "Затворен мост"}'
    status, out, err = run("-", stdin=pack(line.encode(encoding)))
    assert (status, len(out.splitlines())) == (0, 2)
    assert err.startswith("2 articles, 1 story, ")


def test_standard_input_is_named_once(run):
    status, _, err = run("-", "--add", "-", stdin=newsday())
    assert status == 2
    assert "name it once" in err


def test_the_constraints_are_not_overwritten(run, tmp_path: Path):
    kept = tmp_path / "kept.jsonl"
    kept.write_bytes(lines({"apart": [1, 2]}))
    status, _, err = run("-", "--constraints", kept, "-o", kept, stdin=newsday())
    assert status == 2
    assert "is a file that is read" in err
    assert kept.read_bytes() == lines({"apart": [1, 2]})


def test_a_tag_that_is_none_declares_no_language(run):
    text = "Millbrook bridge closed"
    records = [{"id": n, "title": text, "lang": tag} for n, tag in enumerate(["", "???", "x" * 99])]
    status, out, _ = run("-", stdin=lines(*records))
    assert status == 0
    assert len(clusters(out)) == 1


def test_a_file_to_add_is_not_overwritten_either(run, tmp_path: Path):
    (tmp_path / "noon.jsonl").write_bytes(newsday())
    status, _, err = run(
        "-", "--add", tmp_path / "noon.jsonl", "-o", tmp_path / "noon.jsonl", stdin=newsday()
    )
    assert status == 2
    assert "is a file that is read" in err


def test_a_constraint_on_an_article_that_is_not_there_is_said(run, tmp_path: Path):
    (tmp_path / "kept.jsonl").write_bytes(lines({"together": [1, "zz"]}))
    status, out, err = run(
        "-", "--constraints", tmp_path / "kept.jsonl", stdin=lines({"id": 1, "title": "t"})
    )
    assert (status, out) == (1, '{"id": 1, "cluster": 1}\n')
    assert "kept.jsonl: no article zz is in the files read" in err


def test_output_to_a_dash_is_standard_output(run):
    status, out, _ = run("-", "-o", "-", stdin=lines({"id": 1, "title": "t"}))
    assert (status, out) == (0, '{"id": 1, "cluster": 1}\n')


def test_folders_and_full_disks_are_named(run, tmp_path: Path):
    status, _, err = run(tmp_path)
    assert status == 2
    assert "cannot be read (Is a directory)" in err
    status, _, err = run("-", "-o", tmp_path, stdin=lines({"id": 1, "title": "t"}))
    assert status == 1
    assert "cannot be written (Is a directory)" in err
    status, _, err = run("-", "-o", "/dev/full", stdin=lines({"id": 1, "title": "t"}))
    assert status == 1
    assert "/dev/full cannot be written (No space left on device)" in err
