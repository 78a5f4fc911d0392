"""Every failure has its cause, its side and its next step, in the page's words and in the docs."""

from __future__ import annotations

import re
from dataclasses import fields

import pytest

from chat_ui.gateway import Clocks, GatewayError, errors, status_errors

from .failures import DOCS, FAILURES, Failure, documented, table


@pytest.mark.parametrize("failure", FAILURES, ids=lambda failure: failure.name)
def test_it_is_said_in_words(failure: Failure) -> None:
    error = failure.cause()
    assert (type(error), error.side) == (failure.kind, failure.side)
    assert failure.says in error.summary
    assert failure.advises in error.advice
    assert str(error).startswith(f"{error.summary} {error.advice}")
    assert not re.search(r"Error\b|Exception|Traceback|errno|None", f"{error.summary} {error.advice}")


def test_each_class_is_among_them() -> None:
    leaves = {
        kind
        for kind in [*vars(errors).values(), *vars(status_errors).values()]
        if isinstance(kind, type) and issubclass(kind, GatewayError)
    }
    families = {GatewayError, errors.TooSlow, status_errors.StatusError, errors.BrokenStream}
    assert leaves - families == {failure.kind for failure in FAILURES if failure.kind in leaves}


def test_there_are_enough_and_none_twice() -> None:
    assert len({failure.name for failure in FAILURES}) == len(FAILURES) >= 25


def test_the_docs_say_the_same() -> None:
    assert documented() == table(), "uv run python -m tests.gateway.failures"


def test_the_docs_say_how_long_the_site_waits() -> None:
    after = DOCS.read_text(encoding="utf-8").partition("How long the site waits")[2]
    told = re.findall(r"^\| `(\w+)` \| [^|]+ \| (\d+) \|$", after, re.MULTILINE)
    assert dict(told) == {clock.name: f"{getattr(Clocks(), clock.name):g}" for clock in fields(Clocks)}
