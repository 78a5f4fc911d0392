"""The gateways that can be asked, by name, and the models they offer."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from chat_ui.gateway import (
    DemoTransport,
    Gateway,
    GatewayError,
    GatewayProfile,
    Model,
    ProbeReport,
    demo_profile,
    probe,
)
from chat_ui.settings import Settings
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
    """The gateway that the environment names, else the one that was entered on the page, else none."""
    if settings.gateway_url is not None:
        key = settings.gateway_key
        return GatewayProfile(
            name=CONNECTED,
            base_url=settings.gateway_url,
            key=None if key is None else key.get_secret_value(),
            dialect=settings.gateway_dialect,
            model=settings.gateway_model,
            trust_env=settings.gateway_trust_env,
        )
    if saved is not None:
        return GatewayProfile(name=CONNECTED, base_url=saved.base_url, key=saved.key, model=saved.model)
    return None


class Gateways:
    """The gateways of this process: the connected one, and the demo model where there is none.

    Args:
        settings: they may name a gateway, and say where one that is entered on the page is kept.
        saved: the one that was entered, if one was.

    Raises:
        GatewayError: the gateway's base URL or key can't be used.
    """

    def __init__(self, settings: Settings, saved: SavedConnection | None) -> None:
        self._data_dir = settings.data_dir
        self._by_settings = settings.gateway_url is not None
        profile = profile_from(settings, saved)
        self._open: dict[str, Gateway] = {DEMO: Gateway(demo_profile(), transport=DemoTransport())}
        if profile is not None:
            self._open[CONNECTED] = Gateway(profile)
        self._listed: dict[str, tuple[float, ModelList]] = {}
        self._listing = asyncio.Lock()

    def __contains__(self, name: str) -> bool:
        return name in self._open

    def __getitem__(self, name: str) -> Gateway:
        return self._open[name]

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
        name = self.default
        async with self._listing:
            asked_at, listed = self._listed.get(name, (0.0, None))
            if listed is not None and not listed.problem and time.monotonic() - asked_at < MODELS_FRESH_S:
                return listed
            listed = await self._ask(name, listed)
            self._listed[name] = (time.monotonic(), listed)
            return listed

    async def _ask(self, name: str, last: ModelList | None) -> ModelList:
        profile = self._open[name].profile
        try:
            models = tuple(await self._open[name].models())
        except GatewayError as error:
            known = last.models if last is not None else _preferred(profile, ())
            return ModelList(name, _label(profile), known, str(error))
        return ModelList(name, _label(profile), _preferred(profile, models))

    async def first_model(self, name: str) -> str:
        """The model to ask where nobody chose one.

        Raises:
            GatewayError: the gateway can't say which models it has.
        """
        profile = self._open[name].profile
        if profile.model is not None:
            return profile.model
        return (await self._open[name].models())[0].id

    async def connect(self, base_url: str, key: str) -> ProbeReport:
        """Try a gateway, and keep it if it answers.

        Args:
            base_url: ``/v1`` included.
            key: blank where it needs none.

        Raises:
            GatewayError: what is wrong with it, in words; the connection before it stays.
            StoreError: it could not be written down.
        """
        profile = GatewayProfile(name=CONNECTED, base_url=base_url, key=key or None)
        report = await probe(profile)
        saved = SavedConnection(base_url=profile.base_url, key=profile.key, model=report.model)
        await asyncio.to_thread(connections.save, self._data_dir, saved)
        await self._replace(replace(profile, model=report.model))
        return report

    async def disconnect(self) -> None:
        """Forget the gateway that was entered on the page, and go back to the demo model."""
        await asyncio.to_thread(connections.forget, self._data_dir)
        await self._replace(None)

    async def _replace(self, profile: GatewayProfile | None) -> None:
        old = self._open.pop(CONNECTED, None)
        self._listed.pop(CONNECTED, None)
        if profile is not None:
            self._open[CONNECTED] = Gateway(profile)
        if old is not None:
            await old.aclose()

    async def aclose(self) -> None:
        """Close every connection."""
        for gateway in self._open.values():
            await gateway.aclose()


def _preferred(profile: GatewayProfile, models: tuple[Model, ...]) -> tuple[Model, ...]:
    if profile.model is None:
        return models
    first = next((model for model in models if model.id == profile.model), Model(profile.model))
    return first, *(model for model in models if model.id != profile.model)


def _label(profile: GatewayProfile) -> str:
    return profile.label or urlsplit(profile.base_url).netloc
