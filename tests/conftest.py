"""What tests in more than one directory use."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import AsyncGenerator, Iterator
from pathlib import Path

import hypothesis
import pytest

from chat_ui.chat.service import DATABASE
from chat_ui.settings import KEY_VARIABLES, WALLET_VARIABLE, Settings
from tests.database import put_new_database
from tests.postgres import PostgresServer, is_required, running_postgres
from tests.redis_server import RedisServer, running_redis
from tests.scripted import KEY, ScriptedGateway
from tests.statements import compile_once

pytest_plugins = ["tests.browser.fixtures"]

TESTS = Path(__file__).parent
# What waits for other processes. On CI, a machine of unknown load, it is given one more go, and what went
# wrong at first is printed. Elsewhere a race is a failure, so that it is found.
HAS_PROCESSES = {"compiled", "redis", "start_hosted"}
FIRST = ("browser/test_accessibility.py", "accounts/", "chat/")

# The tests start many processes. Unless Python keeps what it has compiled, and some machines have that
# turned off, each spends seconds on doing it anew.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# Whatever gateways the machine knows, the tests know none of them, nor do the sites that they start: these
# would ask a real one, with the key of whoever runs the tests.
for _name in (
    "CHAT_UI_DATABASE_URL",
    "CHAT_UI_REDIS_URL",
    "CHAT_UI_GATEWAY_URL",
    "CHAT_UI_GATEWAY_KEY",
    "OPENAI_BASE_URL",
    WALLET_VARIABLE,
    *KEY_VARIABLES,
):
    os.environ.pop(_name, None)

# How long an example takes says something about the machine only.
hypothesis.settings.register_profile("thorough", deadline=None)
hypothesis.settings.register_profile("quick", deadline=None, max_examples=40)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))

compile_once()

# Garbage is looked for seldom, and not in all that was loaded, which stays: it took a sixth of the time.
gc.set_threshold(50_000, 20, 100)


def pytest_configure(config: pytest.Config) -> None:
    """Let each process of a run collect from another place on, and find what the others have compiled."""
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    if worker and [config.invocation_params.dir / each for each in config.args] == [TESTS]:
        passed_over = {config.rootpath / each for each in config.getini("norecursedirs")}
        parts = sorted({file.relative_to(TESTS).parts[0] for file in TESTS.glob("**/test_*.py")})
        parts = [str(TESTS / each) for each in parts if TESTS / each not in passed_over]
        begin = int(worker.removeprefix("gw")) * len(parts) // int(os.environ["PYTEST_XDIST_WORKER_COUNT"])
        config.args = parts[begin:] + parts[:begin]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the file that takes longest, and let the others do without the page until it is compiled."""

    def place(item: pytest.Item) -> tuple[int, str]:
        file = item.path.relative_to(TESTS).as_posix()
        return next((at for at, begin in enumerate(FIRST) if file.startswith(begin)), len(FIRST)), file

    items.sort(key=place)
    if is_required():
        for item in items:
            if HAS_PROCESSES & set(getattr(item, "fixturenames", ())):
                item.add_marker(pytest.mark.flaky(reruns=1))


def pytest_collection_finish() -> None:
    """Leave what was loaded out of the search for garbage."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL server of this test run's own."""
    with running_postgres() as server:
        yield server


@pytest.fixture(scope="session")
def redis() -> Iterator[RedisServer]:
    """A Redis server of this test run's own."""
    with running_redis() as server:
        yield server


@pytest.fixture
async def gateway() -> AsyncGenerator[ScriptedGateway]:
    """A gateway that says what the test tells it to."""
    async with ScriptedGateway() as scripted:
        yield scripted


@pytest.fixture
def settings(tmp_path: Path, gateway: ScriptedGateway) -> Settings:
    """A site that asks that gateway, and keeps its data apart."""
    data = put_new_database(tmp_path / "data" / DATABASE).parent
    return Settings(gateway_url=gateway.base_url, gateway_key=KEY, gateway_model="model-a", data_dir=data)
