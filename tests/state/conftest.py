"""Event handlers run by Reflex's own processor, with all that it would send to the browser recorded."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping
from typing import Any
from unittest.mock import AsyncMock

import pytest
from reflex.event import Event
from reflex.istate.manager.memory import StateManagerMemory
from reflex.state import State, StateUpdate
from reflex.utils import format
from reflex_base.event.processor import BaseStateEventProcessor
from reflex_base.registry import RegistrationContext

from chat_ui.chat.pace import Pace
from chat_ui.chat.service import Chat, open_chat
from chat_ui.chat.turns import Draft, send
from chat_ui.settings import Settings
from chat_ui.state import routes
from chat_ui.state.current import serving
from chat_ui.store.conversations import Conversation
from chat_ui.store.ids import new_id
from tests.scripted import ScriptedGateway

TOKEN = "tab"
PATIENCE_S = 20.0


class Browser:
    """One tab: sends events, and keeps every frame that the server sends."""

    def __init__(self, processor: BaseStateEventProcessor) -> None:
        self.processor = processor
        self._arrived = asyncio.Event()
        self.frames: list[StateUpdate] = []
        self.path = "/"

    async def record_delta(self, token: str, delta: Mapping[str, Mapping[str, Any]]) -> None:
        self._record(StateUpdate(delta={name: dict(values) for name, values in delta.items()}))

    async def record_event(self, token: str, *events: Event) -> None:
        self._record(StateUpdate(events=list(events)))

    def _record(self, update: StateUpdate) -> None:
        self.frames.append(update)
        self._arrived.set()

    async def start(self, handler: Any, *args: Any) -> Any:
        """Send an event; the future ends with all that the handler sets going."""
        [event] = Event.from_event_type(handler(*args) if args else handler)
        return await self._send(event)

    async def send(self, handler: Any, *args: Any) -> None:
        """Send an event and wait for its end."""
        async with asyncio.timeout(PATIENCE_S):
            await (await self.start(handler, *args)).wait_all()

    async def send_raw(self, name: str, **payload: Any) -> None:
        """Send what no page of ours would."""
        async with asyncio.timeout(PATIENCE_S):
            await (await self._send(Event(name=name, payload=payload))).wait_all()

    async def _send(self, event: Event) -> Any:
        router = {"pathname": self.path, "asPath": self.path, "query": {}, "headers": {}, "token": TOKEN}
        return await self.processor.enqueue(
            TOKEN, Event(name=event.name, payload=event.payload, router_data=router)
        )

    async def until(self, reached: Callable[[], bool]) -> None:
        """Wait until what has arrived shows something."""
        async with asyncio.timeout(PATIENCE_S):
            while not reached():
                self._arrived.clear()
                await self._arrived.wait()

    def pushed(self, ref: str) -> list[Any]:
        """The values that were set on a ref of the page, in order."""
        return [
            event.payload["value"]
            for frame in self.frames
            for event in frame.events
            if event.name == "_set_value" and event.payload["ref"] == f"ref_{ref}"
        ]

    def redirects(self) -> list[str]:
        """Where the page was sent."""
        events = [event for frame in self.frames for event in frame.events]
        return [event.payload["path"] for event in events if event.name == "_redirect"]

    def values(self, state: type[State], var: str) -> list[Any]:
        """All values that a var has had on the page, in order."""
        name, key = state.get_full_name(), f"{var}_rx_state_"
        deltas = [frame.delta.get(name, {}) for frame in self.frames]
        return [delta[key] for delta in deltas if key in delta]

    def sent(self) -> str:
        """All bytes that went to the browser."""
        return "\n".join(format.json_dumps(frame) for frame in self.frames)


@pytest.fixture
async def chat(settings: Settings) -> AsyncGenerator[Chat]:
    async with open_chat(settings, pace=Pace(piece=0, journal=0, drain=0)) as running:
        with serving(running):
            yield running


@pytest.fixture
async def failures() -> list[Exception]:
    """What handlers raised; empty unless a test expects otherwise."""
    return []


@pytest.fixture
async def browser(
    chat: Chat, failures: list[Exception], monkeypatch: pytest.MonkeyPatch
) -> AsyncGenerator[Browser]:
    RegistrationContext.ensure_context()
    # A page's first event would load the page, which needs the whole app.
    monkeypatch.setattr(BaseStateEventProcessor, "_rehydrate", AsyncMock())
    processor = BaseStateEventProcessor(graceful_shutdown_timeout=0)
    processor.backend_exception_handler = failures.append
    processor.configure(state_manager=StateManagerMemory())
    tab = Browser(processor)
    object.__setattr__(processor._root_context, "emit_delta_impl", tab.record_delta)
    object.__setattr__(processor._root_context, "emit_event_impl", tab.record_event)
    async with processor:
        yield tab
    assert not failures


@pytest.fixture
async def conversation(chat: Chat, gateway: ScriptedGateway, browser: Browser) -> Conversation:
    """A conversation whose answer is still coming, at whose address the browser is."""
    made = await send(chat, chat.person.id, Draft(new_id(), "Hello?"))
    browser.path = routes.conversation(made.id)
    return made


@pytest.fixture
def unsought() -> Iterator[None]:
    """No garbage is sought meanwhile."""
    gc.disable()
    yield
    gc.enable()
