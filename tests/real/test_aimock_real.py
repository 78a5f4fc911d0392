"""The gateway client against aimock in the shapes of three gateways, in order and with chaos on."""

from collections import Counter
from contextlib import aclosing
from typing import Any

import pytest

from chat_ui.gateway import (
    ChatMessage,
    ChatRequest,
    ConnectionLost,
    ContextTooLong,
    Dialect,
    Finish,
    Gateway,
    GatewayDown,
    GatewayError,
    GatewayProfile,
    Metadata,
    NotAnAPI,
    Patience,
    RateLimited,
    ReasoningDelta,
    StreamCut,
    StreamEvent,
    TextDelta,
    Unauthorized,
    Usage,
)

SHAPES: dict[str, tuple[str, Dialect]] = {
    "openai": ("/v1", "openai"),
    "anthropic": ("/v1", "anthropic"),
    "openrouter": ("/api/v1", "openai"),
}
CHAOS = ("drop", "malformed", "disconnect", "ratelimit")


@pytest.fixture(params=SHAPES)
def shape(request: pytest.FixtureRequest) -> str:
    return request.param


class Asked:
    """What one question came to: the events, the error if there was one, and the waits between."""

    def __init__(self) -> None:
        self.events: list[StreamEvent] = []
        self.error: GatewayError | None = None
        self.waits: list[float] = []

    def text(self, kind: type[TextDelta] | type[ReasoningDelta] = TextDelta) -> str:
        return "".join(event.text for event in self.events if isinstance(event, kind))

    def of(self, kind: type[Any]) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]


def gateway_of(server: Any, shape: str, asked: Asked, key: str | None = None, **chaos: str) -> Gateway:
    path, dialect = SHAPES[shape]
    headers = {f"x-aimock-chaos-{name}": rate for name, rate in chaos.items()}
    base_url = server.base_url.removesuffix("/v1") + path

    async def note(seconds: float) -> None:
        asked.waits.append(seconds)

    profile = GatewayProfile("real", base_url, key or server.key, dialect, extra_headers=headers)
    return Gateway(profile, patience=Patience(sleep=note, chance=lambda: 0.0))


async def ask(server: Any, shape: str, model: str, **chaos: str) -> Asked:
    asked = Asked()
    request = ChatRequest(model, (ChatMessage("user", "hi"),))
    async with aclosing(gateway_of(server, shape, asked, **chaos)) as gateway:
        try:
            async for event in gateway.stream(request):
                asked.events.append(event)
        except GatewayError as error:
            asked.error = error
    return asked


async def test_an_answer_is_whole(aimock: Any, shape: str, said_by_aimock: dict[str, str]):
    asked = await ask(aimock, shape, "steady")
    assert (asked.text(), asked.of(Finish)) == (said_by_aimock["steady"], [Finish("stop")])
    assert len(asked.of(Usage)) == 1
    assert [served.model for served in asked.of(Metadata)] == [None, "steady"]


async def test_reasoning_comes_once(aimock: Any, shape: str):
    asked = await ask(aimock, shape, "thinking")
    assert asked.text(ReasoningDelta) == "They ask for a sum. Two and two are four."
    assert asked.text() == "Four."


async def test_openrouter_says_who_answers_and_what_models_can_do(aimock: Any):
    asked = await ask(aimock, "openrouter", "steady")
    assert asked.of(Metadata)[-1].provider == "steady"
    async with aclosing(gateway_of(aimock, "openrouter", asked)) as gateway:
        model = next(model for model in await gateway.models() if model.id == "steady")
    assert (model.context_window, model.capabilities.tools) == (128000, True)
    assert model.prices is not None


async def test_each_lists_its_models(aimock: Any, shape: str):
    async with aclosing(gateway_of(aimock, shape, Asked())) as gateway:
        assert {"steady", "slow", "thinking"} <= {model.id for model in await gateway.models()}


async def test_a_wrong_key(aimock: Any, shape: str):
    async with aclosing(gateway_of(aimock, shape, Asked(), key="wrong-key")) as gateway:
        with pytest.raises(Unauthorized):
            await gateway.models()


async def test_a_cut_keeps_what_came(aimock: Any, shape: str, said_by_aimock: dict[str, str]):
    asked = await ask(aimock, shape, "cut")
    assert type(asked.error) is StreamCut
    assert said_by_aimock["cut"].startswith(asked.text())
    assert asked.text().startswith("This answer breaks off")
    assert asked.waits == []


@pytest.mark.parametrize(
    ("model", "kind", "words", "waits"),
    [
        ("later", RateLimited, "Come back later.", [3.0, 3.0]),
        ("broken", GatewayDown, "The model fell over.", [0.5, 1.0]),
        ("too-long", ContextTooLong, "This model's maximum context length is 8192 tokens.", []),
    ],
)
async def test_its_refusals(
    aimock: Any, shape: str, model: str, kind: type[GatewayError], words: str, waits: list[float]
):
    asked = await ask(aimock, shape, model)
    assert type(asked.error) is kind
    assert (asked.error.detail, asked.waits) == (words, waits)


@pytest.mark.parametrize(
    ("chaos", "kind", "waits"),
    [
        ("drop", GatewayDown, [0.5, 1.0]),
        ("malformed", NotAnAPI, []),
        ("disconnect", ConnectionLost, [0.5, 1.0]),
        ("ratelimit", RateLimited, [1.0, 1.0]),
    ],
)
async def test_chaos_is_told_for_what_it_is(
    aimock: Any, shape: str, chaos: str, kind: type[GatewayError], waits: list[float]
):
    asked = await ask(aimock, shape, "steady", **{chaos: "1"})
    assert type(asked.error) is kind
    assert (asked.text(), asked.waits) == ("", waits)


async def test_in_the_midst_of_chaos_an_answer_is_whole_or_an_error(
    aimock: Any, shape: str, said_by_aimock: dict[str, str]
):
    came_to: Counter[bool] = Counter()
    for _ in range(40):
        asked = await ask(aimock, shape, "steady", **dict.fromkeys(CHAOS, "0.15"))
        came_to[asked.error is None] += 1
        assert asked.text() == ("" if asked.error else said_by_aimock["steady"])
        assert len(asked.of(Finish)) == (0 if asked.error else 1)
        assert len(asked.waits) <= 2
    assert came_to[True] > 0
