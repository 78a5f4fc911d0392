from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from uuid import RFC_4122, UUID

import pytest

from chat_ui.store import is_id, new_id


def test_an_id_is_a_uuid_of_version_7_made_now() -> None:
    before = time.time_ns() // 1_000_000
    uuid = UUID(new_id())
    assert (uuid.version, uuid.variant) == (7, RFC_4122)
    assert before <= uuid.int >> 80


def test_ids_grow_as_text_even_within_a_millisecond() -> None:
    made = [new_id() for _ in range(20_000)]
    assert made == sorted(set(made))


def test_ids_grow_when_the_clock_is_set_back(monkeypatch: pytest.MonkeyPatch) -> None:
    before = new_id()
    monkeypatch.setattr(time, "time_ns", lambda: 0)
    assert new_id() > before


def test_threads_never_make_the_same_id() -> None:
    with ThreadPoolExecutor(8) as threads:
        made = [
            id for batch in threads.map(lambda _: [new_id() for _ in range(500)], range(16)) for id in batch
        ]
    assert len(set(made)) == 8_000


def test_own_ids_are_ids() -> None:
    assert all(is_id(new_id()) for _ in range(100))
    assert is_id("3f2504e0-4f89-41d3-9a0c-0305e82c3301")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "3F2504E0-4F89-41D3-9A0C-0305E82C3301",
        "{3f2504e0-4f89-41d3-9a0c-0305e82c3301}",
        "3f2504e04f8941d39a0c0305e82c3301",
        "3f2504e0-4f89-41d3-9a0c-0305e82c3301\n",
        " 3f2504e0-4f89-41d3-9a0c-0305e82c3301",
        "urn:uuid:3f2504e0-4f89-41d3-9a0c-0305e82c3301",
        "3f2504e0-4f89-41d3-9a0c-0305e82c330\u0661",
        "../../etc/passwd",
    ],
)
def test_anything_else_is_no_id(text: str) -> None:
    assert not is_id(text)
