"""From what somebody set up to the gateways that it means."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlsplit

from chat_ui.gateway import (
    Clocks,
    GatewayError,
    GatewayProfile,
    InvalidKey,
    InvalidPrivateKey,
    PaymentsNotInstalled,
    Wallet,
)
from chat_ui.gateway.presets import PRESETS, Preset, preset_at
from chat_ui.monitoring.logs import hide
from chat_ui.settings import GatewayTable, Settings, SettingsError
from chat_ui.store.connections import SavedConnection

__all__ = ["BY_HAND", "BY_URL", "entered", "fallbacks_from", "profiles_from", "wallet_from"]

NOTHING_KNOWN = Preset("", "", "", "")
BY_URL = "gateway"
BY_HAND = "connected"


def profiles_from(settings: Settings, saved: SavedConnection | None) -> tuple[GatewayProfile, ...]:
    """Every gateway that the settings name, then the one that was entered on the page.

    Raises:
        SettingsError: a gateway of the settings can't be used; the text says which and why, without its key.
        GatewayError: the one that was entered can't be used.
    """
    profiles: list[GatewayProfile] = []
    if settings.gateway_url is not None:
        profiles.append(_by_url(settings, settings.gateway_url))
    profiles += [_by_table(settings, table) for table in settings.gateways]
    if saved is not None:
        profiles.append(entered(settings, saved))
    fallbacks_from(settings)
    if any(profile.x402 for profile in profiles) and settings.x402_private_key is None:
        paid = ", ".join(profile.name for profile in profiles if profile.x402)
        raise SettingsError(f"X402_PRIVATE_KEY isn't set, and {paid} is paid per request from its wallet.")
    return tuple(profiles)


def entered(settings: Settings, connection: SavedConnection) -> GatewayProfile:
    """The gateway that somebody entered on the page; what is known of its host needs no entering.

    On a hosted site it must be on the open internet, unless the settings allow its host by name. From now on
    no log line holds its key.

    Raises:
        GatewayError: it can't be asked; the text says why.
    """
    hide(connection.key)
    known = preset_at(connection.base_url) or NOTHING_KNOWN
    profile = GatewayProfile(
        name=BY_HAND,
        base_url=connection.base_url,
        key=connection.key,
        dialect=known.dialect,
        label=known.label or None,
        model=connection.model,
        extra_headers=known.headers,
        prefill=known.prefill,
    )
    is_allowed = urlsplit(profile.base_url).hostname in settings.private_hosts
    return replace(profile, public_only=settings.hosted and not is_allowed)


def wallet_from(settings: Settings) -> Wallet | None:
    """What pays the gateways that charge per request, where there is one.

    Raises:
        SettingsError: its key can't be one, or what signs payments isn't installed.
    """
    if settings.x402_private_key is None:
        return None
    try:
        return Wallet(settings.x402_private_key.get_secret_value(), mainnet=settings.x402_mainnet)
    except (InvalidPrivateKey, PaymentsNotInstalled) as error:
        raise SettingsError(str(error)) from None


def fallbacks_from(settings: Settings) -> dict[str, tuple[tuple[str, str], ...]]:
    """Who is asked where a gateway can't answer: by its name, others' names with a model each.

    Raises:
        SettingsError: a fallback names no model, or a gateway that the settings don't.
    """
    known = {table.name for table in settings.gateways}
    if settings.gateway_url is not None:
        known.add(BY_URL)
    chains: dict[str, tuple[tuple[str, str], ...]] = {}
    for table in settings.gateways:
        chain = [fallback.strip().partition("/") for fallback in table.fallback]
        for number, (gateway, _, model) in enumerate(chain, 1):
            if gateway not in known or not model:
                where = f"{settings.config or 'The environment'}: gateway '{table.name}', fallback {number}"
                raise SettingsError(f"{where}: it takes the name of a gateway that is set up, '/', a model.")
        chains[table.name] = tuple((gateway, model) for gateway, _, model in chain)
    return chains


def _by_url(settings: Settings, base_url: str) -> GatewayProfile:
    known, key = preset_at(base_url) or NOTHING_KNOWN, settings.gateway_key
    is_told = "gateway_dialect" in settings.model_fields_set
    try:
        return GatewayProfile(
            name=BY_URL,
            base_url=base_url,
            key=None if key is None else key.get_secret_value(),
            dialect=settings.gateway_dialect if is_told else known.dialect,
            label=known.label or None,
            model=settings.gateway_model,
            trust_env=settings.gateway_trust_env,
            extra_headers=known.headers,
            prefill=known.prefill,
            x402=known.x402,
        )
    except GatewayError as error:
        name = "KEY (or OPENAI_API_KEY)" if isinstance(error, InvalidKey) else "URL (or OPENAI_BASE_URL)"
        raise SettingsError(f"CHAT_UI_GATEWAY_{name}: {error}") from error


def _by_table(settings: Settings, table: GatewayTable) -> GatewayProfile:
    known = PRESETS.get(table.name) or preset_at(table.base_url or "") or NOTHING_KNOWN
    where = f"{settings.config or 'The environment'}: gateway '{table.name}'"
    base_url = table.base_url or known.base_url
    if not base_url:
        names = ", ".join(PRESETS)
        raise SettingsError(f"{where}: base_url is missing. Only these names bring one along: {names}.")
    try:
        return GatewayProfile(
            name=table.name,
            base_url=base_url,
            key=None if table.key is None else table.key.get_secret_value(),
            dialect=table.dialect or known.dialect,
            label=table.label or (known.label if table.name == known.name else table.name),
            model=table.model or None,
            trust_env=table.trust_env,
            clocks=replace(Clocks(), **table.clocks),
            extra_headers=known.headers,
            allow_directives=table.allow_directives,
            prefill=table.prefill or known.prefill,
            x402=table.x402 or known.x402,
        )
    except GatewayError as error:
        field = "key" if isinstance(error, InvalidKey) else "base_url"
        raise SettingsError(f"{where}, {field}: {error}") from error
