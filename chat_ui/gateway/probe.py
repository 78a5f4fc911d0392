"""Trying a gateway before it is used: is it there, does the key work, does a model answer."""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import dataclass

import httpx

from chat_ui.gateway.client import Gateway
from chat_ui.gateway.errors import EmptyAnswer, NoModels
from chat_ui.gateway.events import ReasoningDelta, TextDelta
from chat_ui.gateway.models import Model, chat_model
from chat_ui.gateway.profile import GatewayProfile
from chat_ui.gateway.request import ChatMessage, ChatRequest
from chat_ui.gateway.retry import Patience
from chat_ui.gateway.status_errors import NotFound

__all__ = ["ProbeReport", "probe"]


@dataclass(frozen=True, slots=True)
class ProbeReport:
    """What a gateway showed of itself.

    Args:
        models: what it lists; empty where it has no list and the profile names the model.
        model: the model that answered.
    """

    models: list[Model]
    model: str


async def probe(
    profile: GatewayProfile,
    *,
    transport: httpx.AsyncBaseTransport | None = None,
    patience: Patience | None = None,
) -> ProbeReport:
    """List the models and wait for the first piece of one answer, then stop it.

    Raises:
        GatewayError: the first thing that doesn't work.
    """
    gateway = Gateway(profile, transport=transport, patience=patience)
    try:
        models = await _models(gateway)
        model = profile.model or chat_model(models).id
        await _hear_from(gateway, model)
        return ProbeReport(models, model)
    finally:
        await gateway.aclose()


async def _models(gateway: Gateway) -> list[Model]:
    try:
        return await gateway.models()
    except (NotFound, NoModels):
        # Not every gateway has a list; with a model named, its answer is proof enough.
        if gateway.profile.model is None:
            raise
        return []


async def _hear_from(gateway: Gateway, model: str) -> None:
    request = ChatRequest(model, (ChatMessage("user", "Say hello."),))
    async with aclosing(gateway.stream(request)) as events:
        async for event in events:
            if isinstance(event, TextDelta | ReasoningDelta):
                return
    raise EmptyAnswer
