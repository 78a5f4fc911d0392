from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat_ui.gateway import EventTooLarge, GatewayError, ServerSentEvent, SSEDecoder

RECORDED = (
    b'\xef\xbb\xbf: hello\r\n\r\nid: 1\rretry: 3000\revent: delta\rdata: {"a":\r\ndata:  1}\r\r'
    b"data: caf\xc3\xa9 \xf0\x9f\x98\x80\n\n: ping\n\nevent: only\n\ndata:\xff\xe2\x80\xa8x\r\n\r\n"
    b"data\n\ndata: \xe2\x82\nid: \0\n\ndata: [DONE]"
)


def parsed(*chunks: bytes) -> list[ServerSentEvent]:
    decoder = SSEDecoder()
    return [event for chunk in chunks for event in decoder.feed(chunk)] + decoder.close()


def data(*chunks: bytes) -> list[str]:
    return [event.data for event in parsed(*chunks)]


@pytest.mark.parametrize(
    ("stream", "expected"),
    [
        (b"data: one\n\n", ["one"]),
        (b"data: one\r\rdata: two\r\r", ["one", "two"]),
        (b"data: one\r\n\r\ndata: two\r\n\r\n", ["one", "two"]),
        (b"data: one\n\rdata: two\r\n\n", ["one", "two"]),
        (b"data: a\ndata: b\n\n", ["a\nb"]),
        (b"data\n\n", [""]),
        (b"data:\n\n", [""]),
        (b"data\ndata\n\n", ["\n"]),
        (b"data:  two spaces\n\n", [" two spaces"]),
        (b"data:\ttab\n\n", ["\ttab"]),
        (b"data: a: b\n\n", ["a: b"]),
        (b"dataset: x\n\n", []),
        (b"DATA: x\n\n", []),
        (b" data: x\n\n", []),
        (b": comment\n\n", []),
        (b"event: only\n\n", []),
        (b"retry: 1\n\n", []),
        (b"\n\n\n", []),
        (b"data: x\nfoo: bar\nfoo\n\n", ["x"]),
        (b"data: x", []),
        (b"data: x\n", []),
        (b"", []),
    ],
)
def test_blocks_become_events(stream: bytes, expected: list[str]) -> None:
    assert data(stream) == expected


def test_an_event_has_the_defaults_of_the_specification() -> None:
    assert parsed(b"data: x\n\n") == [ServerSentEvent(event="message", data="x", id="", retry=None)]


def test_one_byte_order_mark_is_dropped_and_a_second_is_not() -> None:
    assert data(b"\xef\xbb\xbfdata: x\n\n") == ["x"]
    assert data(b"\xef", b"\xbb", b"\xbfdata: x\n\n") == ["x"]
    assert data(b"\xef\xbb\xbf\xef\xbb\xbfdata: x\n\ndata: y\n\n") == ["y"]
    assert data(b"data: a\n\n\xef\xbb\xbfdata: b\n\n") == ["a"]


def test_a_lone_cr_at_the_end_of_a_chunk_releases_the_event_at_once() -> None:
    decoder = SSEDecoder()
    assert [e.data for e in decoder.feed(b"data: a\r\r")] == ["a"]
    assert decoder.feed(b"\n") == []
    assert [e.data for e in decoder.feed(b"data: b\n\n")] == ["b"]


def test_crlf_split_between_chunks_is_one_line_end() -> None:
    assert data(b"data: a\r", b"\ndata: b\r", b"", b"\n\r", b"\n") == ["a\nb"]


@pytest.mark.parametrize("other", ["\u2028", "\u2029", "\x85", "\v", "\f", "\x1c", "\x1e"])
def test_nothing_else_ends_a_line(other: str) -> None:
    assert data(f"data: a{other}b\n\n".encode()) == [f"a{other}b"]


def test_bytes_that_are_no_utf8_become_replacement_characters() -> None:
    assert data(b"data: a\xffb\n\n") == ["a\ufffdb"]
    assert data(b"data: \xe2\x82\n\n") == ["\ufffd"]


def test_a_character_may_be_split_between_chunks() -> None:
    assert data(b"data: \xf0\x9f", b"\x98", b"\x80\n\n") == ["😀"]


def test_the_id_persists_and_one_with_nul_is_ignored() -> None:
    stream = b"id: 7\ndata: a\n\ndata: b\n\nid: 8\0\ndata: c\n\nid\ndata: d\n\n"
    assert [e.id for e in parsed(stream)] == ["7", "7", "7", ""]


