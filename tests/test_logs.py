from __future__ import annotations

import logging

import pytest

from chat_ui.web.logs import PayloadFilter

SECRET = "what somebody sent"


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        (
            f"Error processing event queue entry for Event(name='x', payload='{SECRET}')",
            "Error processing event",
        ),
        (
            f"Error transforming event argument 'a' with value '{SECRET}' and",
            "Error transforming event argument 'a'",
        ),
        (f"Received a string. Event data: {SECRET}", "Received a string."),
        (
            f'Traceback:\n  File "door.py", line 3\nValueError: {SECRET}\n',
            'File "door.py", line 3\nValueError',
        ),
        (
            f"Expected field 'A.b' to receive type 'bool', but got {{'id': '{SECRET}'}} of type",
            "Expected field",
        ),
        (f"[Reflex Frontend Exception]\n {SECRET}\n", "Frontend Exception"),
        ("Told to end.", "Told to end."),
    ],
)
def test_lines_end_where_they_begin_to_quote(line: str, kept: str) -> None:
    record = logging.LogRecord("reflex.app", logging.ERROR, "", 0, line, (), None)
    assert PayloadFilter().filter(record)
    assert kept in record.getMessage()
    assert SECRET not in record.getMessage()
