"""HTTP/1.1 on one connection, for answers that come in a thousand pieces.

httpx's own transport (httpcore 1.0 on h11) takes every chunk of a body by itself through six layers, which
was a third of what an answer cost. Here a parser in C takes all that has come at once.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator

import httpx
from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

from chat_ui.gateway.network import Connection, connect

__all__ = ["DirectTransport"]

# The bytes of a head, and of what else there may be between two pieces of a body.
MOST_BETWEEN = 100 * 1024
SWITCHING_PROTOCOLS = 101
# In the words of httpx's own transport, which classify.py knows.
NO_RESPONSE = "Server disconnected without sending a response."
CUT = "peer closed connection without sending complete message body"
UNPRINTABLE = (b"\r", b"\n", b"\0")


class Reply:
    """One response, as it is read."""

    def __init__(self) -> None:
        self.status = 0
        self.reason = b""
        self.headers: list[tuple[bytes, bytes]] = []
        self.has_head = False
        self.is_whole = False
        self.failure: httpx.RemoteProtocolError | None = None
        self._parser = HttpResponseParser(self)
        # Gateways are as sloppy as that, and no other request is on the connection that could be confused.
        self._parser.set_dangerous_leniencies(
            lenient_chunked_length=True,
            lenient_data_after_close=True,
            lenient_optional_cr_before_lf=True,
            lenient_spaces_after_chunk_size=True,
        )
        self._body: list[bytes] = []
        self._between = 0
        self._more = False
        self._keeps_alive = False

    @property
    def leaves_connection(self) -> bool:
        """Whether the connection can carry another request; once the response is whole."""
        return self._keeps_alive and self._is_framed() and not self._more

    def feed(self, data: bytes) -> None:
        """Take what has come; nothing is the end of the connection."""
        if not data:
            self._end()
            return
        self._between += len(data)
        try:
            self._parser.feed_data(data)
        except (HttpParserError, HttpParserUpgrade) as error:
            self._fail(str(error))
        if self._between > MOST_BETWEEN:
            self._fail("more than anybody would say before the next piece of a body")

    def take_body(self) -> bytes:
        """What there is of the body, and hasn't been taken."""
        data = b"".join(self._body)
        self._body.clear()
        return data

    def _end(self) -> None:
        if not self.has_head:
            self._fail(NO_RESPONSE)
        elif self._is_framed():
            self._fail(CUT)
        self.is_whole = True

    def _fail(self, why: str) -> None:
        if not self.is_whole:
            self.failure = self.failure or httpx.RemoteProtocolError(why)
        self._more = True

    def _is_framed(self) -> bool:
        """Whether the response says itself where it ends."""
        headers = {name.lower(): value.lower() for name, value in self.headers}
        if b"transfer-encoding" in headers:
            return headers[b"transfer-encoding"].endswith(b"chunked")
        return b"content-length" in headers or self.status in (204, 304)

    # What the parser calls.

    def on_message_begin(self) -> None:
        self._more = self.is_whole

    def on_status(self, reason: bytes) -> None:
        if not self._more:
            self.reason += reason

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self.has_head:
            self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        self._between = 0
        if self._more:
            return
        self.status = self._parser.get_status_code()
        if self.status == SWITCHING_PROTOCOLS:
            self._fail("another protocol than was asked for")
        self.has_head = self.status >= 200

    def on_body(self, body: bytes) -> None:
        self._between = 0
        if not self._more:
            self._body.append(body)

    def on_message_complete(self) -> None:
        if self.has_head:
            self.is_whole = True
            self._keeps_alive = self._parser.should_keep_alive()
        else:
            # An interim one, such as 103 (Early Hints): the response is still to come.
            self.reason, self.headers = b"", []


class Body(httpx.AsyncByteStream):
    """The body of a response, each time all that has come of it."""

    def __init__(self, transport: DirectTransport, connection: Connection, reply: Reply) -> None:
        self._transport = transport
        self._connection = connection
        self._reply = reply

    async def __aiter__(self) -> AsyncIterator[bytes]:
        reply = self._reply
        while True:
            if body := reply.take_body():
                yield body
            if reply.failure is not None:
                raise reply.failure
            if reply.is_whole:
                return
            reply.feed(await self._connection.read())

    async def aclose(self) -> None:
        self._transport.take_back(self._connection, self._reply)


class DirectTransport(httpx.AsyncBaseTransport):
    """Carries one request at a time, each over the connection of the one before where that is still open.

    Args:
        verify: how connections are secured.
        idle: seconds after which a connection isn't used again.
        public_only: whether nothing is called but addresses on the open internet.
    """

    def __init__(self, *, verify: ssl.SSLContext, idle: float, public_only: bool = False) -> None:
        self._tls = verify
        self._idle = idle
        self._public_only = public_only
        self._kept: tuple[Connection, tuple[bytes, bytes, int | None], float] | None = None
        self._origin: tuple[bytes, bytes, int | None] = (b"", b"", None)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request and read the head of its response.

        Raises:
            httpx.TransportError: what httpx's own transport raises.
        """
        within = request.extensions.get("timeout", {})
        content = _written(request, await request.aread())
        connection = await self._connection(request.url, within.get("connect"))
        try:
            await connection.write(content, within.get("write"))
            reply = await _head(connection)
        except BaseException:
            connection.close()
            raise
        return httpx.Response(
            reply.status,
            headers=reply.headers,
            stream=Body(self, connection, reply),
            extensions={
                "http_version": b"HTTP/1.1",
                "reason_phrase": reply.reason,
                "network_stream": connection,
            },
        )

    def take_back(self, connection: Connection, reply: Reply) -> None:
        """Keep the connection of a response that was read to its end, and close any other."""
        now = asyncio.get_running_loop().time()
        connection.breathe(None)
        if reply.is_whole and reply.leaves_connection and connection.is_quiet:
            self._kept = connection, self._origin, now + self._idle
        else:
            connection.close()

    async def aclose(self) -> None:
        """Close the connection that is kept."""
        if self._kept is not None:
            self._kept[0].close()
            self._kept = None

    async def _connection(self, url: httpx.URL, timeout: float | None) -> Connection:  # noqa: ASYNC109
        kept, self._kept = self._kept, None
        origin = url.raw_scheme, url.raw_host, url.port
        if kept is not None:
            connection, reaches, until = kept
            if reaches == origin and connection.is_quiet and asyncio.get_running_loop().time() < until:
                return connection
            connection.close()
        self._origin = origin
        secure = url.scheme == "https"
        return await connect(
            url.raw_host.decode("ascii"),
            url.port or (443 if secure else 80),
            tls=self._tls if secure else None,
            timeout=timeout,
            public_only=self._public_only,
        )


async def _head(connection: Connection) -> Reply:
    reply = Reply()
    while not reply.has_head:
        reply.feed(await connection.read())
        if reply.failure is not None and not reply.has_head:
            raise reply.failure
    return reply


def _written(request: httpx.Request, body: bytes) -> bytes:
    lines = [b"%b %b HTTP/1.1" % (request.method.encode("ascii"), request.url.raw_path)]
    lines += [b"%b: %b" % header for header in request.headers.raw]
    if any(character in line for line in lines for character in UNPRINTABLE):
        raise httpx.LocalProtocolError("a header of more than one line")
    return b"\r\n".join([*lines, b"", body])
