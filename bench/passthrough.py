"""The least that a server between gateway and browser can do: httpx to Starlette, bytes in, bytes out.

It stores nothing, checks nothing and reads nothing of what it passes on: the physical limit. Its page, which
shows text as it comes and nothing more, is that of a page.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, StreamingResponse
from starlette.routing import Route

__all__ = ["app"]

PAGE = Path(__file__).with_name("bare_page.html")
# More than twenty kept connections would make its pool slow, and a limit to all would make streams wait.
LIMITS = httpx.Limits(max_connections=None, max_keepalive_connections=20)


@asynccontextmanager
async def _lifespan(app: Starlette) -> AsyncIterator[None]:
    async with httpx.AsyncClient(
        base_url=os.environ["OPENAI_BASE_URL"], limits=LIMITS, timeout=60, trust_env=False
    ) as client:
        app.state.client = client
        yield


async def _pass_on(request: Request) -> StreamingResponse:
    client: httpx.AsyncClient = request.app.state.client
    body = await request.body()
    headers = {"Content-Type": "application/json"}

    async def answer() -> AsyncIterator[bytes]:
        async with client.stream("POST", "/chat/completions", content=body, headers=headers) as response:
            async for chunk in response.aiter_raw():
                yield chunk

    return StreamingResponse(answer(), media_type="text/event-stream")


async def _page(_: Request) -> FileResponse:
    return FileResponse(PAGE)


app = Starlette(
    routes=[Route("/", _page), Route("/chat/completions", _pass_on, methods=["POST"])], lifespan=_lifespan
)
