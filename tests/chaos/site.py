"""The server of the real site, without its page, and a look into its process."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import struct
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

from chat_ui.chat.service import DATABASE
from tests.browser.site import ROOT, Site
from tests.chaos.gateway import MODEL
from tests.chaos.patience import until

__all__ = ["Server", "Workers"]

INSIDE = Path(__file__).parent / "inside"


def _connections_of(process: int) -> list[Any]:
    return psutil.Process(process).net_connections("tcp")


class Asking(Site):
    """A site without its page that asks one gateway.

    Args:
        place: where its page would be.
        data_dir: where it keeps what isn't elsewhere.
        gateway_port: where the gateway is.
        env: its other settings.
        workers: how many processes it has.
    """

    def __init__(
        self, place: Path, data_dir: Path, gateway_port: int, env: Mapping[str, str], *, workers: int = 1
    ) -> None:
        asks = {
            "CHAT_UI_GATEWAY_URL": f"http://127.0.0.1:{gateway_port}/v1",
            "CHAT_UI_GATEWAY_MODEL": MODEL,
            "__REFLEX_MOUNT_FRONTEND_COMPILED_APP": "false",
        }
        super().__init__(place, data_dir, {**asks, **env}, workers=workers)

    def sockets_of_pages(self) -> int:
        """How many connections of pages it has, half-closed ones included."""
        return sum(1 for each in self._connections() if each.raddr and each.laddr.port == self.port)

    def _connections(self) -> list[Any]:
        return [each for worker in self.worker_ids() for each in _connections_of(worker)]


class Workers(Asking):
    """Two processes that ask one gateway.

    Args:
        folder: for its log.
        data_dir: where it keeps what isn't in the database.
        gateway_port: where the gateway is.
        shared: the settings for what they share.
    """

    def __init__(self, folder: Path, data_dir: Path, gateway_port: int, shared: Mapping[str, str]) -> None:
        folder.mkdir(parents=True)
        super().__init__(folder / "web", data_dir, gateway_port, shared, workers=2)

    def _connections(self) -> list[Any]:
        found: list[Any] = []
        for worker in self.worker_ids():
            # One may end while it is looked at.
            with suppress(psutil.Error):
                found += _connections_of(worker)
        return found


class Server(Asking):
    """A server that asks one gateway.

    Args:
        folder: for its log, its clock and the like.
        data_dir: where it keeps everything.
        gateway_port: where the gateway is.
    """

    def __init__(self, folder: Path, data_dir: Path, gateway_port: int) -> None:
        folder.mkdir(parents=True)
        self._clock = folder / "clock"
        self._tasks = folder / "tasks.json"
        self._gateway_port = gateway_port
        self.set_clock(0)
        path = (str(INSIDE), os.environ.get("PYTHONPATH"))
        env = {
            "PYTHONPATH": os.pathsep.join(filter(None, path)),
            "CHAOS_CLOCK": str(self._clock),
            "CHAOS_TASKS": str(self._tasks),
        }
        super().__init__(folder / "web", data_dir, gateway_port, env)
        self._log = folder / "log"

    def _run(self, command: Sequence[str], env: Mapping[str, str]) -> subprocess.Popen[bytes]:
        # A fresh one: what is inside has to be there before anything else.
        with self._log.open("ab") as log:
            return subprocess.Popen(
                command, cwd=ROOT, env=env, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
            )

    @property
    def database(self) -> Path:
        """The file that everything is in."""
        return self.data_dir / DATABASE

    def set_clock(self, seconds: int) -> None:
        """Set the server's clock ahead of the true time by so many seconds."""
        # In place: the process has it mapped.
        with self._clock.open("r+b" if self._clock.exists() else "wb") as clock:
            clock.write(struct.pack("q", seconds))

    async def tasks(self) -> list[str]:
        """Where in the app each of its tasks stands that is in it."""
        self._tasks.unlink(missing_ok=True)
        assert self._process is not None
        os.kill(self._process.pid, signal.SIGUSR1)
        await until(self._tasks.exists, "the server lists its tasks")
        return json.loads(await asyncio.to_thread(self._tasks.read_text))

    def sockets_to_gateway(self) -> int:
        """How many connections to the gateway it has, half-closed ones included."""
        return sum(1 for each in self._connections() if each.raddr and each.raddr.port == self._gateway_port)
