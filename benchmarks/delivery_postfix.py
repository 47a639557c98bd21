"""A real Postfix that takes mail, writes it to its queue as it always does, and discards it."""

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from benchmarks.delivery_speed import Size, beside
from benchmarks.delivery_yardsticks import YARDSTICKS
from tests.postfix import environment, free_port, prefix, program, wait_for

# Its processes work as a user who owns nothing else and shares no number with another.
_OWNER, _GROUP = "mail", "daemon"
_MAIN = """
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
command_directory = {prefix}/usr/sbin
daemon_directory = {prefix}/usr/lib/postfix/sbin
shlib_directory = {prefix}/usr/lib/postfix
meta_directory = {prefix}/etc/postfix
mail_owner = {owner}
setgid_group = {group}
maillog_file = /dev/stdout
import_environment = MAIL_CONFIG MAIL_LOGTAG LANG=C LD_LIBRARY_PATH
myhostname = mx.example.org
mydestination =
mynetworks = 127.0.0.0/8
smtpd_relay_restrictions = permit_mynetworks, reject
inet_interfaces = loopback-only
inet_protocols = ipv4
alias_maps =
alias_database =
relay_domains =
default_transport = discard:
"""
_MASTER = """
127.0.0.1:{port} inet n - n - - smtpd
anvil unix - - n - 1 anvil
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
proxymap unix - - n - - proxymap
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
discard unix - - n - - discard
error unix - - n - - error
retry unix - - n - - error
postlog unix-dgram n - n - 1 postlogd
"""


def real_server(size: Size) -> int:
    """Print how fast we and Postfix's load generator send to a real server."""
    if os.getuid():
        raise SystemExit("Only root can start Postfix: run this as root")
    generator = replace(YARDSTICKS[0], aim=None)
    with tempfile.TemporaryDirectory() as name, postfix() as port:
        beside(Path(name), port, size, [generator])
    return 0


@contextlib.contextmanager
def postfix() -> Iterator[int]:
    """Postfix with a configuration and a queue of its own; yields its port of 127.0.0.1."""
    port = free_port()
    folder = Path(tempfile.mkdtemp(prefix="postfix-"))
    folder.chmod(0o755)
    config = folder / "config"
    config.mkdir()
    (folder / "queue").mkdir()
    names = {"folder": folder, "prefix": prefix(), "owner": _OWNER, "group": _GROUP}
    (config / "main.cf").write_text(_MAIN.format(**names), "ascii")
    (config / "master.cf").write_text(_MASTER.format(port=port), "ascii")
    log = folder / "log"
    with log.open("wb") as output:
        command = [program("postfix"), "-c", str(config), "start-fg"]
        server = subprocess.Popen(
            command, env=environment(), stdout=output, stderr=subprocess.STDOUT
        )
    try:
        try:
            wait_for(port, server)
        except RuntimeError as error:
            said = log.read_text("utf-8", errors="replace")
            raise SystemExit(f"Postfix did not start:\n{said}{error}") from error
        yield port
    finally:
        subprocess.run(
            [program("postfix"), "-c", str(config), "stop"],
            env=environment(),
            check=False,
            stderr=subprocess.DEVNULL,
        )
        server.wait()
        shutil.rmtree(folder)