def test_an_id_alone_dispatches_nothing_and_is_kept() -> None:
    assert parsed(b"id: 7\n\n: ping\n\ndata: a\n\n") == [ServerSentEvent(data="a", id="7")]


def test_a_block_without_data_forgets_its_event_name() -> None:
    assert parsed(b"event: x\n\ndata: a\n\n")[0].event == "message"
    assert parsed(b"event: x\ndata: a\n\ndata: b\n\n")[1].event == "message"


def test_an_empty_event_name_is_the_default() -> None:
    assert parsed(b"event:\ndata: a\n\n")[0].event == "message"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("3000", 3000),
        ("0", 0),
        *((no_time, None) for no_time in ["+5", "1_000", "1.5", "-1", "", "٣", "9" * 5000]),
    ],
)
def test_retry_takes_ascii_digits_only(value: str, expected: int | None) -> None:
    assert parsed(f"retry: {value}\ndata: x\n\n".encode())[0].retry == expected


@pytest.mark.parametrize(
    ("tail", "kept"),
    [
        (b"data: [DONE]", True),
        (b"data: [DONE] \n", True),
        (b'data: {"a": 1}', True),
        (b'event: x\ndata: {"a": 1}\n', True),
        (b'data: {"a": 1', False),
        (b"data: words", False),
        (b"data: " + b"[" * 100_000, False),
        (b"event: x", False),
    ],
)
def test_an_unfinished_last_block_is_kept_only_if_it_is_whole(tail: bytes, kept: bool) -> None:
    assert len(parsed(b"data: x\n\n" + tail)) == 1 + kept


def test_close_gives_the_last_block_once() -> None:
    decoder = SSEDecoder()
    decoder.feed(b"data: [DONE]")
    assert len(decoder.close()) == 1
    assert decoder.close() == []


@pytest.mark.parametrize("step", [1, 7, 1000])
@pytest.mark.parametrize("line", [b"data: " + b"x" * 200, b": " + b"x" * 200, b"data: " + b"x\ndata: " * 60])
def test_an_event_over_the_limit_is_an_error_after_the_events_before_it(line: bytes, step: int) -> None:
    decoder = SSEDecoder(max_event_bytes=100)
    stream = b"data: first\n\n" + line + b"\n\n"
    found: list[ServerSentEvent] = []

    def feed_all() -> None:
        for start in range(0, len(stream), step):
            found.extend(decoder.feed(stream[start : start + step]))
        decoder.close()

    with pytest.raises(EventTooLarge):
        feed_all()
    assert [e.data for e in found] == ["first"]


def test_many_small_events_together_may_pass_the_limit() -> None:
    decoder = SSEDecoder(max_event_bytes=100)
    assert len(decoder.feed(b"data: 0123456789\n\n" * 1000)) == 1000


def test_a_large_event_in_small_pieces_is_put_together() -> None:
    piece = b"x" * 1000
    events = parsed(b"data: ", *[piece] * 5000, b"\n\n")
    assert len(events[0].data) == 5_000_000


@given(st.lists(st.integers(0, len(RECORDED)), max_size=12))
def test_any_split_gives_the_same_events(cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), len(RECORDED)]
    chunks = [RECORDED[a:b] for a, b in pairwise(edges)]
    assert parsed(*chunks) == parsed(RECORDED)


def test_byte_by_byte_gives_the_same_events() -> None:
    assert parsed(*[bytes([byte]) for byte in RECORDED]) == parsed(RECORDED)
    assert [e.data for e in parsed(RECORDED)] == [
        '{"a":\n 1}',
        "café 😀",
        "\ufffd\u2028x",
        "",
        "\ufffd",
        "[DONE]",
    ]


BOM = b"\xef\xbb\xbf"
SOUP = st.lists(
    st.sampled_from([b"data", b"event", b"id", b"retry", b":", b" ", b"\r", b"\n", b"\0", b"1", BOM])
    | st.binary(max_size=6),
    max_size=40,
)


@given(SOUP)
def test_no_bytes_crash_it_and_no_split_changes_them(chunks: list[bytes]) -> None:
    try:
        whole = parsed(b"".join(chunks))
    except GatewayError:
        return
    assert parsed(*chunks) == whole
