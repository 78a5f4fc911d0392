"""The gateways known by name."""

from __future__ import annotations

import pytest

from chat_ui.gateway import GatewayProfile
from chat_ui.gateway.presets import PRESETS, preset_at
from chat_ui.settings import KEY_VARIABLES, OPENAI_BASE_URL, WALLET_VARIABLE, X_ROUTER


def test_a_variable_stands_for_each() -> None:
    assert {preset.key_env: preset.name for preset in PRESETS.values()} == KEY_VARIABLES | {
        WALLET_VARIABLE: X_ROUTER
    }
    assert [preset.name for preset in PRESETS.values()] == list(PRESETS)


def test_each_can_be_asked_as_it_stands() -> None:
    for preset in PRESETS.values():
        profile = GatewayProfile(
            preset.name, preset.base_url, "key", preset.dialect, extra_headers=preset.headers
        )
        assert profile.base_url == preset.base_url
        assert preset.base_url.startswith("https://")
    assert PRESETS["openai"].base_url == OPENAI_BASE_URL
    assert PRESETS["anthropic"].dialect == "anthropic"
    assert ("X-Aiand-Metrics", "true") in PRESETS["aiand"].headers


@pytest.mark.parametrize(
    ("address", "name"),
    [
        (" https://API.aiand.com/v1/ ", "aiand"),
        ("https://api.anthropic.com", "anthropic"),
        ("https://openrouter.ai/api/v1/chat/completions", "openrouter"),
        ("https://api.aiand.com.evil.test/v1", None),
        ("https://evil.test/api.aiand.com", None),
        ("https://api.aiand.com@evil.test/v1", None),
        ("http://127.0.0.1:8000/v1", None),
        ("api.aiand.com", None),
        ("https://[::1", None),
        ("", None),
    ],
)
def test_an_address_names_its_gateway_by_its_host(address: str, name: str | None) -> None:
    preset = preset_at(address)
    assert (None if preset is None else preset.name) == name
