"""CSV files as they come: encodings, delimiters, headers, broken quotes."""

from pathlib import Path

import pytest

from digest.errors import CannotReadError, CsvUnreadableError, UsageError
from digest.subscribers.csv_reading import CsvRow, SubscribersCsv


@pytest.fixture
def read(tmp_path: Path):
    def rows(content: str | bytes, encoding: str | None = None) -> list[CsvRow]:
        path = tmp_path / "in.csv"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return list(SubscribersCsv(path, encoding))

    return rows


@pytest.fixture
def refusal(read):
    def told(content: str | bytes, encoding: str | None = None) -> str:
        with pytest.raises(CsvUnreadableError) as refused:
            read(content, encoding)
        return str(refused.value)

    return told


def emails(rows: list[CsvRow]) -> list[tuple[int, str]]:
    return [(row.line, row.cells["email"]) for row in rows]


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", pytest.param("utf-16-be", id="utf-16-be marked")]
)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_encodings_that_say_what_they_are(read, encoding: str, end: str):
    mark = "\ufeff" if encoding == "utf-16-be" else ""
    text = mark + end.join(["email,name", "a@b.org,Zoé", "", "c@d.org,Ана"])
    rows = read(text.encode(encoding))
    assert [row.cells["name"] for row in rows] == ["Zoé", "Ана"]
    assert emails(rows) == [(2, "a@b.org"), (4, "c@d.org")]


def test_latin_1_is_refused_with_its_line_and_the_remedy(read, refusal):
    content = "email,name\na@b.org,Ana\nc@d.org,Zoé\n".encode("latin-1")
    told = refusal(content)
    assert "line 3 is not UTF-8: save the file as UTF-8, or say what it is in" in told
    assert "--encoding latin-1" in told
    assert read(content, "latin-1")[1].cells["name"] == "Zoé"


def test_a_file_cut_within_a_letter_is_refused(refusal):
    assert "line 2 is not UTF-8" in refusal("email\né@b.orgé".encode()[:-1] + b"\n")
    assert "is not UTF-8" in refusal("email\na@b.orgé".encode()[:-1])


def test_utf_16_without_its_mark_is_recognised(read, refusal):
    content = "email\na@b.org".encode("utf-16-le")
    assert "looks like UTF-16: say --encoding utf-16-le or utf-16-be" in refusal(content)
    assert emails(read(content, "utf-16-le")) == [(2, "a@b.org")]


@pytest.mark.parametrize("name", ["klingon", "rot13", "base64"])
def test_an_encoding_that_is_none_is_refused(read, name: str):
    with pytest.raises(UsageError, match=f'"{name}" is no encoding of text: use one such as'):
        read("email", name)


def test_columns_come_in_any_order_and_case(read):
    rows = read(" Language,E-mail ok, EMAIL\nbg,x,a@b.org\n")
    assert rows[0].cells == {
        "email": "a@b.org",
        "name": "",
        "newsletters": "",
        "sections": "",
        "timezone": "",
        "language": "bg",
    }


def test_other_columns_are_named_as_ignored(tmp_path: Path):
    path = tmp_path / "in.csv"
    path.write_text("email,Phone,name,\na@b.org,1,Ana,\n")
    file = SubscribersCsv(path)
    assert file.ignored == ["phone"]
    assert next(iter(file)).cells["name"] == "Ana"


def test_tabs_part_cells_too(read):
    rows = read("email\tname\na@b.org\tPetrova, Ana\n")
    assert rows[0].cells["name"] == "Petrova, Ana"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "must name the columns"),
        ("a@b.org\n", '"email" among them; it has a@b.org'),
        ("email;name\n", "parted by semicolons, which part several values within a cell"),
        ("email,name,email\n", 'two columns "email": remove one'),
        ('email,"name\n', "in its first line a quote is not closed"),
        (b"%PDF-1.4\n\xe2\xe3\xcf\xd3", "line 2 is not UTF-8"),
    ],
)
def test_a_file_that_is_none_is_refused(refusal, content: str | bytes, told: str):
    assert told in refusal(content)


def test_cells_are_unguarded(read):
    assert emails(read("email\n'=a@b.org\n")) == [(2, "=a@b.org")]


def test_quoted_cells_hold_commas_quotes_and_line_breaks(read):
    rows = read('email,name\na@b.org,"Ana, ""the\ngreat"""\nc@d.org,C\n')
    assert rows[0].cells["name"] == 'Ana, "the\ngreat"'
    assert emails(rows) == [(2, "a@b.org"), (4, "c@d.org")]


def test_a_quote_that_is_never_closed_costs_its_line_only(read):
    lines = [f"a{number}@b.org,Ana" for number in range(40)]
    lines[5] = 'a5@b.org,"Ana'
    rows = read("\n".join(["email,name", *lines]))
    assert emails(rows) == [(number + 2, f"a{number}@b.org") for number in range(40)]
    assert {row.line: row.problem for row in rows if row.problem} == {7: "a quote is not closed"}


def test_an_unclosed_quote_does_not_swallow_the_next_good_one(read):
    rows = read('email,name\na@b.org,"Ana\nc@d.org,"Petrova, C"\ne@f.org,E\n')
    assert [(row.line, row.problem) for row in rows] == [
        (2, "a quote is not closed"),
        (3, ""),
        (4, ""),
    ]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ('a@b.org,"Ana" Petrova', "a quote stands within a cell: double it"),
        ("a@b.org,Petrova, Ana", "it has 3 cells and the first line names 2 columns"),
        ("a@b.org," + "x" * 140_000, "a cell is longer than 131,072 characters"),
    ],
)
def test_a_broken_line_has_its_reason(read, line: str, problem: str):
    broken, good = read(f"email,name\n{line}\nc@d.org,C\n")
    assert broken.problem.startswith(problem)
    assert (good.line, good.problem) == (3, "")


def test_a_missing_file_is_told(tmp_path: Path):
    with pytest.raises(CannotReadError, match="No such file"):
        SubscribersCsv(tmp_path / "none.csv")
