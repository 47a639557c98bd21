"""A process that tells the desk what there is to tell, and dies at a step that is named.

python -m tests.telling CONFIG STEP
"""

import asyncio
import subprocess
import sys
from pathlib import Path

from digest.bootstrap import App
from digest.notices import record
from digest.worker import tell_desk
from tests.sending import Step, die, strike

STEPS = {
    "it is taken down": Step(record, "take_down", after=True),
    "before it may leave": Step(record, "let_go", after=False),
    "it may leave": Step(record, "let_go", after=True),
    "the answer is heard": Step(record, "settle", after=False),
    "the answer is recorded": Step(record, "settle", after=True),
}


def killed_at(config: Path, step: str) -> int:
    """The status that such a process ends with."""
    command = [sys.executable, "-m", "tests.telling", str(config), step]
    return subprocess.run(
        command, cwd=Path(__file__).parent.parent, check=False, timeout=60
    ).returncode


def main() -> None:
    """The process."""
    config, step = sys.argv[1:]
    strike(STEPS[step], 1, die)
    app = App.from_file(Path(config))
    asyncio.run(tell_desk(app, asyncio.Event()))
    app.close()


if __name__ == "__main__":
    main()
