from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable
from email.utils import formatdate
from typing import Any

import httpx
import pytest

from chat_ui import gateway
from chat_ui.gateway import (
    BadRequest,
    Clocks,
    ConnectionLost,
    ConnectionRefused,
    ConnectTimeout,
    ContextTooLong,
    EmptyAnswer,
    Forbidden,
    Gateway,
    GatewayDown,
    GatewayError,
    HostNotFound,
    ModelNotFound,
    NotAnAPI,
    NotFound,
    PaymentRequired,
    QuotaUsedUp,
    RateLimited,
    StreamError,
    TLSFailure,
    TooLarge,
    Unauthorized,
    UnexpectedRedirect,
    errors,
    status_errors,
)
from chat_ui.gateway.classify import from_status, from_transport, retry_after

from .wire import HASTY, KEY, Peer, Script, ScriptedServer, answer, answering, collected, profile

Serve = Callable[[Script], Awaitable[ScriptedServer]]


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, {"error": {"message": "bad temperature"}}, BadRequest),
        (400, {"error": {"message": "no", "code": "context_length_exceeded"}}, ContextTooLong),
        (400, {"message": "This model's maximum context length is 8192 tokens"}, ContextTooLong),
        (400, {"error": {"message": "No connected db.", "type": "no_db_connection"}}, Unauthorized),
        (400, {"error": {"message": "The model knows nothing of no_db_connection"}}, BadRequest),
        (401, "invalid api key", Unauthorized),
        (402, {"error": {"message": "insufficient_balance"}}, PaymentRequired),
        (403, "insufficient scope", Forbidden),
        (404, {"detail": "Not Found"}, NotFound),
        (404, "<html><body>404</body></html>", NotFound),
        (404, {"error": {"message": "The model `x` does not exist"}}, ModelNotFound),
        (404, {"error": {"message": "no such thing", "code": "model_not_found"}}, ModelNotFound),
        (405, {"detail": "Method Not Allowed"}, NotFound),
        (408, "", GatewayDown),
        (413, "", TooLarge),
        (418, "", BadRequest),
        (422, {"detail": [{"msg": "field required"}]}, BadRequest),
        (429, {"error": {"message": "too fast"}}, RateLimited),
        (429, {"error": "monthly budget exceeded"}, QuotaUsedUp),
        (429, {"error": {"message": "no", "type": "insufficient_quota"}}, QuotaUsedUp),
        (500, "", GatewayDown),
        (502, "all providers failed", GatewayDown),
        (504, "<!DOCTYPE html><p>Gateway Timeout", GatewayDown),
        (529, {"error": {"type": "overloaded_error"}}, GatewayDown),
        (301, "", UnexpectedRedirect),
        (307, "", UnexpectedRedirect),
    ],
)
async def test_statuses(status: int, body: Any, kind: type[GatewayError]) -> None:
    content = body if isinstance(body, str) else json.dumps(body)
    with pytest.raises(GatewayError) as caught:
        await answer(answering(content, status=status, kind=None))
    assert type(caught.value) is kind
    assert caught.value.status == status
    assert str(caught.value).startswith(f"{caught.value.summary} {caught.value.advice}")


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        ('{"error": {"message": "out of\\n luck"}}', "out of luck"),
        ('{"error": "out of luck"}', "out of luck"),
        ('{"message": "out of luck"}', "out of luck"),
        ('{"detail": "out of luck"}', "out of luck"),
        ('{"detail": [{"loc": ["body"], "msg": "out of luck"}]}', "out of luck"),
        ('{"errors": ["out of luck"]}', "out of luck"),
        ('"out of luck"', "out of luck"),
        ("out of luck\n", "out of luck"),
        ('{"error": null}', None),
        ('{"choices": 3}', None),
        ("", None),
        ("<!doctype html><title>Login</title>", "(a web page)"),
        ("\n<!-- hi --><HTML>secret plans</HTML>", "(a web page)"),
        ("half a surrogate: \ud83d".encode("utf-8", "surrogatepass"), "half a surrogate: \ufffd\ufffd\ufffd"),
        ('"half a surrogate: \\ud83d"', "half a surrogate: \ufffd"),
        ('{"error":' * 50_000, '{"error":' * 33 + "{"),
        ("x" * 1000, "x" * 300 + "…"),
    ],
)
def test_the_gateways_own_words(body: str | bytes, detail: str | None) -> None:
    content = body if isinstance(body, bytes) else body.encode()
    found = from_status(500, {}, content).detail
    assert found == detail or (detail and found and found.startswith(detail))


