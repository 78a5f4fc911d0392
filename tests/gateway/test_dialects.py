"""How a request is written in each dialect."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from chat_ui.gateway import (
    ChatMessage,
    ChatRequest,
    Dialect,
    Gateway,
    GatewayError,
    GatewayProfile,
    Metadata,
    Model,
    TextDelta,
)
from chat_ui.gateway.request import anthropic_body, openai_body, request_body, tokenhub_body

from .wire import DONE, KEY, answer, chunk, profile, said, sse, text

HELLO = sse(text("Hello"), chunk({}, "stop")) + DONE
DIALECTS: list[Dialect] = ["openai", "anthropic", "tokenhub"]


def ask(*messages: tuple[Any, str], model: str = "m", **more: Any) -> ChatRequest:
    return ChatRequest(model, tuple(ChatMessage(role, content) for role, content in messages), **more)


async def sent(**more: Any) -> httpx.Request:
    """The request for an answer, as it goes out."""
    requests: list[httpx.Request] = []

    def respond(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return httpx.Response(200, headers={"content-type": "text/event-stream"}, content=HELLO)

    assert said(await answer(httpx.MockTransport(respond), **more)) == "Hello"
    return requests[0]


class TestAnthropic:
    async def test_where_and_as_whom(self) -> None:
        request = await sent(dialect="anthropic")
        assert str(request.url) == "http://gateway.test/v1/messages"
        assert request.headers["x-api-key"] == KEY
        assert request.headers["anthropic-version"] == "2023-06-01"
        assert request.headers["content-type"] == "application/json"
        assert "authorization" not in request.headers

    async def test_another_version_may_be_asked_for(self) -> None:
        request = await sent(dialect="anthropic", extra_headers={"Anthropic-Version": "2030-01-01"})
        assert request.headers.get_list("anthropic-version") == ["2030-01-01"]

    def test_the_least_of_a_body(self) -> None:
        assert anthropic_body(ask(("user", "Hi"))) == {
            "model": "m",
            "max_tokens": 4096,
            "messages": [{"role": "user", "content": "Hi"}],
            "stream": True,
        }

    def test_everything_in_a_body(self) -> None:
        body = anthropic_body(
            ask(
                ("system", "Be brief."),
                ("user", "Hi \ud83d"),
                ("system", "In French."),
                temperature=1.7,
                max_tokens=9,
                top_p=0.5,
                stop=("END", " "),
            )
        )
        assert body == {
            "model": "m",
            "max_tokens": 9,
            "system": "Be brief.\n\nIn French.",
            "messages": [{"role": "user", "content": "Hi \ufffd"}],
            "stream": True,
            "temperature": 1.0,
            "top_p": 0.5,
            "stop_sequences": ["END"],
        }

    @pytest.mark.parametrize(
        ("messages", "turns"),
        [
            ([("user", "a"), ("user", "b"), ("assistant", "c")], [("user", "a\n\nb"), ("assistant", "c")]),
            ([("user", "a"), ("assistant", " "), ("user", "b")], [("user", "a\n\nb")]),
            ([("user", "a"), ("system", "s"), ("user", "b")], [("user", "a\n\nb")]),
            ([("user", "a"), ("assistant", "b \n")], [("user", "a"), ("assistant", "b")]),
            ([("user", "a \n"), ("assistant", "b ")], [("user", "a \n"), ("assistant", "b")]),
            (
                [("assistant", "a"), ("user", "b")],
                [("user", "(The conversation begins with your answer.)"), ("assistant", "a"), ("user", "b")],
            ),
        ],
    )
    def test_turns_alternate(self, messages: list[Any], turns: list[Any]) -> None:
        body = anthropic_body(ask(*messages))
        assert [(turn["role"], turn["content"]) for turn in body["messages"]] == turns

    async def test_the_list_of_models(self) -> None:
        def list_models(request: httpx.Request) -> httpx.Response:
            assert str(request.url) == "http://gateway.test/v1/models?limit=1000"
            assert request.headers["x-api-key"] == KEY
            rows = [{"type": "model", "id": "claude-x", "display_name": "Claude X", "created_at": "2026"}]
            listing = {"data": rows, "has_more": False, "first_id": "claude-x", "last_id": "claude-x"}
            return httpx.Response(200, json=listing)

        gateway = Gateway(profile(dialect="anthropic"), transport=httpx.MockTransport(list_models))
        assert await gateway.models() == [Model("claude-x", label="Claude X")]
        await gateway.aclose()


class TestTokenHub:
    async def test_where_and_as_whom(self) -> None:
        request = await sent(dialect="tokenhub")
        assert str(request.url) == "http://gateway.test/v1/chat"
        assert request.headers["authorization"] == f"Bearer {KEY}"
        assert json.loads(request.content) == {
            "request": {
                "messages": [{"role": "user", "content": "Hello?"}],
                "model_hint": "some-model",
                "parameters": {},
                "stream": True,
            }
        }

    def test_parameters_are_passed_on(self) -> None:
        body = tokenhub_body(ask(("user", "Hi"), temperature=0.0, max_tokens=9, top_p=0.5, stop=("END",)))
        assert body["request"]["parameters"] == {
            "temperature": 0.0,
            "max_tokens": 9,
            "top_p": 0.5,
            "stop": ["END"],
        }

    @pytest.mark.parametrize(
        ("model", "asked"),
        [
            ("gpt-4", True),
            ("openai/gpt-5-mini", True),
            ("o3", True),
            ("o4-mini", True),
            ("claude-sonnet-4-5", False),
            ("*", False),
            ("gpt-oss-120b", False),
            ("olmo", False),
            ("llama-3", False),
        ],
    )
    def test_usage_is_asked_for_only_where_it_can_do_no_harm(self, model: str, asked: bool) -> None:
        parameters = tokenhub_body(ask(("user", "Hi"), model=model))["request"]["parameters"]
        assert ("stream_options" in parameters) is asked


class TestDirectives:
    @pytest.mark.parametrize("dialect", DIALECTS)
    @pytest.mark.parametrize("role", ["user", "assistant", "system"])
    @pytest.mark.parametrize(
        "typed",
        ["@@tokenhub mode=cheap budget=100", "Hi\n  @@TokenHub mode=x", "@@ tokenhub", "@@@@tokenhub mode=x"],
    )
    def test_they_reach_no_gateway(self, dialect: Dialect, role: str, typed: str) -> None:
        body = request_body(profile(dialect=dialect), ask(("user", "Hi"), (role, typed)))
        written = json.dumps(body)
        assert "@@" not in written.lower().replace(" ", "").split("tokenhub", maxsplit=1)[0][:-3]
        assert "@@tokenhub" not in written.lower()
        assert "@ @" in written

    @pytest.mark.parametrize("dialect", DIALECTS)
    def test_unless_the_gateway_may_be_steered(self, dialect: Dialect) -> None:
        body = request_body(profile(dialect=dialect, allow_directives=True), ask(("user", "@@tokenhub x")))
        assert "@@tokenhub x" in json.dumps(body)

    def test_other_words_stay_as_they_are(self) -> None:
        request = ask(("user", "@@ -1,3 +1,3 @@ and tokenhub, a@@b"))
        assert request_body(profile(), request) == openai_body(request)


class TestExtraHeaders:
    @pytest.mark.parametrize("dialect", DIALECTS)
    @pytest.mark.parametrize("headers", [{"X-Aiand-Metrics": "true"}, (("X-Aiand-Metrics", "true"),)])
    async def test_they_are_sent(self, dialect: Dialect, headers: Any) -> None:
        request = await sent(dialect=dialect, extra_headers=headers)
        assert request.headers["x-aiand-metrics"] == "true"

    async def test_they_replace_no_key_and_double_nothing(self) -> None:
        headers = {"AUTHORIZATION": "Basic x", "Accept": "*/*"}
        request = await sent(extra_headers=headers)
        assert request.headers.get_list("authorization") == [f"Bearer {KEY}"]
        assert request.headers.get_list("accept") == ["*/*"]

    @pytest.mark.parametrize(
        "headers",
        [{"": "x"}, {"a b": "x"}, {"a": ""}, {"a": "hush\r\nb: c"}, {"a": "hüsh"}, {"a": " x"}, {"a:": "x"}],
    )
    def test_what_can_not_be_sent(self, headers: dict[str, str]) -> None:
        with pytest.raises(GatewayError) as caught:
            GatewayProfile("test", "http://gateway.test", extra_headers=headers)
        assert "sh" not in str(caught.value).replace("English", "")

    def test_they_are_not_shown(self) -> None:
        assert "hush" not in repr(profile(extra_headers={"api-key": "hush"}))


@pytest.mark.parametrize(
    ("dialect", "entered"),
    [
        ("openai", "https://gateway.test/v1/chat/completions"),
        ("anthropic", "https://gateway.test/v1/messages/"),
        ("tokenhub", "https://gateway.test/v1/chat"),
    ],
)
def test_a_whole_endpoint_as_the_base_url(dialect: Dialect, entered: str) -> None:
    assert GatewayProfile("test", entered, dialect=dialect).base_url == "https://gateway.test/v1"


async def test_an_answer_is_known_by_its_shape_whatever_the_dialect_of_the_question() -> None:
    events = sse({"type": "content_block_delta", "delta": {"type": "text_delta", "text": "Hi"}})
    transport = httpx.MockTransport(
        lambda _: httpx.Response(
            200, headers={"content-type": "text/event-stream", "x-negotiated-model": "m"}, content=events
        )
    )
    for dialect in DIALECTS:
        assert (await answer(transport, dialect=dialect))[:2] == [Metadata(model="m"), TextDelta("Hi")]


class TestEffort:
    """How long a model may think, in the words of each dialect."""

    def test_openai_takes_it_by_name_and_its_own_reasoners_another_limit(self) -> None:
        body = openai_body(ask(("user", "x"), effort="low", max_tokens=9))
        assert (body["reasoning_effort"], body["max_tokens"]) == ("low", 9)
        for model in ("gpt-5-mini", "o3", "openai/o4-mini"):
            body = openai_body(ask(("user", "x"), model=model, max_tokens=9))
            assert "max_tokens" not in body
            assert body["max_completion_tokens"] == 9

    @pytest.mark.parametrize("model", ["claude-3-7-sonnet-20250219", "claude-sonnet-4-5", "claude-opus-4-0"])
    def test_claude_is_given_tokens_to_think_beside_those_of_its_answer(self, model: str) -> None:
        asked = ask(("user", "x"), model=model, effort="medium", max_tokens=100, temperature=0.5, top_p=0.9)
        body = anthropic_body(asked)
        assert body["thinking"] == {"type": "enabled", "budget_tokens": 4096}
        assert body["max_tokens"] == 4196
        assert not {"temperature", "top_p", "output_config"} & body.keys()

    def test_later_ones_are_given_an_effort(self) -> None:
        body = anthropic_body(ask(("user", "x"), model="claude-opus-4-7", effort="high"))
        assert (body["thinking"], body["output_config"]) == ({"type": "adaptive"}, {"effort": "high"})

    def test_an_answer_that_is_continued_is_not_thought_about(self) -> None:
        asked = ask(
            ("user", "x"), ("assistant", "y"), model="claude-sonnet-4-5", effort="high", continues=True
        )
        assert "thinking" not in anthropic_body(asked)
        assert "thinking" not in anthropic_body(ask(("user", "x"), model="claude-sonnet-4-5"))

    def test_tokenhub_hands_it_on(self) -> None:
        body = tokenhub_body(ask(("user", "x"), effort="low"))
        assert body["request"]["parameters"]["reasoning_effort"] == "low"
