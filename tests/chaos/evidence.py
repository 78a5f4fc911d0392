"""What must hold after a round, whatever happened in it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chat_ui.chat.outcome import SHUT_DOWN
from tests.chaos.gateway import Script, Telling
from tests.chaos.page import Head, Page, Seen
from tests.postgres import PostgresServer

__all__ = ["Answer", "Database", "ServedDatabase", "check_answer", "check_sends", "differences", "shows"]

# As it was promised, and not as the app has it: one batch of 2 KB is gathered while the one before is on its
# way to the disk. What a socket hands over at once may make each of them larger than it should be.
MOST_LOST_CHARS = 2 * (2048 + 1024)
ENDINGS = {
    "finish": {"complete"},
    "cut": {"interrupted", "failed"},
    "leave": {"interrupted", "failed"},
    "hang": {"stopped"},
}


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer as it is stored, with its question and its run."""

    id: str
    question: str
    conversation_id: str
    status: str
    run: str
    error: str | None
    text: str
    reasoning: str


class Database:
    """The database file, read as another program would.

    Args:
        path: where it is.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def unended(self) -> list[tuple[Any, ...]]:
        """The runs and messages that have no final status."""
        return self._rows(
            "SELECT 'run' AS kind, id, status FROM run WHERE status = 'running' "
            "UNION SELECT 'message', id, status FROM message WHERE status = 'streaming'"
        )

    def faults(self) -> list[tuple[Any, ...]]:
        """What is wrong with the file, and the rows of journals that nobody writes any more."""
        return [
            *(row for row in self._rows("PRAGMA integrity_check") if row != ("ok",)),
            *self._rows("PRAGMA foreign_key_check"),
            *self._journals(),
        ]

    def _journals(self) -> list[tuple[Any, ...]]:
        return self._rows("SELECT 'journal' AS kind, run_id, seq FROM run_journal")

    def questions(self, prefix: str) -> list[str]:
        """The questions that begin so."""
        return [
            text
            for (text,) in self._rows(
                "SELECT text FROM message WHERE role = 'user' AND text LIKE ? || '%'", prefix
            )
        ]

    def answers(self, prefix: str) -> list[Answer]:
        """The answers to questions that begin so."""
        rows = self._rows(
            "SELECT a.id, q.text AS question, a.conversation_id, a.status, r.status AS run, a.error, a.text, "
            "a.reasoning "
            "FROM message q LEFT JOIN message a ON a.parent_id = q.id LEFT JOIN run r ON r.message_id = a.id "
            "WHERE q.role = 'user' AND q.text LIKE ? || '%' ORDER BY a.created_at, a.id",
            prefix,
        )
        return [Answer(*row) for row in rows]

    def heads(self, conversation_id: str) -> list[tuple[Head, dict[str, str]]]:
        """The messages of the branch that is shown, as a page has them, with their texts."""
        rows = self._rows(
            "WITH RECURSIVE branch(id, depth) AS (SELECT leaf_id, 0 FROM conversation WHERE id = ? "
            "UNION SELECT m.parent_id, depth + 1 FROM message m JOIN branch USING (id) "
            "WHERE m.parent_id IS NOT NULL) "
            "SELECT id, role, status, text, reasoning FROM branch JOIN message USING (id) "
            "ORDER BY depth DESC",
            conversation_id,
        )
        return [
            (Head(id, role, status, len(text)), {"text": text, "reasoning": reasoning})
            for id, role, status, text, reasoning in rows
        ]

    def _rows(self, query: str, *values: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(f"file:{self._path}?mode=ro", uri=True, timeout=10)) as db:
            return db.execute(query, values).fetchall()


class ServedDatabase(Database):
    """A database of a PostgreSQL server, asked by the server's own program.

    Args:
        server: the server.
        name: which of its databases.
    """

    def __init__(self, server: PostgresServer, name: str) -> None:
        self._server = server
        self._name = name

    def faults(self) -> list[tuple[Any, ...]]:
        """The rows of journals that nobody writes any more."""
        return self._journals()

    def _rows(self, query: str, *values: str) -> list[tuple[Any, ...]]:
        for value in values:
            query = query.replace("?", f"'{value}'", 1)
        in_json = "SELECT coalesce(json_agg(found), '[]') FROM ({}) found"
        said = self._server.ask(in_json.format(query), self._name)
        return [tuple(row.values()) for row in json.loads(said)]


def shows(page: Page, stored: list[tuple[Head, dict[str, str]]]) -> bool:
    """Whether a page shows a conversation as it is stored."""
    return page.heads == [head for head, _ in stored] and all(
        page.texts.get(head.id, {}).get(part, "") == text
        for head, texts in stored
        for part, text in texts.items()
    )


def differences(page: Page, stored: list[tuple[Head, dict[str, str]]]) -> str:
    """Tell where a page shows something else than what is stored, for whoever reads why a round failed."""
    said = [f"at {page.path!r}, {'with' if page.is_connected else 'without'} a connection"]
    shown = {head.id: head for head in page.heads}
    if list(shown) != [head.id for head, _ in stored]:
        said.append(f"its messages are {page.heads}, and those stored {[head for head, _ in stored]}")
    for head, texts in stored:
        if shown.get(head.id, head) != head:
            said.append(f"it has {shown[head.id]}, and stored is {head}")
        for part, text in texts.items():
            if (has := page.texts.get(head.id, {}).get(part, "")) != text:
                said.append(f"of the {part} of {head.id} it has {len(has)} characters, and not {len(text)}")
                said.append(f"it ends with {has[-60:]!r}, and stored is {text[-60:]!r}")
    return "\n".join(said)


def check_sends(stored: list[str], questions: Collection[str]) -> None:
    """Every message is stored once, however often it was sent and refused before."""
    assert sorted(stored) == sorted(questions), f"what is stored isn't each message once: {sorted(stored)}"


def check_answer(
    answer: Answer, script: Script, tellings: list[Telling], seen: Seen, *, may_be_stopped: bool, outage: bool
) -> int:
    """An answer ended as it should, and says what its gateway said and what was on the screen.

    Args:
        answer: as it is stored.
        script: how the gateway was to answer.
        tellings: what the gateway said.
        seen: what was on any screen.
        may_be_stopped: whether somebody pressed "Stop".
        outage: whether the site was killed while the database took no writes, so that batches had grown.

    Returns:
        How many characters were on a screen that are not stored.
    """
    died = answer.error == SHUT_DOWN
    due = {"interrupted"} if died else ENDINGS[script.ending] | ({"stopped"} if may_be_stopped else set())
    assert answer.status == answer.run, f"{answer.question}: message and run end differently"
    assert answer.status in due, f"{answer.question}: it is {answer.status}, not {due}: {answer.error}"
    begun = [telling for telling in tellings if telling.text or telling.reasoning]
    assert len(begun) <= 1, f"{answer.question}: answered {len(begun)} times"
    said = begun[0] if begun else Telling()
    lost = 0
    for part in ("text", "reasoning"):
        stored, told = getattr(answer, part), getattr(said, part)
        _check_prefix(stored, told, f"{answer.question}: the stored {part}")
        if answer.status == "complete":
            assert stored == told, f"{answer.question}: it is complete, and lacks some of its {part}"
        for shown in seen.texts.get((answer.id, part), ()):
            _check_prefix(shown, told, f"{answer.question}: the {part} on the screen")
            lost = max(lost, len(shown) - len(stored))
    most = MOST_LOST_CHARS if died else 0
    assert lost <= most or (died and outage), f"{answer.question}: {lost} characters were shown and are lost"
    return lost


def _check_prefix(text: str, whole: str, what: str) -> None:
    if whole.startswith(text):
        return
    same = next((i for i, (a, b) in enumerate(zip(text, whole, strict=False)) if a != b), len(whole))
    near = slice(max(0, same - 30), same + 30)
    raise AssertionError(
        f"{what} is not what the gateway said, from character {same} on: {text[near]!r}, not {whole[near]!r}"
    )
