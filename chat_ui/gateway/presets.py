"""The gateways known by name: all that has to be brought along is a key.

What is known of each, and how it was checked, stands in ``docs/gateways.md``. A gateway that people run
themselves has no address of its own, and is none of these.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from urllib.parse import urlsplit

from chat_ui.gateway.profile import Dialect, Prefill

__all__ = ["PRESETS", "Preset", "preset_at"]


@dataclass(frozen=True, slots=True)
class Preset:
    """A gateway known by name.

    Args:
        name: short and unique, for settings and URLs.
        label: its name for people.
        base_url: as it documents it.
        key_env: the environment variable that holds its key, and switches it on.
        dialect: what it speaks.
        headers: names and values that it wants to be sent beside the key.
        prefill: how it continues an answer; see ``GatewayProfile``.
        x402: whether it is paid per request; ``key_env`` then holds the wallet's private key.
    """

    name: str
    label: str
    base_url: str
    key_env: str
    dialect: Dialect = "openai"
    headers: tuple[tuple[str, str], ...] = ()
    prefill: Prefill | None = None
    x402: bool = False


_ALL = (
    # The base URL is that of its newest documents (tokenhub.sandboxclaw.com/docs).
    Preset("token-hub", "token-hub", "https://llm.sandboxclaw.com/v1", "TOKENHUB_KEY"),
    # docs.aiand.com; without its header the newer generation sends no cost after the answer.
    Preset(
        "aiand", "ai&", "https://api.aiand.com/v1", "AIAND_API_KEY", headers=(("X-Aiand-Metrics", "true"),)
    ),
    # docs.x-router.ai.
    Preset("x-router", "x-router", "https://api.x-router.ai/v1", "X402_PRIVATE_KEY", x402=True),
    # Of llmhub.one, what its authors wrote about it.
    Preset("llmhub", "LLMHub", "https://api.llmhub.one/v1", "LLMHUB_API_KEY"),
    Preset("openai", "OpenAI", "https://api.openai.com/v1", "OPENAI_API_KEY"),
    Preset("anthropic", "Anthropic", "https://api.anthropic.com/v1", "ANTHROPIC_API_KEY", "anthropic"),
    Preset("openrouter", "OpenRouter", "https://openrouter.ai/api/v1", "OPENROUTER_API_KEY", prefill="plain"),
)
PRESETS: Mapping[str, Preset] = MappingProxyType({preset.name: preset for preset in _ALL})
"""Every preset by its name, in the order in which they are offered."""


def preset_at(base_url: str) -> Preset | None:
    """The gateway known by name that has this address, told by its host."""
    host = _host(base_url)
    return next((preset for preset in _ALL if host == _host(preset.base_url)), None)


def _host(base_url: str) -> str | None:
    try:
        return urlsplit(base_url.strip()).hostname
    except ValueError:
        return None
