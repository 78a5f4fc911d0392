"""What is asked of a gateway, and how it is written in the gateway's dialect."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias

from chat_ui.gateway.json_values import storable
from chat_ui.gateway.profile import GatewayProfile

__all__ = [
    "ChatMessage",
    "ChatRequest",
    "Role",
    "anthropic_body",
    "openai_body",
    "request_body",
    "tokenhub_body",
]

ANTHROPIC_MAX_TOKENS = 4096
# Models that only OpenAI itself runs, whoever routes to them.
OPENAIS_OWN = re.compile(r"(?:openai/)?(?:gpt-[345]|chatgpt-|o[134](?:-|$))", re.IGNORECASE)
REASONERS = re.compile(r"(?:openai/)?(?:gpt-5|o[134](?:-|$))", re.IGNORECASE)
# Claude up to 4.5 is told how many tokens it may think; later ones think as they see fit, with an effort.
BUDGETED_CLAUDE = re.compile(r"claude-(?:3-7|(?:opus|sonnet|haiku)-4(?:-[0-5])?(?:-\d{8}|-latest|-0)?$)")
THINKING_TOKENS = {"low": 1024, "medium": 4096, "high": 16384}
DIRECTIVE = re.compile(r"@@(?=\s*tokenhub)", re.IGNORECASE)

Role: TypeAlias = Literal["system", "user", "assistant"]


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """One message of the conversation so far."""

    role: Role
    content: str


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """One answer that is wanted. What is ``None`` or empty is left to the gateway.

    Args:
        model: the model's id, as the gateway lists it.
        messages: the conversation, oldest first.
        temperature: 0 for the likeliest words, up to 2.
        max_tokens: the longest answer, in tokens.
        top_p: the share of likely words to choose from, 0 to 1.
        stop: texts at which the answer ends.
        effort: how long a model that reasons may think: ``low``, ``medium`` or ``high``.
        continues: whether the last message is the model's own, which it is to go on with (a prefill).
    """

    model: str
    messages: tuple[ChatMessage, ...]
    temperature: float | None = None
    max_tokens: int | None = None
    top_p: float | None = None
    stop: tuple[str, ...] = ()
    effort: str | None = None
    continues: bool = False


def request_body(profile: GatewayProfile, request: ChatRequest) -> Mapping[str, Any]:
    """The body of a request for an answer, in the gateway's dialect.

    TokenHub is OpenAI-compatible as well, and reads its directives there too; so they are made harmless
    whatever the dialect is.
    """
    if not profile.allow_directives:
        messages = tuple(replace(m, content=DIRECTIVE.sub("@ @", m.content)) for m in request.messages)
        request = replace(request, messages=messages)
    match profile.dialect:
        case "openai":
            return {**openai_body(request), **_continuing(profile, request)}
        case "anthropic":
            return anthropic_body(request)
        case "tokenhub":
            return tokenhub_body(request)


def _continuing(profile: GatewayProfile, request: ChatRequest) -> Mapping[str, Any]:
    # https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html, "Extra parameters"
    if not request.continues or profile.prefill != "vllm":
        return {}
    return {"continue_final_message": True, "add_generation_prompt": False}


def openai_body(request: ChatRequest) -> Mapping[str, Any]:
    """The body of ``POST /chat/completions``: https://platform.openai.com/docs/api-reference/chat/create."""
    return {
        "model": request.model,
        "messages": _messages(request),
        "stream": True,
        "stream_options": {"include_usage": True},
        **_parameters(request),
    }


def anthropic_body(request: ChatRequest) -> Mapping[str, Any]:
    """The body of ``POST /messages``: https://docs.anthropic.com/en/api/messages.

    It knows no system role, demands a limit of tokens, and takes a temperature of at most 1. Turns have to
    begin with the user, to alternate, and not to be blank; an answer to continue can't end in white space.
    While it thinks, it takes no temperature and no top-p of anybody's, and its thoughts count as its tokens:
    https://docs.anthropic.com/en/docs/build-with-claude/extended-thinking.
    """
    system = "\n\n".join(m.content for m in request.messages if m.role == "system" and m.content.strip())
    temperature = None if request.temperature is None else min(request.temperature, 1.0)
    optional = {
        "system": storable(system) or None,
        "temperature": temperature,
        "top_p": request.top_p,
        "stop_sequences": [text for text in request.stop if text.strip()] or None,
    }
    most = request.max_tokens or ANTHROPIC_MAX_TOKENS
    thinking = _thinking(request)
    if thinking:
        optional["temperature"] = optional["top_p"] = None
        most += THINKING_TOKENS.get(request.effort or "", 0)
    return {
        "model": request.model,
        "max_tokens": most,
        "messages": _turns(request.messages),
        "stream": True,
        **{name: value for name, value in optional.items() if value is not None},
        **thinking,
    }


def _thinking(request: ChatRequest) -> dict[str, Any]:
    """How Claude is to think; an answer that it goes on with has no room for new thoughts."""
    if request.effort is None or request.continues:
        return {}
    if BUDGETED_CLAUDE.match(request.model):
        return {"thinking": {"type": "enabled", "budget_tokens": THINKING_TOKENS[request.effort]}}
    return {"thinking": {"type": "adaptive"}, "output_config": {"effort": request.effort}}


def tokenhub_body(request: ChatRequest) -> Mapping[str, Any]:
    """The body of TokenHub's ``POST /chat``, its envelope (jordanhubbard/tokenhub at 04bdf28).

    ``parameters`` reach whichever provider answers as they are. Anthropic refuses ``stream_options``, and
    TokenHub then moves on to another model without a word; so usage is asked for only where the model is one
    of OpenAI's own.
    """
    parameters = _parameters(request)
    if OPENAIS_OWN.match(request.model):
        parameters["stream_options"] = {"include_usage": True}
    return {
        "request": {
            "messages": _messages(request),
            "model_hint": request.model,
            "parameters": parameters,
            "stream": True,
        }
    }


def _messages(request: ChatRequest) -> list[dict[str, str]]:
    # A browser can send half a surrogate pair, which UTF-8 can't carry.
    return [{"role": m.role, "content": storable(m.content)} for m in request.messages]


def _parameters(request: ChatRequest) -> dict[str, Any]:
    optional = {
        "temperature": request.temperature,
        "max_tokens": request.max_tokens,
        "top_p": request.top_p,
        "stop": list(request.stop) or None,
        "reasoning_effort": request.effort,
    }
    if REASONERS.match(request.model):
        # These refuse the older name: https://platform.openai.com/docs/api-reference/chat/create
        optional["max_completion_tokens"] = optional.pop("max_tokens")
    return {name: value for name, value in optional.items() if value is not None}


def _turns(messages: tuple[ChatMessage, ...]) -> list[dict[str, str]]:
    turns: list[dict[str, str]] = []
    for message in messages:
        if message.role == "system" or not message.content.strip():
            continue
        content = storable(message.content)
        if turns and turns[-1]["role"] == message.role:
            turns[-1]["content"] += "\n\n" + content
        else:
            turns.append({"role": message.role, "content": content})
    if turns and turns[0]["role"] == "assistant":
        turns.insert(0, {"role": "user", "content": "(The conversation begins with your answer.)"})
    if turns and turns[-1]["role"] == "assistant":
        turns[-1]["content"] = turns[-1]["content"].rstrip()
    return turns
