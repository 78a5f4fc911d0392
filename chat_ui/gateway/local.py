"""Looks for servers of models on this machine, at the ports where they usually listen."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from chat_ui.gateway.client import Gateway
from chat_ui.gateway.errors import GatewayError
from chat_ui.gateway.profile import Clocks, GatewayProfile
from chat_ui.gateway.status_errors import Unauthorized

__all__ = ["PORTS", "Found", "find_local"]

PORTS: Mapping[int, str] = MappingProxyType(
    {11434: "Ollama", 1234: "LM Studio", 8080: "llama.cpp", 8000: "vLLM", 4000: "LiteLLM"}
)
"""What usually listens where, as each one's documentation has it."""
PATIENCE = Clocks(connect=1.0, gap=2.0)


@dataclass(frozen=True, slots=True)
class Found:
    """A server that lists models, or would.

    Args:
        label: what usually listens at its port; it may well be something else that speaks the same.
        base_url: where it was found.
        models: the ids of its models.
        wants_key: whether it tells them only to those who have a key, as LiteLLM does.
    """

    label: str
    base_url: str
    models: tuple[str, ...]
    wants_key: bool = False


async def find_local(ports: Mapping[int, str] = PORTS, *, skip: Collection[int] = ()) -> list[Found]:
    """Ask every port of this machine, and no other, for a list of models.

    Args:
        ports: which ones, and what usually listens there.
        skip: those that are known to be something else, such as this site.

    Returns:
        Those that answered, in the order of the ports.
    """
    asked = (_ask(port, label) for port, label in ports.items() if port not in skip)
    return [found for found in await asyncio.gather(*asked) if found is not None]


async def _ask(port: int, label: str) -> Found | None:
    gateway = Gateway(GatewayProfile("local", f"http://127.0.0.1:{port}/v1", clocks=PATIENCE))
    try:
        models = await gateway.models()
    except Unauthorized:
        return Found(label, gateway.profile.base_url, (), wants_key=True)
    except GatewayError:
        return None
    finally:
        await gateway.aclose()
    return Found(label, gateway.profile.base_url, tuple(model.id for model in models))
