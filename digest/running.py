"""The program's parts side by side in one process, until it is told to stop."""

import asyncio
import contextlib
import logging
import socket
from collections.abc import Iterator
from dataclasses import dataclass

import uvicorn
from fastapi import FastAPI

from digest.bootstrap import App
from digest.errors import PortTakenError
from digest.scheduler import Scheduler
from digest.worker import Worker, stop_on_signals

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Site:
    """What is served, and on which open socket."""

    web: FastAPI
    listening: socket.socket


class Server(uvicorn.Server):
    """A web server that leaves the signals to us: the order of stopping is ours."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Change nothing: `run_parts` listens to the signals."""
        yield


def listen(host: str, port: int) -> socket.socket:
    """An open socket, before anything else is started.

    Raises:
        PortTakenError: the address is in use, or not ours to listen on.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=512)
    except OSError as error:
        raise PortTakenError(host=host, port=port, why=error.strerror) from error


async def run_parts(
    app: App,
    *,
    schedules: bool = False,
    sends: bool = False,
    site: Site | None = None,
    stop: asyncio.Event | None = None,
) -> None:
    """Run some of the parts until `stop`, or until SIGINT or SIGTERM.

    Then they stop in order: no edition is begun any more, the messages in flight are finished and
    recorded, and the web closes last, so that a reader who is just leaving gets an answer.
    """
    stop = stop or asyncio.Event()
    stop_on_signals(stop)
    worker = Worker(app) if sends else None
    scheduler = Scheduler(app, worker.wake if worker else lambda: None) if schedules else None
    server = Server(web_configuration(site.web)) if site else None
    async with asyncio.TaskGroup() as tasks:
        serving = None
        if site and server:
            serving = tasks.create_task(server.serve(sockets=[site.listening]))
        sending = tasks.create_task(worker.run()) if worker else None
        if scheduler:
            scheduler.start()
        await stop.wait()
        logger.info("stopping: messages in flight are finished first")
        if scheduler:
            await scheduler.stop()
        if worker and sending:
            worker.stop()
            await sending
        if server and serving:
            server.should_exit = True
            await serving


def web_configuration(web: FastAPI) -> uvicorn.Config:
    """How pages are served: quietly, and with nothing of ours in the way of stopping."""
    return uvicorn.Config(
        web,
        log_config=None,
        access_log=False,
        lifespan="off",
        server_header=False,
        timeout_graceful_shutdown=5,
    )
