"""The gateways that can be asked, by name, and the models they offer."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from decimal import Decimal

from chat_ui.chat.configured import BY_HAND, entered, fallbacks_from, profiles_from, wallet_from
from chat_ui.chat.errors import GatewayIsFixed, NoSuchModel
from chat_ui.chat.opened import ModelList, Opened
from chat_ui.gateway import (
    DemoTransport,
    Gateway,
    GatewayError,
    GatewayProfile,
    ProbeReport,
    chat_model,
    demo_profile,
    probe,
)
from chat_ui.gateway.fallback import Route
from chat_ui.gateway.model_facts import Prices
from chat_ui.monitoring.lasting import warn
from chat_ui.settings import Settings
from chat_ui.store import connections
from chat_ui.store.connections import SavedConnection
from chat_ui.store.errors import StoreError

__all__ = ["Gateways"]

DEMO = "demo"
# How often to see what other processes have connected.
LOOK_S = 2.0

log = logging.getLogger(__name__)


class Gateways:
    """The gateways of this process: those that were set up, or the demo model where there are none.

    Args:
        settings: they may name gateways, and say where one that is entered on the page is kept.
        saved: the one that was entered, if one was.

    Raises:
        SettingsError: a gateway of the settings can't be used.
        GatewayError: the one that was entered can't be used.
    """

    def __init__(self, settings: Settings, saved: SavedConnection | None) -> None:
        self._settings = settings
        self._data_dir = settings.data_dir
        wallet = wallet_from(settings)
        self._open = {
            profile.name: Opened(Gateway(profile, wallet=wallet if profile.x402 else None))
            for profile in profiles_from(settings, saved)
        }
        self._fallbacks = fallbacks_from(settings)
        self._set_prices = {
            (price.gateway, price.model): Prices(price.input, price.output) for price in settings.prices
        }
        self._by_settings = bool(self._open.keys() - {BY_HAND})
        # What is written down and what is open change together.
        self._changing = asyncio.Lock()
        self._demo = Opened(Gateway(demo_profile(), transport=DemoTransport()))

    def __contains__(self, name: str) -> bool:
        return self._find(name) is not None

    def _find(self, name: str) -> Opened | None:
        return self._demo if name == DEMO else self._open.get(name)

    @asynccontextmanager
    async def using(self, name: str) -> AsyncGenerator[Gateway]:
        """A gateway, which stays open as long as the context does, even if another takes its place.

        Raises:
            NoSuchModel: it isn't connected (any more).
        """
        opened = self._find(name)
        if opened is None:
            raise NoSuchModel(name)
        async with opened.using() as gateway:
            yield gateway

    @asynccontextmanager
    async def routes(self, name: str, model: str) -> AsyncGenerator[list[Route]]:
        """The ways to an answer: what is wanted, then what was set up to stand in for it.

        Args:
            name: of the gateway.
            model: to ask; blank for the gateway's own choice.

        Raises:
            NoSuchModel: the gateway isn't connected (any more).
            GatewayError: it can't say which models it has, and none is named.
        """
        async with AsyncExitStack() as stack:
            wanted = await stack.enter_async_context(self.using(name))
            routes = [Route(wanted, model or await self.first_model(name))]
            for other, stand_in in self._fallbacks.get(name, ()):
                routes.append(Route(await stack.enter_async_context(self.using(other)), stand_in))
            yield routes

    def profile(self, name: str) -> GatewayProfile:
        """How a gateway was set up.

        Raises:
            NoSuchModel: it isn't connected (any more).
        """
        opened = self._find(name)
        if opened is None:
            raise NoSuchModel(name)
        return opened.gateway.profile

    def label(self, name: str) -> str:
        """What a gateway is called on the page; as it is set up, where it isn't connected (any more)."""
        opened = self._find(name)
        return name if opened is None else opened.listed.label

    @property
    def default(self) -> str:
        """The gateway that a new conversation starts with."""
        return next(iter(self._open), DEMO)

    @property
    def is_demo(self) -> bool:
        """Whether there is nothing but the demo model."""
        return not self._open

    @property
    def removable(self) -> str:
        """The gateway that was entered on the page, and can be removed there; blank where there is none."""
        return BY_HAND if BY_HAND in self._open else ""

    @property
    def is_fixed(self) -> bool:
        """Whether the settings say who can be asked, so that the page adds nobody."""
        return self._by_settings

    def window(self, name: str, model: str) -> int | None:
        """How many tokens a model can read, as far as is known without asking; a blank one is the first."""
        opened = self._find(name)
        listed = () if opened is None else opened.listed.models
        wanted = model or (chat_model(listed).id if listed else "")
        return next((known.context_window for known in listed if known.id == wanted), None)

    def known_models(self) -> tuple[ModelList, ...]:
        """What is known of every gateway on offer without asking any, the default one first."""
        return tuple(opened.listed for opened in self._offered())

    async def list_models(self) -> AsyncGenerator[ModelList]:
        """Yield the models of each gateway on offer as soon as it has answered, whoever else hasn't.

        One whose last answer is fresh isn't asked again. One that can't be asked gives its last list, or
        none, and the reason in words.
        """
        asking = [asyncio.create_task(opened.list_models()) for opened in self._offered()]
        try:
            for answered in asyncio.as_completed(asking):
                yield await answered
        finally:
            for task in asking:
                task.cancel()
            await asyncio.gather(*asking, return_exceptions=True)

    async def learn(self, name: str) -> None:
        """Ask a gateway for its models, unless it was asked before or isn't connected (any more)."""
        opened = self._find(name)
        if opened is not None and not opened.listed.asked:
            await opened.list_models()

    def _offered(self) -> tuple[Opened, ...]:
        return tuple(self._open.values()) or (self._demo,)

    def first_known(self, name: str) -> str:
        """The model that is asked where nobody chose one, as far as it is known; blank where it isn't."""
        opened = self._find(name)
        if opened is None:
            return ""
        models = opened.listed.models
        return opened.gateway.profile.model or (chat_model(models).id if models else "")

    def prices(self, name: str, model: str) -> Prices:
        """What a model costs in dollars, as the settings say, or else its gateway; None where nobody does."""
        if name == DEMO:
            return Prices(Decimal(0), Decimal(0))
        if (name, model) in self._set_prices:
            return self._set_prices[name, model]
        opened = self._find(name)
        listed = () if opened is None else opened.listed.models
        told = next((known.prices for known in listed if known.id == model), None)
        return told if told is not None and told.currency == "usd" else Prices()

    async def first_model(self, name: str) -> str:
        """The model to ask where nobody chose one.

        Raises:
            NoSuchModel: the gateway isn't connected (any more).
            GatewayError: the gateway can't say which models it has.
        """
        async with self.using(name) as gateway:
            if gateway.profile.model is not None:
                return gateway.profile.model
            return chat_model(await gateway.models()).id

    async def connect(self, base_url: str, key: str, model: str = "") -> ProbeReport:
        """Try a gateway, and keep it if it answers.

        Args:
            base_url: ``/v1`` included.
            key: blank where it needs none.
            model: the one to begin with; blank for the first one of its list that chats.

        Raises:
            GatewayIsFixed: the settings say who can be asked.
            GatewayError: what is wrong with it, in words; the connection before it stays.
            StoreError: it could not be written down; the connection before it stays.
        """
        if self._by_settings:
            raise GatewayIsFixed
        profile = entered(self._settings, SavedConnection(base_url, key or None, model.strip() or None))
        report = await probe(profile)
        saved = SavedConnection(base_url=profile.base_url, key=profile.key, model=report.model)
        async with self._changing:
            await asyncio.to_thread(connections.save, self._data_dir, saved)
            await self._replace(replace(profile, model=report.model))
        return report

    async def disconnect(self) -> None:
        """Forget the gateway that was entered on the page; the others stay, or the demo model comes back.

        Raises:
            GatewayIsFixed: nobody entered one, the settings name those there are.
            StoreError: it could not be forgotten; it stays connected.
        """
        if self._by_settings and not self.removable:
            raise GatewayIsFixed
        async with self._changing:
            await asyncio.to_thread(connections.forget, self._data_dir)
            await self._replace(None)

    async def keep_up(self) -> None:
        """Take up what is connected or disconnected in other processes of this machine, until cancelled."""
        known: object = ()
        while True:
            await asyncio.sleep(LOOK_S)
            if (stamp := connections.stamp(self._data_dir)) == known:
                continue
            try:
                await self.look_again()
                known = stamp
            except (StoreError, GatewayError) as error:
                warn(log, f"Another process has connected a gateway that can't be used here: {error}")

    async def look_again(self) -> None:
        """Take up the gateway that is entered by now, wherever that was.

        Raises:
            StoreError: which one that is can't be read.
            GatewayError: it can't be used.
        """
        async with self._changing:
            saved = await asyncio.to_thread(connections.load, self._data_dir)
            profile = None if saved is None else entered(self._settings, saved)
            opened = self._open.get(BY_HAND)
            if profile != (None if opened is None else opened.gateway.profile):
                await self._replace(profile)

    async def _replace(self, profile: GatewayProfile | None) -> None:
        old = self._open.pop(BY_HAND, None)
        if profile is not None:
            self._open[BY_HAND] = Opened(Gateway(profile))
        if old is not None:
            await old.retire()

    async def aclose(self) -> None:
        """Close every connection; one that is in use closes with its use."""
        for opened in (*self._open.values(), self._demo):
            await opened.retire()
