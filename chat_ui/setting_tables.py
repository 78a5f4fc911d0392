"""The tables that the settings' file may hold any number of."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator
from pydantic_core import ErrorDetails

__all__ = ["DialectName", "GatewayTable", "PriceTable", "complaint"]

# What the site itself calls a gateway.
RESERVED_NAMES = {"gateway", "connected", "demo"}
GATEWAY_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,39}")

ClockName: TypeAlias = Literal["connect", "headers", "first_content", "gap", "total", "trailer"]
DialectName: TypeAlias = Literal["openai", "anthropic", "tokenhub"]


class GatewayTable(BaseModel):
    """One ``[[gateways]]`` table of the file, or what a variable like ``TOKENHUB_KEY`` stands for.

    Args:
        name: short and unique; that of a gateway known by name brings the base URL and dialect with it.
        base_url: as the gateway documents it, usually ending in ``/v1``.
        key: its key; kept on the server and never sent to a browser.
        key_env: the environment variable that holds the key, in place of ``key``.
        dialect: what the gateway speaks; ``openai`` where neither this, the name nor the host says otherwise.
        model: the model that a new conversation starts with; the gateway's first one otherwise.
        label: its name for people.
        trust_env: whether ``HTTP(S)_PROXY`` and ``.netrc`` apply to calls to it.
        clocks: how long to wait for it, in seconds, where that is longer or shorter than usual.
        allow_directives: whether lines like ``@@tokenhub mode=cheap`` in a message may steer TokenHub.
        prefill: how it continues an answer that is sent as the last message, where it does: ``plain``, or
            ``vllm``, which has fields for that.
        x402: whether it is paid per request, from the wallet of ``X402_PRIVATE_KEY``.
        fallback: who is asked where it can't answer, as ``other-gateway/model``, in this order.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    name: str
    base_url: str | None = None
    key: SecretStr | None = None
    key_env: str | None = None
    dialect: DialectName | None = None
    model: str | None = None
    label: str | None = None
    trust_env: bool = False
    clocks: dict[ClockName, Annotated[float, Field(gt=0, le=86_400)]] = Field(default_factory=dict)
    allow_directives: bool = False
    prefill: Literal["plain", "vllm"] | None = None
    x402: bool = False
    fallback: tuple[str, ...] = ()

    @field_validator("name")
    @classmethod
    def _speakable(cls, value: str) -> str:
        if not GATEWAY_NAME.fullmatch(value):
            raise ValueError("it takes small letters, digits, '.', '-' and '_', at most 40 of them")
        if value in RESERVED_NAMES:
            raise ValueError("the site itself uses this name, take another one")
        return value


class PriceTable(BaseModel):
    """One ``[[prices]]`` table of the file: what a model costs, whatever its gateway says.

    Args:
        gateway: its name.
        model: as the gateway names it.
        input: what a million tokens cost that the model reads, in dollars.
        output: what a million cost that it writes.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    gateway: str
    model: str
    input: Decimal = Field(ge=0, le=100_000)
    output: Decimal = Field(ge=0, le=100_000)


TABLES: Mapping[str, type[BaseModel]] = {"gateways": GatewayTable, "prices": PriceTable}


def complaint(error: ErrorDetails, file: Path | None, values: Mapping[str, Any]) -> str:
    """What is wrong, and where: the variable, or the file with its table and field."""
    loc, message = error["loc"], error["msg"].removeprefix("Value error, ")
    field = str(loc[0])
    if field in TABLES and error["type"] == "tuple_type":
        message = f"it takes tables in chat_ui.toml, each begun by [[{field}]], in double brackets"
    if field not in values:
        return f"CHAT_UI_{field}".upper() + f": {message}"
    if field not in TABLES or len(loc) < 2 or not isinstance(loc[1], int):
        return f"{file}: {field}: {message}"
    if error["type"] == "extra_forbidden":
        message = _no_field(str(loc[-1]), TABLES[field].model_fields)
    row = values[field][loc[1]]
    name = row.get("name") if isinstance(row, dict) else None
    table = f"'{name}'" if isinstance(name, str) and GATEWAY_NAME.fullmatch(name) else f"number {loc[1] + 1}"
    return f"{file}: [[{field}]] {table}" + "".join(f", {part}" for part in loc[2:]) + f": {message}"


def _no_field(name: str, known: Iterable[str]) -> str:
    close = get_close_matches(name, sorted(known), n=1)
    return f"there is no such field (did you mean {close[0]}?)" if close else "there is no such field"
