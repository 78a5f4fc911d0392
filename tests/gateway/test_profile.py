from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat_ui.gateway import ChatMessage, ChatRequest, GatewayError, GatewayProfile, InvalidBaseURL, InvalidKey
from chat_ui.gateway.profile import Prefill
from chat_ui.gateway.request import openai_body

from .wire import KEY


@pytest.mark.parametrize(
    ("entered", "kept"),
    [
        ("https://gateway.test/v1", "https://gateway.test/v1"),
        ("  https://gateway.test/v1//\n", "https://gateway.test/v1"),
        ("HTTP://Gateway.Test:8080/", "http://gateway.test:8080"),
        ("https://gateway.test:443/v1", "https://gateway.test/v1"),
        ("http://[::1]:8080/v1", "http://[::1]:8080/v1"),
        ("https://gateway.test/v1/chat/completions/", "https://gateway.test/v1"),
    ],
)
def test_base_urls(entered: str, kept: str) -> None:
    assert GatewayProfile("test", entered).base_url == kept


@pytest.mark.parametrize(
    "entered",
    [
        *[
            "",
            " ",
            "gateway.test/v1",
            "localhost:8080/v1",
            "ftp://gateway.test",
            "https://",
            "https:///v1",
            "/v1",
        ],
        *["https://me:hush@gateway.test", "https://gateway.test/?hush=1", "https://gateway.test/#hush"],
        *[
            "https://gateway.test?",
            "https://gateway.test#",
            "https://gate way.test",
            "http://x:hush/",
            "http://\0",
            "https://gateway.test/\ud800hush",
            "https://\udc80hush.test",
        ],
    ],
)
def test_what_is_no_base_url(entered: str) -> None:
    with pytest.raises(InvalidBaseURL) as caught:
        GatewayProfile("test", entered)
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize("begin", ["", "http://", "http://gateway.test/"])
@given(st.text(st.sampled_from("a.:/@?#%[] \0é\ud800\udfff")))
def test_any_text_is_a_base_url_or_none(begin: str, entered: str) -> None:
    with suppress(InvalidBaseURL):
        GatewayProfile("test", begin + entered)


def test_the_key_is_never_shown() -> None:
    profile = GatewayProfile("test", "https://gateway.test", key=KEY)
    assert profile.key == KEY
    assert KEY not in f"{profile!r} {profile}"


@pytest.mark.parametrize(("entered", "kept"), [(None, None), ("", None), (" \n", None), (" k1-y\n", "k1-y")])
def test_keys(entered: str | None, kept: str | None) -> None:
    assert GatewayProfile("test", "https://gateway.test", key=entered).key == kept


@pytest.mark.parametrize("entered", ["two words", "“curly”", "new\nline", "schlüssel"])
def test_what_is_no_key(entered: str) -> None:
    with pytest.raises(InvalidKey) as caught:
        GatewayProfile("test", "https://gateway.test", key=entered)
    assert entered not in str(caught.value)
    assert isinstance(caught.value, GatewayError)


def test_the_body_of_a_request_leaves_out_what_is_unset() -> None:
    assert openai_body(ChatRequest("m", (ChatMessage("user", "Hi"),))) == {
        "model": "m",
        "messages": [{"role": "user", "content": "Hi"}],
        "stream": True,
        "stream_options": {"include_usage": True},
    }


def test_the_body_of_a_request_with_everything() -> None:
    messages = (ChatMessage("system", "Be brief."), ChatMessage("user", "Hi \ud83d"))
    body = openai_body(ChatRequest("m", messages, temperature=0.0, max_tokens=9, top_p=0.5, stop=("END",)))
    assert body["messages"][1]["content"] == "Hi \ufffd"
    assert {name: body[name] for name in ("temperature", "max_tokens", "top_p", "stop")} == {
        "temperature": 0.0,
        "max_tokens": 9,
        "top_p": 0.5,
        "stop": ["END"],
    }


@pytest.mark.parametrize(
    ("model", "takes_it"),
    [
        ("claude-3-5-sonnet-20241022", True),
        ("claude-2.1", True),
        ("claude-sonnet-4-20250514", True),
        ("claude-opus-4-1-20250805", True),
        ("claude-haiku-4-5", True),
        ("claude-sonnet-4-5-20250929", True),
        ("claude-opus-4-6", False),
        ("claude-sonnet-4-6-20260301", False),
        ("claude-5-sonnet", False),
        ("something-else", False),
        ("", False),
    ],
)
def test_claude_takes_a_prefill_up_to_4_5(model: str, takes_it: bool) -> None:
    assert GatewayProfile("a", "http://a.test", dialect="anthropic").takes_prefill(model) is takes_it


@pytest.mark.parametrize(("prefill", "takes_it"), [(None, False), ("plain", True), ("vllm", True)])
def test_others_take_a_prefill_where_they_are_known_to(prefill: Prefill | None, takes_it: bool) -> None:
    assert GatewayProfile("a", "http://a.test", prefill=prefill).takes_prefill("any") is takes_it
