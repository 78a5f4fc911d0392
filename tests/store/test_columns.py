from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.schema import CreateTable

from chat_ui.store.columns import ExactDecimal, UtcTime, Words
from chat_ui.store.tables import metadata

SQLITE, POSTGRESQL = sqlite.dialect(), postgresql.dialect()
TOKYO = timezone(timedelta(hours=9))


def test_a_naive_time_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        UtcTime().process_bind_param(datetime(2026, 11, 20), SQLITE)


@given(st.datetimes(timezones=st.just(TOKYO), min_value=datetime(1, 1, 2)))
def test_a_time_comes_back_as_the_same_moment_in_utc(moment: datetime) -> None:
    for dialect in (SQLITE, POSTGRESQL):
        kept = UtcTime().process_bind_param(moment, dialect)
        back = UtcTime().process_result_value(kept, dialect)
        assert back == moment
        assert back is not None
        assert back.tzinfo is UTC


@given(st.decimals(allow_nan=False, allow_infinity=False))
def test_an_amount_comes_back_exactly(amount: Decimal) -> None:
    kept = ExactDecimal().process_bind_param(amount, SQLITE)
    assert str(ExactDecimal().process_result_value(kept, SQLITE)) == str(amount)


@pytest.mark.parametrize("amount", ["NaN", "Infinity", "-Infinity"])
def test_an_amount_is_finite(amount: str) -> None:
    with pytest.raises(ValueError, match="finite"):
        ExactDecimal().process_bind_param(Decimal(amount), SQLITE)


@given(st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0")))
def test_text_is_kept_as_it_is(text: str) -> None:
    assert Words().process_bind_param(text, SQLITE) == text


def test_what_no_database_holds_becomes_a_replacement_character() -> None:
    assert Words().process_bind_param("a\ud83db\0c\udfff", SQLITE) == "a\ufffdb\ufffdc\ufffd"


@pytest.mark.parametrize("dialect", [SQLITE, POSTGRESQL], ids=["sqlite", "postgresql"])
def test_the_tables_can_be_spelled_for_each_database(dialect: object) -> None:
    made = [str(CreateTable(table).compile(dialect=dialect)) for table in metadata.sorted_tables]  # type: ignore[arg-type]
    assert len(made) == 15
