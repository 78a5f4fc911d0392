"""A proxy that can be set up wrongly: it passes bytes on, and changes the head of a request on the way."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from types import TracebackType

__all__ = ["Proxy", "drop_upgrades", "unchanged", "write_origin"]

Change = Callable[[bytes], bytes]
# How a handshake begins.
TLS = b"\x16"


def unchanged(head: bytes) -> bytes:
    """As it should be."""
    return head


def drop_upgrades(head: bytes) -> bytes:
    """What nginx does unless it is told otherwise."""
    return re.sub(rb"(?im)^(connection|upgrade): .*\r\n", b"", head)


def write_origin(origin: str) -> Change:
    """Say of every page that it is the site's own."""
    return lambda head: re.sub(rb"(?im)^origin: .*\r\n", f"Origin: {origin}\r\n".encode(), head)


class Proxy:
    """Listens at once; where it leads to may be said later.

    Args:
        target: the port that it passes everything to; 0 for none.
    """

    def __init__(self, target: int = 0) -> None:
        self.target = target
        self.change: Change = unchanged

    async def __aenter__(self) -> Proxy:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://localhost:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readexactly(1)
            if head == TLS:
                # What nginx says where a port without TLS is spoken to with it.
                writer.write(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")
                return
            head += await reader.readuntil(b"\r\n\r\n")
            if not self.target:
                writer.write(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 5\r\n\r\nSorry")
                return
            behind, forward = await asyncio.open_connection("127.0.0.1", self.target)
            forward.write(self.change(head))
            await asyncio.gather(_pass(reader, forward), _pass(behind, writer))
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except ConnectionError:
        pass
    finally:
        writer.close()
