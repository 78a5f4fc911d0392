"""What a streamed answer costs: ``Gateway.stream`` beside the OpenAI SDK, from the socket to the loop.

Both read the same answers of the same server over warm connections, on one core, one after the other in every
round. The cost is processor time of this process; the server has a process of its own.
"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

from openai import AsyncOpenAI

from bench import measure, report
from bench.gateway import MODEL, Answer, running_gateway
from chat_ui.chat.pace import Pace
from chat_ui.gateway import ChatMessage, ChatRequest, Gateway, GatewayProfile, TextDelta

__all__ = ["PAGE", "add_arguments", "run"]

PAGE = "docs/benchmarks/gateway.md"
QUESTION = "Go on."
KEY = "none"
OURS, SDK = "Chat UI", "openai"
PACE = Pace()

Ask: TypeAlias = Callable[[], Awaitable[str]]


@dataclass(frozen=True, slots=True)
class Load:
    """What the clients have to do.

    Args:
        name: what the tables call it.
        answer: what the server says.
        at_once: how many answers are read at the same time.
    """

    name: str
    answer: Answer
    at_once: int = 1


LOADS = (
    Load("20 answers at once, 50 tokens/s each", Answer(tokens=150, rate=50), at_once=20),
    Load("1 answer, 100 tokens/s", Answer(tokens=300, rate=100)),
    Load("1 answer, as fast as it is read", Answer(tokens=3000, rate=0)),
)


async def ask_with_gateway(gateway: Gateway) -> str:
    """One answer by our client, read at the pace at which the site reads one."""
    request = ChatRequest(MODEL, (ChatMessage("user", QUESTION),))
    async with aclosing(gateway.stream(request, breath=lambda: PACE.piece)) as events:
        return "".join([event.text async for event in events if isinstance(event, TextDelta)])


async def ask_with_sdk(client: AsyncOpenAI) -> str:
    """One answer by the OpenAI SDK."""
    chunks = await client.chat.completions.create(
        model=MODEL,
        messages=[{"role": "user", "content": QUESTION}],
        stream=True,
        stream_options={"include_usage": True},
    )
    async with chunks:
        return "".join([choice.delta.content or "" async for chunk in chunks for choice in chunk.choices])


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this benchmark's own options."""
    parser.add_argument("--rounds", type=int, default=9)


def run(arguments: argparse.Namespace) -> str:
    """Measure, and return the result as markdown."""
    measured = [_costs(load, arguments.rounds) for load in LOADS]
    names = [load.name for load in LOADS]
    costs = [[who, *(measure.Spread.of(figures[who]) for figures in measured)] for who in (OURS, SDK)]
    compared = [f"{OURS} / {SDK}", *(measure.ratios(figures[OURS], figures[SDK]) for figures in measured)]
    return "\n\n".join(
        [
            report.circumstances("httpx", "openai", "httpx2"),
            f"{arguments.rounds} rounds; the median, with the least and the most.",
            report.table(["CPU ms per 1,000 chunks", *names], costs),
            report.table(["part of the cost", *names], [compared]),
        ]
    )


def _costs(load: Load, rounds: int) -> dict[str, list[float]]:
    """Milliseconds per 1,000 chunks of every client, round by round."""
    with running_gateway(load.answer) as server, asyncio.Runner() as runner:
        measure.pin_to_one_core(neighbor=server.pid)
        gateway = Gateway(GatewayProfile("bench", server.base_url, key=KEY))
        sdk = AsyncOpenAI(base_url=server.base_url, api_key=KEY, max_retries=0)
        clients: dict[str, Ask] = {
            OURS: partial(ask_with_gateway, gateway),
            SDK: partial(ask_with_sdk, sdk),
        }
        figures = measure.interleaved(
            {name: partial(_cost, runner, ask, load) for name, ask in clients.items()}, rounds
        )
        runner.run(gateway.aclose())
        runner.run(sdk.close())
        return figures


def _cost(runner: asyncio.Runner, ask: Ask, load: Load) -> float:
    seconds, answers = measure.cpu_seconds(lambda: runner.run(_asked_at_once(ask, load.at_once)))
    if set(answers) != {"".join(load.answer.pieces)}:
        raise ValueError("A client changed the answer.")
    return seconds * 1e6 / (load.answer.tokens * load.at_once)


async def _asked_at_once(ask: Ask, times: int) -> list[str]:
    return await asyncio.gather(*(ask() for _ in range(times)))
