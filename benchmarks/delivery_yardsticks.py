"""What `benchmarks.delivery` measures against: each sends to the same server, in its own process.

    python -m benchmarks.delivery_yardsticks NAME PORT COUNT MESSAGE_FILE

Prints the seconds from the first connection to the last answer.
"""

import asyncio
import logging
import os
import shutil
import smtplib
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from email.message import EmailMessage
from functools import cache
from html import escape
from pathlib import Path
from random import Random

import aiosmtplib
import cssutils  # type: ignore[import-untyped]  # ships no types
import premailer

from benchmarks.delivery_scratch import CONNECTIONS, SENDER, STORIES, address
from benchmarks.rendering import SITE, TEMPLATES, VALUES, made
from digest.rendering import fill, render_edition, splice
from tests.postfix import environment, program

HOST = "127.0.0.1"
THREADS = 10
NODEMAILER = "nodemailer@10.6.0"
_POOL = Path(__file__).with_name("nodemailer_pool.cjs")


@dataclass(frozen=True)
class Yardstick:
    """Another way to send.

    `aim` is how many times as fast we want to be; `share` is how many messages it is given for
    one of ours, so that it takes about as long.
    """

    name: str
    aim: float | None
    share: float
    seconds: Callable[[int, int, Path], float]
    needs_node: bool = False


def smtp_source(port: int, count: int, message: Path) -> float:
    """Postfix's load generator: one canned message, no ledger."""
    size = ("-l", str(message.stat().st_size))
    command = [program("smtp-source"), "-d", "-s", str(CONNECTIONS), "-m", str(count), *size]
    command += ["-f", SENDER, "-t", address(1), f"{HOST}:{port}"]
    began = time.perf_counter()
    subprocess.run(command, env=environment(), check=True)
    return time.perf_counter() - began


def nodemailer(port: int, count: int, message: Path) -> float:
    """Nodemailer's pool with raw messages."""
    values = (port, CONNECTIONS, count, SENDER, address(1), message)
    command = ["node", str(_POOL), *map(str, values)]
    there = os.environ | {"NODE_PATH": str(node_modules())}
    return float(subprocess.run(command, env=there, stdout=subprocess.PIPE, check=True).stdout)


@cache
def node_modules() -> Path:
    """The folder that nodemailer is installed in: now, if it was not before.

    Raises:
        RuntimeError: it cannot be installed.
    """
    folder = Path(sys.prefix) / "nodemailer"
    modules = folder / "node_modules"
    if not (modules / "nodemailer").exists():
        if not shutil.which("npm") or not shutil.which("node"):
            raise RuntimeError("nodemailer needs Node.js and npm (Debian: apt-get install npm)")
        folder.mkdir(exist_ok=True)
        options = ("--prefix", str(folder), "--no-audit", "--no-fund", "--silent")
        if subprocess.run(["npm", "install", *options, NODEMAILER], check=False).returncode:
            raise RuntimeError(f"npm could not install {NODEMAILER}")
    return modules


def _in_process(name: str) -> Callable[[int, int, Path], float]:
    def seconds(port: int, count: int, message: Path) -> float:
        module = (sys.executable, "-m", "benchmarks.delivery_yardsticks")
        command = [*module, name, str(port), str(count), str(message)]
        return float(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)

    return seconds


YARDSTICKS = (
    Yardstick(f"smtp-source -s {CONNECTIONS} -d", 1.0, 1, smtp_source),
    Yardstick("nodemailer, pool, raw messages", 3, 0.25, nodemailer, needs_node=True),
    Yardstick(f"smtplib, {THREADS} threads, bytes", 2.5, 0.25, _in_process("smtplib")),
    Yardstick("aiosmtplib, pool, sendmail()", 3.5, 0.25, _in_process("aiosmtplib")),
    Yardstick("the common way", 100, 0.005, _in_process("common")),
)


def with_smtplib(port: int, count: int, message: bytes) -> None:
    """Threads that each keep a connection, and send ready bytes."""

    def work(part: int) -> None:
        with smtplib.SMTP(HOST, port) as client:
            for _ in range(part):
                client.sendmail(SENDER, address(1), message)

    threads = [
        threading.Thread(target=work, args=(part,)) for part in _parts(count, THREADS) if part
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def with_aiosmtplib(port: int, count: int, message: bytes) -> None:
    """A pool of connections, and ready bytes."""

    async def work(part: int) -> None:
        async with aiosmtplib.SMTP(hostname=HOST, port=port, start_tls=False) as client:
            for _ in range(part):
                await client.sendmail(SENDER, [address(1)], message)

    async def main() -> None:
        await asyncio.gather(*(work(part) for part in _parts(count, CONNECTIONS) if part))

    asyncio.run(main())


def in_the_common_way(port: int, count: int, _: bytes) -> None:
    """For each subscriber: render, inline, build, connect and send, commit."""
    document = made(STORIES, "en", Random(7))
    # It would print a complaint for each property that is younger than CSS 2.1.
    cssutils.log.setLevel(logging.CRITICAL)

    async def main(ledger: sqlite3.Connection) -> None:
        for number in range(count):
            spliced = splice(render_edition(document, SITE, TEMPLATES, premailer.transform), None)
            message = EmailMessage()
            message["From"], message["To"] = SENDER, address(number)
            message["Subject"] = spliced.subject
            message.set_content(fill(spliced.text, VALUES))
            message.add_alternative(fill(spliced.html, VALUES, escape), subtype="html")
            await aiosmtplib.send(message, hostname=HOST, port=port, start_tls=False)
            ledger.execute("INSERT INTO sent VALUES (?)", (number,))
            ledger.commit()

    with tempfile.TemporaryDirectory() as folder:
        ledger = sqlite3.connect(Path(folder) / "ledger.db")
        ledger.execute("PRAGMA journal_mode = WAL")
        ledger.execute("PRAGMA synchronous = FULL")
        ledger.execute("CREATE TABLE sent (subscriber INTEGER PRIMARY KEY)")
        asyncio.run(main(ledger))
        ledger.close()


def _parts(count: int, among: int) -> list[int]:
    """The count in parts as equal as can be."""
    return [count // among + (place < count % among) for place in range(among)]


def main() -> None:
    """One of those written in Python."""
    ways = {"smtplib": with_smtplib, "aiosmtplib": with_aiosmtplib, "common": in_the_common_way}
    _, name, port, count, path = sys.argv
    message = Path(path).read_bytes()
    began = time.perf_counter()
    ways[name](int(port), int(count), message)
    print(time.perf_counter() - began)


if __name__ == "__main__":
    main()
