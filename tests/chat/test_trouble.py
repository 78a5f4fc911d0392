"""Of the store's troubles a person is told what they mean; what they are about is in the log alone."""

import ast
import logging
from pathlib import Path
from typing import get_args

import pytest

from chat_ui import state
from chat_ui.chat import trouble
from chat_ui.chat.errors import Closing
from chat_ui.store.errors import ConflictError, NotFoundError, StoreError, Trouble

SECRET = "chat on db-7.internal: password authentication failed for user chat"
HANDLERS = sorted(Path(state.__file__).parent.glob("*.py"))


@pytest.mark.parametrize("kind", get_args(Trouble))
def test_a_person_reads_what_it_means_and_the_log_what_it_is(
    kind: Trouble, caplog: pytest.LogCaptureFixture
) -> None:
    error = StoreError(f"{kind}: {SECRET}", kind)
    with caplog.at_level(logging.WARNING, trouble.__name__):
        said = [trouble.in_words(error), trouble.why(error)]
    assert said[0].startswith(said[1])
    assert not any(word in said[0] for word in ("db-7", "password", "user chat"))
    # Every open page meets it every other second.
    assert [record.getMessage() for record in caplog.records] == [f"{kind}: {SECRET}"]


def test_what_kind_it_is() -> None:
    assert [error("x").trouble for error in (StoreError, NotFoundError, ConflictError)] == [
        "unusable",
        "missing",
        "conflict",
    ]


def test_other_errors_are_made_for_a_person() -> None:
    assert trouble.in_words(Closing()) == str(Closing())


@pytest.mark.parametrize("module", HANDLERS, ids=lambda path: path.stem)
def test_no_handler_shows_the_words_of_the_store(module: Path) -> None:
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.ExceptHandler) and node.type and "StoreError" in ast.unparse(node.type):
            told = "\n".join(map(ast.unparse, node.body))
            assert f"str({node.name})" not in told or "SystemExit" in told