@pytest.mark.parametrize(
    "words",
    [
        f"Incorrect API key provided: {KEY}",
        f"{'x' * 290} {KEY}",
        "wrong key sk-abcdef0123456789 and sk-ab***********yz",
        "Authorization: Bearer abcdef0123456789",
        "tokenhub_0123456789abcdef is unknown",
        "x-api-key: abcdef0123456789",
        '{"api_key": "abcdef0123456789"}',
    ],
)
async def test_no_key_is_ever_quoted(words: str) -> None:
    with pytest.raises(Unauthorized) as caught:
        await answer(answering(words, status=401))
    shown = f"{caught.value!r} {caught.value} {caught.value.detail}"
    assert not re.search(r"sk-|abcdef|cdef", shown)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": " 1.5 "}, 1.5),
        ({"retry-after-ms": "250", "retry-after": "7"}, 0.25),
        ({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0.0),
        ({"llm_provider-retry-after": "3"}, 3.0),
        ({"llm_provider-retry-after": "3", "retry-after": "7"}, 7.0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-3"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "1e99"}, None),
        ({}, None),
    ],
)
def test_when_to_come_back(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(httpx.Headers(headers)) == seconds


def test_when_to_come_back_as_a_date() -> None:
    seconds = retry_after({"retry-after": formatdate(4_000_000_000, usegmt=True)})
    assert seconds is not None
    assert seconds > 1000


async def test_a_redirect_says_where_and_is_not_followed() -> None:
    asked: list[str] = []

    def redirect(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        return httpx.Response(308, headers={"location": "https://elsewhere.test/v1/chat/completions"})

    with pytest.raises(UnexpectedRedirect) as caught:
        await answer(httpx.MockTransport(redirect))
    assert asked == ["http://gateway.test/v1/chat/completions"]
    assert caught.value.detail == "https://elsewhere.test/v1/chat/completions"


async def failure(base_url: str, *, connect: float = 5.0) -> GatewayError:
    """What both ways of asking raise; they must agree."""
    gateway = Gateway(profile(base_url, clocks=Clocks(connect=connect)), patience=HASTY)
    with pytest.raises(GatewayError) as streaming:
        await collected(gateway)
    with pytest.raises(type(streaming.value)):
        await gateway.models()
    await gateway.aclose()
    return streaming.value


async def test_a_refused_connection(serve: Serve) -> None:
    server = await serve(Peer.until_client_leaves)
    await server.stop()
    assert type(await failure(server.base_url)) is ConnectionRefused


async def test_a_name_without_an_address() -> None:
    assert type(await failure("https://nosuchhost.invalid/v1")) is HostNotFound


async def test_tls_to_a_port_that_speaks_none() -> None:
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(refuse, "127.0.0.1", 0)
    async with server:
        error = await failure(f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1")
    assert type(error) is TLSFailure
    assert "http://" in str(error)


async def test_tls_to_a_port_that_hangs_up() -> None:
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.transport.abort()

    server = await asyncio.start_server(refuse, "127.0.0.1", 0)
    async with server:
        error = await failure(f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1")
    assert type(error) is TLSFailure


async def test_tls_to_a_port_that_says_nothing(serve: Serve) -> None:
    server = await serve(Peer.until_client_leaves)
    address = server.base_url.replace("http:", "https:")
    assert type(await failure(address, connect=0.05)) is ConnectTimeout


async def test_a_port_that_speaks_no_http(serve: Serve) -> None:
    async def redis(peer: Peer) -> None:
        await peer.send(b"-ERR unknown command\r\n\r\n")
        await peer.until_client_leaves()

    assert type(await failure((await serve(redis)).base_url)) is NotAnAPI


async def test_a_connection_that_closes_before_the_answer(serve: Serve) -> None:
    async def leave(peer: Peer) -> None:
        peer.hang_up()

    assert type(await failure((await serve(leave)).base_url)) is ConnectionLost


@pytest.mark.parametrize(
    ("raised", "kind"),
    [
        (httpx.ConnectTimeout("slow"), ConnectTimeout),
        (httpx.ConnectError("network is unreachable"), gateway.ConnectionFailed),
        (httpx.ProxyError("403 Forbidden"), gateway.ConnectionFailed),
        (httpx.DecodingError("not gzip"), NotAnAPI),
        (httpx.WriteTimeout("slow"), gateway.Stalled),
        (OSError("strange"), gateway.ConnectionFailed),
    ],
)
def test_other_failures(raised: httpx.RequestError | OSError, kind: type[GatewayError]) -> None:
    assert type(from_transport(raised)) is kind


def test_a_name_whose_addresses_all_fail() -> None:
    # anyio tries every address of a name, and groups the failures when there were several.
    tried = ExceptionGroup("all failed", [OSError("unreachable"), ConnectionRefusedError()])
    raised = httpx.ConnectError("all connection attempts failed")
    raised.__cause__ = OSError()
    raised.__cause__.__cause__ = tried
    assert type(from_transport(raised)) is ConnectionRefused


def test_every_error_speaks_and_stands_in_the_tree() -> None:
    tree = re.findall(r"[├└]── (\w+)", errors.__doc__ or "")
    assert sorted(["GatewayError", "Side", *tree]) == sorted(errors.__all__ + status_errors.__all__)
    for name in tree:
        error = getattr(gateway, name)()
        assert isinstance(error, GatewayError)
        assert error.summary.endswith(".")
        assert error.advice.endswith(".")
        assert error.side in {"you", "site", "gateway", "network"}


def test_the_tree_is_drawn_as_it_is() -> None:
    parents: list[str] = ["GatewayError"]
    for line in (errors.__doc__ or "").splitlines():
        if found := re.match(r"([│ ]*)[├└]── (\w+)", line):
            depth = len(found[1]) // 4 + 1
            assert getattr(gateway, found[2]).__bases__[0].__name__ == parents[depth - 1]
            parents[depth:] = [found[2]]


@pytest.mark.parametrize("kind", [EmptyAnswer, StreamError, RateLimited])
def test_what_an_error_carries(kind: type[GatewayError]) -> None:
    error = kind("It broke.", advice="Wait.", status=429, detail="slow down", retry_after=3.0)
    assert str(error) == "It broke. Wait. The gateway's own words (HTTP 429): “slow down”"
    assert str(kind("It broke.", advice="Wait.")) == "It broke. Wait."
    assert (error.status, error.detail, error.retry_after) == (429, "slow down", 3.0)
