"""What a model is told: as much of the branch as its window holds, by a rule."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from chat_ui.chat.context import build_request, fit, merged, tokens_in
from chat_ui.store.messages import Message
from chat_ui.store.preferences import AS_IT_IS, Preferences
from chat_ui.store.tables import Role

speakers = st.sampled_from(["user", "assistant", "tool"])
branches = st.lists(st.tuples(speakers, st.integers(0, 4000)), max_size=30)
wishes = st.builds(
    Preferences, system=st.none() | st.text(max_size=50), max_tokens=st.none() | st.integers(1, 5000)
)


@given(branches, wishes)
def test_where_the_window_is_unknown_nothing_is_left_out(
    branch: list[tuple[Role, int]], wanted: Preferences
) -> None:
    assert fit(branch, wanted, None).first == 0


@given(branches, wishes, st.integers(1, 20_000))
def test_whole_turns_go_from_the_oldest_and_no_more_than_needed(
    branch: list[tuple[Role, int]], wanted: Preferences, window: int
) -> None:
    found = fit(branch, wanted, window)
    turns = [0, *(place for place, (role, _) in enumerate(branch) if role == "user" and place)]

    def tokens_from(first: int) -> int:
        system = tokens_in(len(wanted.system.encode())) if wanted.system else 0
        return system + sum(tokens_in(size) for _, size in branch[first:] if size)

    assert found.first in turns
    assert found.tokens == tokens_from(found.first)
    room = window - min(wanted.max_tokens or 4096, window // 4)
    assert found.tokens <= room or found.first == max(
        [place for place in turns if place == 0 or branch[place][0] == "user"]
    )
    earlier = [place for place in turns if place < found.first]
    if earlier:
        assert tokens_from(earlier[-1]) > room


def message(role: Role, text: str) -> Message:
    return Message(conversation_id="c", role=role, text=text)


def test_the_request_holds_the_end_of_the_branch_and_the_system_prompt() -> None:
    path = [
        message("user", "x" * 400),
        message("assistant", "y" * 400),
        message("user", "And?"),
        message("assistant", ""),
        message("user", "Or?"),
    ]
    wanted = Preferences("Be brief.", 0.5, 50, 0.9, "low", ("END",))
    request = build_request(path, "m", wanted, window=120)
    assert [(told.role, told.content) for told in request.messages] == [
        ("system", "Be brief."),
        ("user", "And?"),
        ("user", "Or?"),
    ]
    assert (request.temperature, request.max_tokens, request.top_p) == (0.5, 50, 0.9)
    assert (request.effort, request.stop) == ("low", ("END",))
    whole = build_request(path, "m")
    assert [told.content[0] for told in whole.messages] == ["x", "y", "A", "O"]
    assert build_request([message("user", "z" * 9999)], "m", window=100).messages != ()


def test_what_is_nearer_counts_first() -> None:
    near, far = Preferences(temperature=0.0, system=""), Preferences(temperature=1.0, system="s", top_p=0.5)
    assert merged(near, far) == Preferences(temperature=0.0, system="", top_p=0.5)
    assert merged(AS_IT_IS, far) == far
