"""The gateway client against llama.cpp's Python server, with a model that talks nonsense at full speed."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

import httpx
import pytest

from chat_ui.gateway import (
    ChatMessage,
    ChatRequest,
    EmptyAnswer,
    Finish,
    Gateway,
    GatewayProfile,
    Patience,
    StreamEvent,
    TextDelta,
    Unauthorized,
    Usage,
)

if not os.environ.get("CHAT_UI_TEST_LLAMA_CPP"):
    pytest.skip("compiles llama.cpp for minutes: CHAT_UI_TEST_LLAMA_CPP=1 runs it", allow_module_level=True)


@pytest.fixture
async def gateway(llama_cpp: Any) -> AsyncIterator[Gateway]:
    llama_cpp.forget()
    opened = Gateway(GatewayProfile("real", llama_cpp.base_url, llama_cpp.key))
    yield opened
    await opened.aclose()


def ask(words: str = "hi", max_tokens: int = 100) -> ChatRequest:
    return ChatRequest("tiny", (ChatMessage("user", words),), temperature=0.0, max_tokens=max_tokens)


async def read(gateway: Gateway, request: ChatRequest) -> list[StreamEvent]:
    async with aclosing(gateway.stream(request)) as events:
        return [event async for event in events]


def said(events: list[StreamEvent]) -> str:
    return "".join(event.text for event in events if isinstance(event, TextDelta))


async def whole(llama_cpp: Any) -> str:
    """The same answer as the server gives it in one piece."""
    question = {"messages": [{"role": "user", "content": "hi"}], "temperature": 0, "max_tokens": 100}
    headers = {"Authorization": f"Bearer {llama_cpp.key}"}
    async with httpx.AsyncClient(trust_env=False, timeout=60) as client:
        answer = await client.post(f"{llama_cpp.base_url}/chat/completions", json=question, headers=headers)
    return answer.json()["choices"][0]["message"]["content"]


async def test_its_model_is_listed(gateway: Gateway):
    assert [model.id for model in await gateway.models()] == ["tiny"]


async def test_a_streamed_answer_is_the_whole_one(gateway: Gateway, llama_cpp: Any):
    events = await read(gateway, ask())
    assert said(events) == await whole(llama_cpp)
    assert len([event for event in events if isinstance(event, TextDelta)]) >= 50


async def test_a_limit_of_tokens_ends_an_answer_and_no_usage_comes(gateway: Gateway):
    events = await read(gateway, ask())
    assert events[-1] == Finish("length")
    assert not [event for event in events if isinstance(event, Usage)]


async def test_a_question_beyond_its_context_is_an_empty_answer_and_said_so(gateway: Gateway):
    with pytest.raises(EmptyAnswer, match="too long for the model"):
        await read(gateway, ask("word " * 300))


async def test_a_wrong_key_is_told_in_words(llama_cpp: Any):
    gateway = Gateway(GatewayProfile("real", llama_cpp.base_url, "wrong-key"), patience=Patience(new_key=0))
    with pytest.raises(Unauthorized, match="Invalid API key"):
        await gateway.models()
    await gateway.aclose()


async def test_stopping_is_seen_by_the_server_which_answers_the_next(gateway: Gateway, llama_cpp: Any):
    async with aclosing(gateway.stream(ask(max_tokens=200))) as events:
        async for event in events:
            if isinstance(event, TextDelta):
                break
    await asyncio.to_thread(llama_cpp.hang_up_mid_answer)
    assert said(await read(gateway, ask())) == await whole(llama_cpp)
