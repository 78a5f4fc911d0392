"""The production server, and the app as it asks for it."""

from __future__ import annotations

import argparse
import asyncio
import gc
import logging
import signal
import sys
from contextlib import suppress
from multiprocessing import get_context
from multiprocessing.synchronize import Lock
from socket import socket
from types import FrameType

import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.config import LOGGING_CONFIG, STARTUP_FAILURE
from uvicorn.supervisors import Multiprocess

__all__ = ["Server", "app", "main"]

# Longer than a proxy before the site keeps a connection that nobody uses: what it asks then is never lost.
KEPT_OPEN_S = 180
# How often the date changes that every answer has in its head.
TICK_S = 1.0


def main() -> None:
    """Serve the site, compiled and configured by the environment, until a signal ends it."""
    parser = argparse.ArgumentParser(prog="python -m chat_ui.served")
    parser.add_argument("--host", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--log-config", default=LOGGING_CONFIG)
    wanted = parser.parse_args()
    config = Config(
        "chat_ui.served:app",
        factory=True,
        host=wanted.host,
        port=wanted.port,
        workers=wanted.workers,
        log_config=wanted.log_config,
        # Whoever says nonsense, as many do on the open internet, is answered, and not written down.
        log_level="error",
        access_log=False,
        lifespan="on",
        http="chat_ui.web.connection:Connection",
        ws="chat_ui.state.websocket:Websocket",
        # The pieces of an answer are too short to compress, and Socket.IO has a heartbeat of its own.
        ws_per_message_deflate=False,
        ws_ping_interval=None,
        # The site looks at what a proxy says of the reader itself (web/requests.py).
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=KEPT_OPEN_S,
    )
    with suppress(KeyboardInterrupt):
        if wanted.workers > 1:
            # One that dies is replaced; a single one ends the site, which whoever started it starts again.
            _serve_together(config)
        else:
            _serve_alone(config)


def _serve_together(config: uvicorn.Config) -> None:
    workers = Workers(config, sockets=[config.bind_socket()])
    workers.run()
    if any(worker.exitcode == STARTUP_FAILURE for worker in workers.processes):
        sys.exit(STARTUP_FAILURE)


def _serve_alone(config: uvicorn.Config) -> None:
    config.load_app()
    server = Server(config)
    server.run()
    if not server.started:
        sys.exit(STARTUP_FAILURE)


def _tell_where(config: uvicorn.Config) -> None:
    host = f"[{config.host}]" if ":" in config.host else config.host
    print(
        f"Chat UI listens on http://{'localhost' if host == '127.0.0.1' else host}:{config.port}", flush=True
    )


class Config(uvicorn.Config):
    """uvicorn's, but of several workers that can't start only the first says why: the others' is the same.

    They share what they are given as they begin, of which this is a part.
    """

    _unsaid: Lock | None = None

    def bind_socket(self) -> socket:
        """Listen, for workers to come."""
        self._unsaid = get_context("spawn").Lock()
        return super().bind_socket()

    def load(self) -> None:
        """Import the app."""
        super().load()
        self.loaded_app = _in_its_own_words(self.loaded_app, self._unsaid)


class Workers(Multiprocess):
    """uvicorn's, but saying where the site is once the first of them serves it."""

    _is_told = False

    def keep_subprocess_alive(self) -> None:
        """Look after the workers, as twice a second."""
        super().keep_subprocess_alive()
        if not self._is_told and any(worker.is_ready() for worker in self.processes):
            self._is_told = True
            _tell_where(self.config)


class Server(uvicorn.Server):
    """uvicorn's, but saying where the site is once it listens, and told when it is to end.

    To look ten times a second was most of what an idle site did.

    Args:
        config: what it serves, and where.
    """

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._told_to_end = asyncio.Event()

    async def startup(self, sockets: list[socket] | None = None) -> None:
        """Open the site, listen, and say where."""
        await super().startup(sockets)
        if self.started:
            _tell_where(self.config)

    async def main_loop(self) -> None:
        """Serve until a signal comes."""
        self._loop = asyncio.get_running_loop()
        while not await self.on_tick(0):
            with suppress(TimeoutError):
                async with asyncio.timeout(TICK_S):
                    await self._told_to_end.wait()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Take note of a signal, whatever the loop is at."""
        super().handle_exit(sig, frame)
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._told_to_end.set)


def app() -> ASGIApp:
    """Import the app, and make what a server of HTTP speaks to.

    Nobody seeks garbage meanwhile, of which importing leaves hardly any: going through all that was imported,
    again and again, took a quarter of the time. ``run_chat`` lets it be sought once the chat is open.

    Who is told to end meanwhile ends: a worker's server would only take note of it, and look once it has
    started, which it never does while its database is away.
    """
    gc.disable()
    taking_note = signal.signal(signal.SIGTERM, signal.SIG_DFL)
    try:
        from chat_ui import chat_ui  # noqa: PLC0415

        return chat_ui.app()
    finally:
        signal.signal(signal.SIGTERM, taking_note)


def _in_its_own_words(site: ASGIApp, unsaid: Lock | None) -> ASGIApp:
    """Have a site that can't start say why, unless it was said, and not where in its code that was found."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await site(scope, receive, telling_why(send) if scope["type"] == "lifespan" else send)

    def telling_why(send: Send) -> Send:
        async def tell(message: Message) -> None:
            why = sys.exc_info()[1]
            if message["type"] == "lifespan.startup.failed" and isinstance(why, SystemExit):
                message = {**message, "message": str(why)}
                if unsaid is not None and not unsaid.acquire(block=False):
                    logging.getLogger("uvicorn.error").disabled = True
            await send(message)

        return tell

    return app


if __name__ == "__main__":
    main()
