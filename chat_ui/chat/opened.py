"""A gateway that is open, and what is known of its models."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from chat_ui.gateway import Gateway, GatewayError, GatewayProfile, Model

__all__ = ["ModelList", "Opened"]

MODELS_FRESH_S = 30.0


@dataclass(frozen=True, slots=True)
class ModelList:
    """What a gateway offers.

    Args:
        gateway: its name.
        label: its name for people.
        models: its models, the preferred one first.
        problem: why they can't be listed, in words, if they can't.
        asked: whether it has been asked yet; until then it may well have more models.
    """

    gateway: str
    label: str
    models: tuple[Model, ...]
    problem: str = ""
    asked: bool = True


class Opened:
    """A gateway with its last list; it is closed once it is retired and its last user has left.

    Args:
        gateway: its client.
    """

    def __init__(self, gateway: Gateway) -> None:
        self.gateway = gateway
        profile = gateway.profile
        label = profile.label or urlsplit(profile.base_url).netloc
        self.listed = ModelList(profile.name, label, _preferred(profile, ()), asked=False)
        self._listed_at = 0.0
        self._listing = asyncio.Lock()
        self._users = 0
        self._retired = False

    @asynccontextmanager
    async def using(self) -> AsyncGenerator[Gateway]:
        """Keep it open for as long as the context is."""
        self._users += 1
        try:
            yield self.gateway
        finally:
            self._users -= 1
            await self._close_unused()

    async def list_models(self) -> ModelList:
        """Its models, asked for unless the last list is fresh; its last ones, and why, where it can't say."""
        wanted_at = time.monotonic()
        async with self._listing, self.using():
            # Who waited while it was asked hears the same, or each would wait anew for one that is slow.
            fresh_from = wanted_at - (0 if self.listed.problem else MODELS_FRESH_S)
            if not self.listed.asked or self._listed_at <= fresh_from:
                self.listed = await self._ask()
                self._listed_at = time.monotonic()
            return self.listed

    async def _ask(self) -> ModelList:
        try:
            models = tuple(await self.gateway.models())
        except GatewayError as error:
            return replace(self.listed, problem=str(error), asked=True)
        models = _preferred(self.gateway.profile, models)
        return replace(self.listed, models=models, problem="", asked=True)

    async def retire(self) -> None:
        """Close it as soon as nobody uses it."""
        self._retired = True
        await self._close_unused()

    async def _close_unused(self) -> None:
        if self._retired and not self._users:
            await self.gateway.aclose()


def _preferred(profile: GatewayProfile, models: tuple[Model, ...]) -> tuple[Model, ...]:
    if profile.model is None:
        return models
    first = next((model for model in models if model.id == profile.model), Model(profile.model))
    return first, *(model for model in models if model.id != profile.model)
