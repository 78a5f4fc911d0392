"""The list of models, as tolerant as gateways are different."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from chat_ui.gateway.errors import NoModels, NotAnAPI, StreamError
from chat_ui.gateway.json_values import as_list, as_mapping, as_text, parse_json
from chat_ui.gateway.model_facts import (
    Capabilities,
    Prices,
    capabilities_in,
    context_window_in,
    prices_in,
)
from chat_ui.gateway.words import quoted, said_in_body, said_in_json
from chat_ui.words import say

__all__ = ["Model", "chat_model", "parse_models"]

NOT_FOR_CHAT = re.compile(
    r"embed|whisper|\btts|dall-e|moderation|rerank|transcri|speech|image|\bbge\b|stable-diffusion|sora|realtime",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Model:
    """A model that a gateway offers.

    Args:
        id: what to ask for.
        context_window: how many tokens it can read.
        label: its name for people, where the gateway has one beside the id.
        capabilities: what it can do, as far as the gateway says.
        prices: what it costs, if the gateway says.
    """

    id: str
    context_window: int | None = None
    label: str | None = None
    capabilities: Capabilities = field(default_factory=Capabilities)
    prices: Prices | None = None


def parse_models(body: bytes, *, secret: str | None = None) -> list[Model]:
    """The models in the body of ``GET /models``, in the gateway's order, each once.

    The list may stand under ``data`` or ``models`` or alone; its rows may be objects or plain names.

    Raises:
        NotAnAPI: the body isn't JSON, or no list of models.
        StreamError: the body is an error, sent with a status that says success.
        NoModels: the list is empty or null.
    """
    try:
        payload = parse_json(body.decode("utf-8-sig", "replace").strip())
    except ValueError:
        raise NotAnAPI(detail=quoted(said_in_body(body), secret)) from None
    listing: dict[str, Any] = {"data": payload} if isinstance(payload, list) else as_mapping(payload)
    if listing.get("error"):
        raise StreamError(say("gateway.reported"), detail=quoted(said_in_json(listing), secret))
    if not {"data", "models"} & listing.keys():
        raise NotAnAPI(detail=quoted(said_in_json(listing), secret))
    rows: list[Any] = as_list(listing.get("data")) or as_list(listing.get("models"))
    models: dict[str, Model] = {}
    for row in rows:
        if (model := _model(row)) is not None:
            models.setdefault(model.id, model)
    if not models:
        raise NoModels
    return list(models.values())


def chat_model(models: Sequence[Model]) -> Model:
    """The model to ask where nobody chose one: the first that, by its id, is none of embeddings or pictures.

    Args:
        models: at least one; the first of all where none looks as if it could chat.
    """
    return next((model for model in models if not NOT_FOR_CHAT.search(model.id)), models[0])


def _model(row: object) -> Model | None:
    if name := as_text(row):
        return Model(name)
    fields = as_mapping(row)
    name = as_text(fields.get("id")) or as_text(fields.get("name"))
    if name is None:
        return None
    labels = (as_text(fields.get(field)) for field in ("display_name", "name"))
    return Model(
        name,
        context_window=context_window_in(fields),
        label=next((label for label in labels if label and label != name), None),
        capabilities=capabilities_in(fields),
        prices=prices_in(fields),
    )
