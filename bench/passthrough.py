"""The least that a server between gateway and browser can do: httpx to Starlette, bytes in, bytes out.

It stores nothing, checks nothing and reads nothing of what it passes on: the physical limit.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.routing import Route

__all__ = ["app"]

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


async def _greet(_: Request) -> PlainTextResponse:
    return PlainTextResponse("here")


app = Starlette(
    routes=[Route("/", _greet), Route("/chat/completions", _pass_on, methods=["POST"])], lifespan=_lifespan
)
