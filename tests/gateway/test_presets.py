"""The gateways known by name."""

from __future__ import annotations

from chat_ui.gateway import GatewayProfile
from chat_ui.gateway.presets import PRESETS
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
