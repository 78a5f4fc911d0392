from __future__ import annotations

import importlib
import pkgutil
import subprocess
import sys

import pytest

from chat_ui import gateway
from chat_ui.gateway import errors, events, status_errors

MODULES = [f"chat_ui.gateway.{module.name}" for module in pkgutil.iter_modules(gateway.__path__)]


def test_what_is_public() -> None:
    assert gateway.__all__ == sorted(gateway.__all__, key=lambda name: (not name[0].isupper(), name))
    assert set(errors.__all__) | set(status_errors.__all__) <= set(gateway.__all__)
    assert set(events.__all__) <= set(gateway.__all__)
    for name in gateway.__all__:
        assert getattr(gateway, name).__module__.startswith(("chat_ui.gateway", "typing", "types"))


@pytest.mark.parametrize("module", MODULES)
def test_every_module_says_what_it_offers(module: str) -> None:
    loaded = importlib.import_module(module)
    for name in loaded.__all__:
        assert hasattr(loaded, name)


def test_it_knows_no_page_and_no_database() -> None:
    program = "import sys, chat_ui.gateway; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    ).stdout
    assert not {"reflex", "sqlmodel", "sqlalchemy"} & {name.partition(".")[0] for name in loaded.split()}
