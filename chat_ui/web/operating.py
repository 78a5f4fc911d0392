"""What machines ask a site for: whether it is ready, and its figures."""

from __future__ import annotations

from dataclasses import asdict
from ipaddress import ip_address

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from chat_ui.accounts.tokens import is_same
from chat_ui.chat.readiness import NOT_READY, readiness
from chat_ui.monitoring.metrics import exposition
from chat_ui.settings import Settings
from chat_ui.state.current import current_chat, is_running

__all__ = ["routes"]

FIGURES = "text/plain; version=0.0.4; charset=utf-8"
# Each of these says that somebody else is asking, through a proxy on this machine.
PASSED_ON = ("forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip")
KEPT_CLOSED = (
    "The figures of this site are for whoever runs it. Set CHAT_UI_METRICS_TOKEN, and send it as "
    "'Authorization: Bearer ...'; without one they are told to this machine only, and not through a proxy.\n"
)


def routes(settings: Settings) -> list[Route]:
    """The routes, which are the same on a local and on a hosted site."""

    async def metrics(request: Request) -> Response:
        if not _may_read(request, settings):
            return PlainTextResponse(KEPT_CLOSED, 401, headers={"WWW-Authenticate": "Bearer"})
        return Response(exposition(), media_type=FIGURES)

    return [Route("/_health", _health), Route("/metrics", metrics)]


async def _health(_: Request) -> Response:
    found = await readiness(current_chat()) if is_running() else NOT_READY
    body = {"status": found.status, **asdict(found)}
    return JSONResponse(body, 200 if found.status else 503, headers={"Cache-Control": "no-store"})


def _may_read(request: Request, settings: Settings) -> bool:
    if settings.metrics_token is not None:
        said = request.headers.get("authorization", "").partition(" ")[2]
        return is_same(said, settings.metrics_token.get_secret_value())
    # Behind TLS whoever connects is the proxy, always.
    return not settings.is_secure and _is_from_here(request)


def _is_from_here(request: Request) -> bool:
    """Whether a program of this machine asks, and no page of a browser by way of a name that leads here."""
    if request.client is None or any(name in request.headers for name in PASSED_ON):
        return False
    return _is_loopback(request.client.host) and _is_loopback(request.url.hostname or "")


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
