"""What lists of models say about a model, in the words of each gateway.

A fact that isn't told is None, never guessed from the model's name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from chat_ui.gateway.json_values import as_amount, as_count, as_list, as_mapping, as_text

__all__ = ["Capabilities", "Prices", "capabilities_in", "context_window_in", "prices_in"]

MILLION = 1_000_000
# Nobody asks this much for one token; such a number was meant per million.
DEAREST_TOKEN = Decimal("0.02")

CONTEXT = ("context_length", "max_model_len", "context_window", "max_context_length", "max_input_tokens")
VISION = frozenset({"vision", "image", "images", "image_input"})
TOOLS = frozenset({"tools", "tool_calling", "tool_use", "function_calling", "tool_choice"})
REASONING = frozenset({"reasoning", "thinking", "reasoning_effort", "include_reasoning"})


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a model can do; None where the gateway doesn't say.

    Args:
        vision: reads images.
        tools: calls tools.
        reasoning: thinks before it answers.
    """

    vision: bool | None = None
    tools: bool | None = None
    reasoning: bool | None = None


@dataclass(frozen=True, slots=True)
class Prices:
    """What a million tokens cost.

    Args:
        input: read by the model.
        output: written by it.
        currency: an ISO 4217 code in lower case.
    """

    input: Decimal | None = None
    output: Decimal | None = None
    currency: str = "usd"


def context_window_in(row: Mapping[str, Any]) -> int | None:
    """How many tokens the model can read; the server's own limit before the model's."""
    places = (as_mapping(row.get("top_provider")), row)
    sizes = (_size(place.get(name)) for place in places for name in CONTEXT)
    return next((size for size in sizes if size), None)


def capabilities_in(row: Mapping[str, Any]) -> Capabilities:
    """What the model can do.

    Known: ai&'s and Mistral's ``capabilities`` (names, or names with yes or no), Anthropic's (names with
    ``{"supported": …}``), OpenRouter's ``supported_parameters`` and ``architecture.input_modalities``.
    """
    told = row.get("capabilities")
    parameters = row.get("supported_parameters")
    modalities = as_mapping(row.get("architecture")).get("input_modalities", row.get("input_modalities"))
    return Capabilities(
        vision=_first_bool(_has(told, VISION), _has(modalities, VISION)),
        tools=_first_bool(_has(told, TOOLS), _has(parameters, TOOLS)),
        reasoning=_first_bool(_has(told, REASONING), _has(parameters, REASONING)),
    )


def prices_in(row: Mapping[str, Any]) -> Prices | None:
    """What the model costs, if the gateway says so.

    Known: ai&'s ``input_per_1m`` and its like, as strings, with a ``currency``; OpenRouter's ``pricing``
    with ``prompt`` and ``completion`` in US dollars per token (its -1 means that nobody knows); ``pricing``
    with ``input`` and ``output`` per million.
    """
    pricing = as_mapping(row.get("pricing"))
    places = (row, pricing)
    currency = as_text(row.get("currency")) or as_text(pricing.get("currency")) or "usd"
    prices = Prices(
        input=_price(places, ("input_per_1m", "input"), ("prompt", "input_cost_per_token")),
        output=_price(places, ("output_per_1m", "output"), ("completion", "output_cost_per_token")),
        currency=currency.lower(),
    )
    return None if prices.input is prices.output is None else prices


def _price(
    places: tuple[Mapping[str, Any], ...], per_million: tuple[str, ...], per_token: tuple[str, ...]
) -> Decimal | None:
    for place in places:
        for name in per_million:
            if (amount := as_amount(place.get(name))) is not None:
                return amount
        for name in per_token:
            if (amount := as_amount(place.get(name))) is not None:
                return amount * MILLION if amount < DEAREST_TOKEN else amount
    return None


def _has(told: object, names: frozenset[str]) -> bool | None:
    """Whether one of the names is among what was told; a list leaves nothing open, an object may."""
    listed = as_list(told)
    if told == listed:
        return any(as_text(name) in names for name in listed)
    answers = [_yes_or_no(value) for name, value in as_mapping(told).items() if name in names]
    return _first_bool(*sorted((a for a in answers if a is not None), reverse=True))


def _yes_or_no(value: object) -> bool | None:
    if isinstance(value, bool):
        return value
    supported = as_mapping(value).get("supported")
    return supported if isinstance(supported, bool) else None


def _first_bool(*values: bool | None) -> bool | None:
    return next((value for value in values if value is not None), None)


def _size(value: object) -> int | None:
    digits = as_text(value)
    if digits and digits.isascii() and digits.isdecimal() and len(digits) <= 12:
        return int(digits)
    return as_count(value)
