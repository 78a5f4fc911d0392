from __future__ import annotations

import asyncio
import json
import re

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat_ui.gateway import (
    ChatMessage,
    ChatRequest,
    DemoTransport,
    Finish,
    Gateway,
    Metadata,
    Model,
    StreamEvent,
    TextDelta,
    ToolCallDelta,
    Usage,
    demo_profile,
    probe,
)
from chat_ui.gateway.demo_texts import numbered
from chat_ui.ui.words import say as page_says

from .wire import ends, said, thought


async def asked(words: str, *before: ChatMessage, max_tokens: int | None = None) -> list[StreamEvent]:
    gateway = Gateway(demo_profile(), transport=DemoTransport(tokens_per_second=None))
    request = ChatRequest("demo", (*before, ChatMessage("user", words)), max_tokens=max_tokens)
    events = [event async for event in gateway.stream(request)]
    await gateway.aclose()
    return events


async def test_it_says_what_it_is() -> None:
    events = await asked("Hello!")
    assert "demo model" in said(events)
    assert "no intelligence" in said(events)
    for word in ("markdown", "table", "code", "math", "long", "think"):
        assert word in said(events)
    # By its name: where it stands is not the same on a phone.
    assert page_says("connect") in said(events)
    assert not re.search(r"\b(left|right)\b", said(events))
    assert events[0] == Metadata(model="demo")
    assert events[-2:] == [Finish("stop"), Usage(1, sum(isinstance(e, TextDelta) for e in events), None, 0)]


@pytest.mark.parametrize(
    ("words", "mark"),
    [
        ("Show me some markdown", "## Lists"),
        ("A TABLE, please.", "| :--- |"),
        ("tables?", "| :--- |"),
        ("Write code!", "```python"),
        ("a bit of math", "\\sqrt{\\pi}"),
        ("a diagram", "```mermaid"),
        ("footnotes", "[^first]: "),
        ("a long story", "## w1"),
        ("is this comfortable?", "demo model"),
    ],
)
async def test_a_word_chooses_the_text(words: str, mark: str) -> None:
    assert mark in said(await asked(words))


async def test_only_the_last_message_of_the_person_counts() -> None:
    before = ChatMessage("user", "table"), ChatMessage("assistant", "| a table |")
    assert "demo model" in said(await asked("and now?", *before))


@pytest.mark.parametrize("words", ["hello", "table", "think about math", "300 tokens"])
async def test_the_same_question_has_the_same_answer(words: str) -> None:
    assert await asked(words) == await asked(words)


async def test_it_calls_a_tool() -> None:
    events = await asked("Which tools have you got?")
    calls = [event for event in events if isinstance(event, ToolCallDelta)]
    assert calls[0].name == "weather"
    assert json.loads("".join(call.arguments for call in calls))["place"] == "Lisbon"
    assert Finish("tool_calls") in events


async def test_it_thinks_before_it_answers() -> None:
    events = await asked("Think about a table")
    assert thought(events)
    assert "| :--- |" in said(events)
    usage = events[-1]
    assert isinstance(usage, Usage)
    assert usage.reasoning_tokens == len(thought(events).split())


@pytest.mark.parametrize(
    ("words", "count"),
    [("20 tokens", 20), ("2,000 words please", 2000), ("0 tokens", 1), ("9999999999 tokens", 20_000)],
)
async def test_a_length_is_kept_exactly(words: str, count: int) -> None:
    events = await asked(words)
    texts = [event.text for event in events if isinstance(event, TextDelta)]
    assert [re.findall(r"w\d+", piece) for piece in texts] == [[f"w{n}"] for n in range(1, count + 1)]
    usage = events[-1]
    assert isinstance(usage, Usage)
    assert usage.output_tokens == count


@given(st.sampled_from(["Hello", "think of a table", "30 tokens"]), st.data())
async def test_it_goes_on_with_an_answer_of_its_own(words: str, data: st.DataObject) -> None:
    whole = said(await asked(words))
    begun = whole[: data.draw(st.integers(1, len(whole) - 1))].rstrip() or whole[0]
    gateway = Gateway(demo_profile(), transport=DemoTransport(tokens_per_second=None))
    messages = ChatMessage("user", words), ChatMessage("assistant", begun)
    events = [event async for event in gateway.stream(ChatRequest("demo", messages, continues=True))]
    await gateway.aclose()
    assert begun + said(events) == whole
    assert thought(events) == ""


async def test_a_limit_cuts_the_answer_and_says_so() -> None:
    events = await asked("table", max_tokens=5)
    assert sum(isinstance(event, TextDelta) for event in events) == 5
    assert ends(events) == ["length"]


@given(st.integers(1, 700))
def test_a_long_answer_is_whole_markdown_wherever_it_ends(count: int) -> None:
    answer = "".join(numbered(count))
    assert len(re.findall(r"w\d+", answer)) == count
    assert answer.count("```") % 2 == 0
    for row in re.findall(r"^\|.*\|$", answer, re.MULTILINE):
        assert row.count("|") == 4


async def test_the_list_of_models_and_a_probe() -> None:
    report = await probe(demo_profile(), transport=DemoTransport())
    assert report.models == [Model("demo")]
    assert report.model == "demo"


async def test_it_can_be_stopped_at_once() -> None:
    gateway = Gateway(demo_profile(), transport=DemoTransport(tokens_per_second=0.001))
    stream = gateway.stream(ChatRequest("demo", (ChatMessage("user", "Hi"),)))
    assert await anext(stream) == Metadata(model="demo")
    async with asyncio.timeout(5):
        await stream.aclose()
        await gateway.aclose()


@pytest.mark.parametrize(
    ("method", "path", "content", "status"),
    [
        ("GET", "/v1/elsewhere", b"", 404),
        ("DELETE", "/v1/models", b"", 404),
        ("POST", "/v1/chat/completions", b"{", 400),
        ("POST", "/v1/chat/completions", b"{}", 400),
        ("POST", "/v1/chat/completions", b'{"messages": [{"role": "user", "content": [1]}]}', 200),
    ],
)
async def test_it_refuses_as_a_gateway_would(method: str, path: str, content: bytes, status: int) -> None:
    async with httpx.AsyncClient(transport=DemoTransport(tokens_per_second=None)) as client:
        response = await client.request(method, f"http://demo.invalid{path}", content=content)
    assert response.status_code == status
    if status != 200:
        assert json.loads(response.content)["error"]["message"]
