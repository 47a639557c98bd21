"""What users install: the wheel carries all that the program needs, away from the checkout."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that holds the package as the wheel has it, and nothing of the checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    build = "from hatchling.build import build_wheel; print(build_wheel('{}'))"
    done = subprocess.run(
        [sys.executable, "-c", build.format(folder)],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    with zipfile.ZipFile(folder / done.stdout.split()[-1]) as wheel:
        wheel.extractall(folder / "site")
    return folder / "site"


def run(installed: Path, cwd: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(installed), "DEMO_WAIT": "0"}
    return subprocess.run(
        [sys.executable, "-m", "digest", *arguments],
        cwd=cwd,
        env=environment,
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_it_holds_the_templates_the_migrations_and_no_tests(installed: Path):
    held = {str(path.relative_to(installed)) for path in installed.rglob("*") if path.is_file()}
    assert "digest/_templates/email/edition/body.html" in held
    assert "digest/_templates/web/preview.html" in held
    assert "digest/store/migrations/versions/0001_first_tables.py" in held
    assert "digest/config.example.toml" in held
    assert "digest/py.typed" in held
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in held)
    assert {name.split("/")[0].split("-")[0] for name in held} == {"digest"}


def test_it_runs_the_whole_main_job_away_from_the_checkout(installed: Path, tmp_path: Path):
    where = run(installed, tmp_path, "demo")
    assert where.returncode == 0, where.stderr
    assert "accepted 25" in where.stdout
    assert len(list((tmp_path / "demo-output" / "mails").glob("*.eml"))) == 25
    shown = run(installed, tmp_path, "--config", "demo-output/digest.toml", "editions", "show", "1")
    assert "audience 25 = 25" in shown.stdout


def test_it_writes_a_configuration_that_loads(installed: Path, tmp_path: Path):
    first, second = (run(installed, tmp_path, "init") for _ in range(2))
    assert (first.returncode, second.returncode) == (0, 0), first.stderr + second.stderr
    assert "(new" in first.stdout
    assert "(new" not in second.stdout
    assert (tmp_path / "secret.key").stat().st_mode & 0o077 == 0
