"""The gateways that can be asked, by name, and the models they offer."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from chat_ui.chat.errors import GatewayIsFixed, NoSuchModel
from chat_ui.gateway import (
    DemoTransport,
    Gateway,
    GatewayError,
    GatewayProfile,
    InvalidKey,
    Model,
    ProbeReport,
    demo_profile,
    probe,
)
from chat_ui.settings import Settings, SettingsError
from chat_ui.store import connections
from chat_ui.store.connections import SavedConnection

__all__ = ["Gateways", "ModelList", "profile_from"]

DEMO = "demo"
CONNECTED = "gateway"
MODELS_FRESH_S = 30.0


@dataclass(frozen=True, slots=True)
class ModelList:
    """What a gateway offers.

    Args:
        gateway: its name.
        label: its name for people: the host, or "Demo".
        models: its models, the preferred one first.
        problem: why they can't be listed, in words, if they can't.
    """

    gateway: str
    label: str
    models: tuple[Model, ...]
    problem: str = ""


def profile_from(settings: Settings, saved: SavedConnection | None) -> GatewayProfile | None:
    """The gateway that the environment names, else the one that was entered on the page, else none.

    Raises:
        SettingsError: the environment's gateway can't be used; the text says why, without its key.
    """
    if settings.gateway_url is not None:
        key = settings.gateway_key
        try:
            return GatewayProfile(
                name=CONNECTED,
                base_url=settings.gateway_url,
                key=None if key is None else key.get_secret_value(),
                dialect=settings.gateway_dialect,
                model=settings.gateway_model,
                trust_env=settings.gateway_trust_env,
            )
        except GatewayError as error:
            name = "KEY (or OPENAI_API_KEY)" if isinstance(error, InvalidKey) else "URL (or OPENAI_BASE_URL)"
            raise SettingsError(f"CHAT_UI_GATEWAY_{name}: {error}") from error
    if saved is not None:
        return GatewayProfile(name=CONNECTED, base_url=saved.base_url, key=saved.key, model=saved.model)
    return None


class _Shared:
    """A gateway that is closed once it is retired and its last user has left."""

    def __init__(self, gateway: Gateway) -> None:
        self.gateway = gateway
        self._users = 0
        self._retired = False

    @asynccontextmanager
    async def using(self) -> AsyncGenerator[Gateway]:
        self._users += 1
        try:
            yield self.gateway
        finally:
            self._users -= 1
            await self._close_unused()

    async def retire(self) -> None:
        self._retired = True
        await self._close_unused()

    async def _close_unused(self) -> None:
        if self._retired and not self._users:
            await self.gateway.aclose()


class Gateways:
    """The gateways of this process: the connected one, and the demo model where there is none.

    Args:
        settings: they may name a gateway, and say where one that is entered on the page is kept.
        saved: the one that was entered, if one was.

    Raises:
        SettingsError: the gateway in the environment can't be used.
        GatewayError: the one that was entered can't be used.
    """

    def __init__(self, settings: Settings, saved: SavedConnection | None) -> None:
        self._data_dir = settings.data_dir
        self._by_settings = settings.gateway_url is not None
        profile = profile_from(settings, saved)
        self._open = {DEMO: _Shared(Gateway(demo_profile(), transport=DemoTransport()))}
        if profile is not None:
            self._open[CONNECTED] = _Shared(Gateway(profile))
        self._listed: dict[str, tuple[float, ModelList]] = {}
        self._listing = asyncio.Lock()

    def __contains__(self, name: str) -> bool:
        return name in self._open

    @asynccontextmanager
    async def using(self, name: str) -> AsyncGenerator[Gateway]:
        """A gateway, which stays open as long as the context does, even if another takes its place.

        Raises:
            NoSuchModel: it isn't connected (any more).
        """
        opened = self._open.get(name)
        if opened is None:
            raise NoSuchModel(name)
        async with opened.using() as gateway:
            yield gateway

    @property
    def default(self) -> str:
        """The gateway that a new conversation starts with."""
        return CONNECTED if CONNECTED in self._open else DEMO

    @property
    def is_demo(self) -> bool:
        """Whether there is nothing but the demo model."""
        return self.default == DEMO

    @property
    def is_removable(self) -> bool:
        """Whether the connected gateway was entered on the page, and can be removed there."""
        return not self.is_demo and not self._by_settings

    async def list_models(self) -> ModelList:
        """The models on offer, asked from the gateway anew where the last answer isn't fresh.

        A gateway that can't be asked gives its last list, or none, and the reason in words.
        """
        async with self._listing:
            name = self.default
            opened = self._open[name]
            asked_at, listed = self._listed.get(name, (0.0, None))
            if listed is not None and not listed.problem and time.monotonic() - asked_at < MODELS_FRESH_S:
                return listed
            async with opened.using() as gateway:
                listed = await _ask(gateway, listed)
            if self._open.get(name) is opened:
                self._listed[name] = (time.monotonic(), listed)
            return listed

    async def first_model(self, name: str) -> str:
        """The model to ask where nobody chose one.

        Raises:
            NoSuchModel: the gateway isn't connected (any more).
            GatewayError: the gateway can't say which models it has.
        """
        async with self.using(name) as gateway:
            if gateway.profile.model is not None:
                return gateway.profile.model
            return (await gateway.models())[0].id

    async def connect(self, base_url: str, key: str) -> ProbeReport:
        """Try a gateway, and keep it if it answers.

        Args:
            base_url: ``/v1`` included.
            key: blank where it needs none.

        Raises:
            GatewayIsFixed: the environment names the gateway.
            GatewayError: what is wrong with it, in words; the connection before it stays.
            StoreError: it could not be written down; the connection before it stays.
        """
        if self._by_settings:
            raise GatewayIsFixed
        profile = GatewayProfile(name=CONNECTED, base_url=base_url, key=key or None)
        report = await probe(profile)
        saved = SavedConnection(base_url=profile.base_url, key=profile.key, model=report.model)
        await asyncio.to_thread(connections.save, self._data_dir, saved)
        await self._replace(replace(profile, model=report.model))
        return report

    async def disconnect(self) -> None:
        """Forget the gateway that was entered on the page, and go back to the demo model.

        Raises:
            GatewayIsFixed: the environment names the gateway.
            StoreError: it could not be forgotten; it stays connected.
        """
        if self._by_settings:
            raise GatewayIsFixed
        await asyncio.to_thread(connections.forget, self._data_dir)
        await self._replace(None)

    async def _replace(self, profile: GatewayProfile | None) -> None:
        old = self._open.pop(CONNECTED, None)
        self._listed.pop(CONNECTED, None)
        if profile is not None:
            self._open[CONNECTED] = _Shared(Gateway(profile))
        if old is not None:
            await old.retire()

    async def aclose(self) -> None:
        """Close every connection; one that is in use closes with its use."""
        for opened in self._open.values():
            await opened.retire()


async def _ask(gateway: Gateway, last: ModelList | None) -> ModelList:
    profile = gateway.profile
    label = profile.label or urlsplit(profile.base_url).netloc
    try:
        models = tuple(await gateway.models())
    except GatewayError as error:
        known = last.models if last is not None else _preferred(profile, ())
        return ModelList(profile.name, label, known, str(error))
    return ModelList(profile.name, label, _preferred(profile, models))


def _preferred(profile: GatewayProfile, models: tuple[Model, ...]) -> tuple[Model, ...]:
    if profile.model is None:
        return models
    first = next((model for model in models if model.id == profile.model), Model(profile.model))
    return first, *(model for model in models if model.id != profile.model)
