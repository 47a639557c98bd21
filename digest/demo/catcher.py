"""A local SMTP server that keeps every mail as a file and sends none on."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from digest.running import listen

LOOPBACK = "127.0.0.1"
_UNSAFE = re.compile(r"[^\w.@+-]")


class Catcher:
    """Keeps the mails of one folder; `caught` counts them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.caught: list[Path] = []

    async def handle_DATA(  # noqa: N802 - aiosmtpd calls it by this name
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        """Keep a mail under its recipient's name."""
        content = envelope.content
        data = content.encode() if isinstance(content, str) else content or b""
        name = _UNSAFE.sub("_", ", ".join(envelope.rcpt_tos))
        path = self.folder / f"{name}.eml"
        path.write_bytes(data)
        self.caught.append(path)
        return f"250 kept as {path.name}"


@contextmanager
def catching(folder: Path, port: int = 0) -> Iterator[tuple[Catcher, int]]:
    """A catcher that listens on the loopback while the block runs, and its port; 0 is any free one.

    Raises:
        PortTakenError: something else listens there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    catcher = Catcher(folder)
    # aiosmtpd tries its own port when it starts, so it wants to know it beforehand.
    with listen(LOOPBACK, port) as free:
        port = free.getsockname()[1]
    controller = Controller(
        catcher, hostname=LOOPBACK, port=port, enable_SMTPUTF8=True, ready_timeout=30
    )
    controller.start()
    try:
        yield catcher, port
    finally:
        controller.stop()
