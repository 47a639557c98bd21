"""`digest stories group` as a program of its own, on what nobody should have sent it."""

import json
import os
import subprocess
from pathlib import Path

from tests.acceptance.conftest import DIGEST

FIXTURES = Path(__file__).parents[1] / "fixtures" / "stories"


def grouped(data: bytes, *options: str, **settings: str) -> tuple[int, bytes, str]:
    done = subprocess.run(
        [*DIGEST, "stories", "group", "-", *options],
        input=data,
        capture_output=True,
        check=False,
        timeout=120,
        env=os.environ | settings,
    )
    said = done.stderr.decode()
    assert "Traceback" not in said
    return done.returncode, done.stdout, said


def test_the_news_of_many_languages_is_the_same_under_every_hash_seed():
    data = b"".join(path.read_bytes() for path in sorted(FIXTURES.glob("*.jsonl")))
    runs = {grouped(data, PYTHONHASHSEED=seed)[1] for seed in ("0", "1", "77")}
    assert len(runs) == 1
    backwards = b"".join(reversed(data.splitlines(keepends=True)))
    (said,) = runs
    assert sorted(grouped(backwards)[1].splitlines()) == sorted(said.splitlines())


def test_a_terminal_of_plain_ascii_takes_any_id():
    records = ["\ud800", "新聞", "\x1b[2J", "\u202e"]
    data = b"".join(json.dumps({"id": name, "title": "t"}).encode() + b"\n" for name in records) * 2
    status, out, said = grouped(data, PYTHONIOENCODING="ascii", LC_ALL="C")
    assert status == 1
    assert [json.loads(line)["id"] for line in out.splitlines()] == records
    assert said.count("has come before") == 4
    assert "\x1b" not in said


def test_a_line_of_megabytes_and_one_cut_off():
    endless = json.dumps({"id": 1, "title": "<", "body": "&lt;<b " * 1_500_000}).encode()
    status, out, said = grouped(endless + b"\n" + endless[:-1], "--json")
    assert status == 1
    assert json.loads(out)["articles"] == 1
    assert said.startswith("standard input:2: not JSON (")


def test_without_standard_input():
    done = subprocess.run(
        ["/bin/sh", "-c", 'exec "$0" "$@" <&-', *DIGEST, "stories", "group", "-"],
        capture_output=True,
        check=False,
        text=True,
        timeout=120,
    )
    assert done.returncode == 2
    assert done.stderr.startswith("digest: The file - cannot be read")


def test_an_empty_file_waits_for_no_heavy_import(tmp_path: Path):
    (tmp_path / "none.jsonl").touch()
    done = subprocess.run(
        [DIGEST[0], "-X", "importtime", *DIGEST[1:], "stories", "group", "none.jsonl"],
        cwd=tmp_path,
        capture_output=True,
        check=True,
        text=True,
        timeout=120,
    )
    imported = {line.rsplit("|")[-1].strip() for line in done.stderr.splitlines()}
    assert "digest.stories" in imported
    assert imported.isdisjoint({"numpy", "scipy", "sqlalchemy", "fastapi", "jinja2"})
