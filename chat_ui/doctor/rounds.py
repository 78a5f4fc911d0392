"""One look at everything."""

from __future__ import annotations

import os
from collections.abc import Iterator
from difflib import get_close_matches

from chat_ui.doctor import inside
from chat_ui.doctor.findings import Finding, fails, good, warns
from chat_ui.doctor.outside import public_side
from chat_ui.settings import Settings, SettingsError, load_settings

__all__ = ["look_over"]


async def look_over(*, ask: bool = False) -> list[Finding]:
    """Look at a deployment with the settings of this environment.

    Args:
        ask: whether to have each gateway write a word.
    """
    try:
        settings = load_settings()
    except SettingsError as error:
        return [fails("Settings", str(error), side="the settings")]
    history = await inside.database(settings)
    is_there = history.state == "good"
    return [
        *_read(settings),
        inside.disk(settings),
        history,
        await inside.redis(settings),
        *([await inside.processes(settings)] if is_there else []),
        *await inside.gateways(settings, ask=ask),
        *await public_side(settings, has_database=is_there),
    ]


def _read(settings: Settings) -> list[Finding]:
    kind = "a hosted site" if settings.hosted else "a local site"
    where = f"the environment and {settings.config}" if settings.config else "the environment"
    concerns = [*_misspelt()]
    if settings.hosted and settings.sign_up == "open" and not _has_budget(settings):
        budget = warns(
            "Settings",
            "anybody may make an account, and use models without a budget.",
            side="the settings",
            todo="Set CHAT_UI_TOKENS_PER_DAY or CHAT_UI_DOLLARS_PER_DAY, or CHAT_UI_SIGN_UP=invite.",
        )
        concerns.append(budget)
    return concerns or [good("Settings", f"{kind}, by {where}.")]


def _misspelt() -> Iterator[Finding]:
    """Variables that are nearly settings; others may be of Caddy or of scripts."""
    settings = {f"CHAT_UI_{name}".upper() for name in Settings.model_fields}
    for name in sorted(os.environ.keys() - settings):
        if name.startswith("CHAT_UI_") and (meant := get_close_matches(name, settings, n=1, cutoff=0.9)):
            words = f"{name} is set, and is no setting."
            yield warns("Settings", words, side="the settings", todo=f"Did you mean {meant[0]}?")


def _has_budget(settings: Settings) -> bool:
    budgets = (
        settings.tokens_per_day,
        settings.tokens_per_month,
        settings.dollars_per_day,
        settings.dollars_per_month,
    )
    return any(one is not None for one in budgets)
