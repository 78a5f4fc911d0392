"""The figures of a running process, as Prometheus reads them.

Where several processes serve the site each keeps its figures in files of one folder, and whichever of them
is asked adds them all up: https://prometheus.github.io/client_python/multiprocess/
"""

from __future__ import annotations

import os
from pathlib import Path

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import (
    MultiProcessCollector,
    mark_process_dead,  # pyright: ignore[reportUnknownVariableType]
)

from chat_ui.monitoring.folder import FOLDER_VARIABLE

__all__ = [
    "ANSWERS",
    "DATABASE",
    "ERRORS",
    "FIRST_TOKEN",
    "REQUESTS",
    "SOCKETS",
    "SPEED",
    "STOP",
    "STREAMING",
    "TOKENS",
    "exposition",
]

FIRST_TOKEN_S = (0.05, 0.1, 0.2, 0.4, 0.7, 1, 2, 4, 8, 15, 30, 60, 120)
SPEEDS = (2, 5, 10, 20, 40, 60, 80, 100, 150, 200, 400, 1000)
STOP_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5)
DATABASE_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30)
GATEWAY = ("gateway",)

FIRST_TOKEN = Histogram(
    "chat_ui_first_token_seconds", "From asking to the first token.", GATEWAY, buckets=FIRST_TOKEN_S
)
SPEED = Histogram("chat_ui_tokens_per_second", "After the first token.", GATEWAY, buckets=SPEEDS)
STOP = Histogram("chat_ui_stop_seconds", "From a person's stop to the closed connection.", buckets=STOP_S)
DATABASE = Histogram(
    "chat_ui_database_seconds",
    "Transactions, with the wait for a connection.",
    ("kind",),
    buckets=DATABASE_S,
)
ANSWERS = Counter("chat_ui_answers", "Answers that have ended, by how.", ("gateway", "status"))
TOKENS = Counter("chat_ui_tokens", "Tokens that gateways counted.", ("gateway", "direction"))
ERRORS = Counter("chat_ui_errors", "What kept an answer from its end, by kind.", ("gateway", "kind"))
REQUESTS = Counter("chat_ui_requests", "Plain HTTP requests.", ("method", "status"))
STREAMING = Gauge("chat_ui_streaming_answers", "Answers on their way.", multiprocess_mode="livesum")
SOCKETS = Gauge("chat_ui_open_sockets", "Websockets that are open.", multiprocess_mode="livesum")


def exposition() -> bytes:
    """All figures of this machine's processes, as text."""
    folder = os.environ.get(FOLDER_VARIABLE)
    if not folder:
        return generate_latest(REGISTRY)
    _forget_the_dead(Path(folder))
    registry = CollectorRegistry()
    MultiProcessCollector(registry, folder)  # pyright: ignore[reportUnusedCallResult, reportUnknownArgumentType]
    return generate_latest(registry)


def _forget_the_dead(folder: Path) -> None:
    """Take away what only a living process has: whoever is killed takes nothing away itself."""
    for file in folder.glob("gauge_live*_*.db"):
        pid = int(file.stem.rpartition("_")[2])
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            mark_process_dead(pid, str(folder))
        except PermissionError:
            continue
