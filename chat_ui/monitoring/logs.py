"""Log lines: as JSON for a machine or as text for a person, with ids that tie them together, without secrets.

Whatever logs with the standard library's ``logging`` comes through here; what it gives as ``extra`` becomes a
field of the line.
"""

from __future__ import annotations

import json
import logging
import re
import secrets
from collections.abc import Iterable, Iterator
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from chat_ui.settings import Settings

__all__ = [
    "REQUEST_ID",
    "RUN_ID",
    "JsonLines",
    "Scrubber",
    "TextLines",
    "are_json",
    "hide",
    "request_id_of",
    "set_up",
]

# Which request, or which event of a page, a line belongs to; and which run. Tasks inherit both.
REQUEST_ID: ContextVar[str] = ContextVar("request_id", default="")
RUN_ID: ContextVar[str] = ContextVar("run_id", default="")

# The server of HTTP brings a handler of its own along.
SERVER = "uvicorn"
STANDARD = {*vars(logging.makeLogRecord({})), "message", "asctime"}
HIDDEN = "[hidden]"
# What looks like a secret is one, whatever the settings say.
SECRETS = re.compile(
    r"(?P<before>bearer\s+|/link/|://[^\s:/@]*:(?=[^\s/@]+@)|"
    r"\b(?:password|token|secret|api[_-]?key|authorization|cookie)[\"']?\s*[=:]\s*"
    r"[\"']?(?:(?:bearer|basic)\s+)?)"
    r"[^\s\"'&,;)}@]+|\bsk-[\w-]{8,}",
    re.IGNORECASE,
)


class Scrubber:
    """Takes secrets out of texts.

    Args:
        known: the secrets of this site.
    """

    def __init__(self, known: Iterable[str] = ()) -> None:
        self._secrets: set[str] = set()
        self._known: re.Pattern[str] | None = None
        self.learn(*known)

    def learn(self, *known: str) -> None:
        """Take these out too, from now on."""
        # Very short ones are parts of anything.
        self._secrets.update(each for each in known if len(each) >= 4)
        if self._secrets:
            # The longest first, since one may be a part of another.
            listed = sorted(self._secrets, key=len, reverse=True)
            self._known = re.compile("|".join(map(re.escape, listed)))

    def clean(self, text: str) -> str:
        """The text with its secrets replaced."""
        if self._known is not None:
            text = self._known.sub(HIDDEN, text)
        return SECRETS.sub(lambda found: f"{found['before'] or ''}{HIDDEN}", text)


class _Lines(logging.Formatter):
    def __init__(self, secrets: Iterable[str] = ()) -> None:
        super().__init__()
        self.scrubber = Scrubber(secrets)
        self._clean = self.scrubber.clean

    def _fields(self, record: logging.LogRecord) -> dict[str, Any]:
        ids = {"request_id": REQUEST_ID.get(), "run_id": RUN_ID.get()}
        extra = {name: value for name, value in vars(record).items() if name not in STANDARD}
        told = {name: value for name, value in (ids | extra).items() if value not in ("", None)}
        return {
            name: value if isinstance(value, int | float) else self._clean(str(value))
            for name, value in told.items()
        }

    def _trouble(self, record: logging.LogRecord) -> str:
        return self._clean(self.formatException(record.exc_info)) if record.exc_info else ""


class JsonLines(_Lines):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """Write a line."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": self._clean(record.getMessage()),
            **self._fields(record),
        }
        if trouble := self._trouble(record):
            line["error"] = trouble
        return json.dumps(line, ensure_ascii=False)


class TextLines(_Lines):
    """Lines that are read in a terminal."""

    def format(self, record: logging.LogRecord) -> str:
        """Write a line; a traceback follows on lines of its own."""
        at = datetime.fromtimestamp(record.created).astimezone().isoformat(" ", "seconds")
        said = self._clean(record.getMessage())
        fields = "".join(f" {name}={value}" for name, value in self._fields(record).items())
        trouble = self._trouble(record)
        return f"{at} {record.levelname} {said}{fields}" + (f"\n{trouble}" if trouble else "")


def set_up(settings: Settings, *filters: logging.Filter) -> None:
    """Have every line of this process written in one form; of others' lines only warnings and worse are.

    Args:
        settings: which form, and which secrets no line may hold.
        *filters: what else may keep a line back.
    """
    form = JsonLines if are_json(settings) else TextLines
    handler = logging.StreamHandler()
    handler.setFormatter(form(_secrets_in(settings)))
    for each in filters:
        handler.addFilter(each)
    root = logging.getLogger()
    for old in [one for one in root.handlers if isinstance(one.formatter, _Lines)]:
        root.removeHandler(old)
    root.addHandler(handler)
    level = settings.log_level or ("info" if settings.hosted else "warning")
    logging.getLogger("chat_ui").setLevel(level.upper())
    server = logging.getLogger(SERVER)
    server.handlers.clear()
    server.propagate = True


def hide(secret: str | None) -> None:
    """See that no line of this process holds a secret that isn't in the settings, from now on."""
    for handler in logging.getLogger().handlers:
        if secret and isinstance(handler.formatter, _Lines):
            handler.formatter.scrubber.learn(secret)


def are_json(settings: Settings) -> bool:
    """Whether lines are written as JSON."""
    return (settings.log_format or ("json" if settings.hosted else "text")) == "json"


def _secrets_in(settings: Settings) -> Iterator[str]:
    tables = [table.key for table in settings.gateways]
    for secret in (settings.gateway_key, settings.x402_private_key, settings.metrics_token, *tables):
        if secret is not None:
            yield secret.get_secret_value()
    redis_url = settings.redis_url.get_secret_value() if settings.redis_url else ""
    for url in (settings.database_url or "", redis_url):
        if password := urlsplit(url).password:
            yield password


def request_id_of(given: str) -> str:
    """An id for a request: the one that it brings along, if that can be one, or a new one."""
    return given if re.fullmatch(r"[\w.-]{8,64}", given, re.ASCII) else secrets.token_hex(8)
