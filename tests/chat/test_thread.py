"""The message tree, for any tree there can be."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from chat_ui.chat.thread import Tree
from chat_ui.store.lineage import Node


@st.composite
def forests(draw: st.DrawFn) -> list[Node]:
    """Messages in the order of their making, or in that of clocks that were set back."""
    nodes: list[Node] = []
    for number in range(draw(st.integers(0, 24))):
        parent = draw(st.integers(-1, number - 1))
        is_deleted, is_question = draw(st.integers(0, 5)) == 0, draw(st.booleans())
        nodes.append(Node(f"m{number}", f"m{parent}" if parent >= 0 else None, is_deleted, is_question))
    return draw(st.permutations(nodes)) if draw(st.booleans()) else nodes


def living(nodes: list[Node]) -> dict[str, str | None]:
    """What is in sight, worked out the slow way: each message with its parent."""
    by_id = {node.id: node for node in nodes}

    def is_shown(node: Node) -> bool:
        return not node.is_deleted and (node.parent_id is None or is_shown(by_id[node.parent_id]))

    return {node.id: node.parent_id for node in nodes if is_shown(node)}


@given(forests())
def test_it_holds_what_is_not_deleted_and_follows_nothing_deleted(nodes: list[Node]) -> None:
    tree = Tree(nodes)
    assert {node.id for node in nodes if node.id in tree} == set(living(nodes))


@given(forests())
def test_a_path_leads_from_a_first_message_step_by_step(nodes: list[Node]) -> None:
    tree, parents = Tree(nodes), living(nodes)
    for id in parents:
        path = tree.path(id)
        assert path[-1] == id
        assert [parents[step] for step in path] == [None, *path[:-1]]


@given(forests())
def test_siblings_share_a_parent_and_keep_their_order(nodes: list[Node]) -> None:
    tree, parents = Tree(nodes), living(nodes)
    for id, parent in parents.items():
        beside = [node.id for node in nodes if node.id in parents and parents[node.id] == parent]
        assert list(tree.siblings(id)) == beside


@given(forests())
def test_a_switch_lands_on_the_leaf_that_was_made_last(nodes: list[Node]) -> None:
    tree, parents = Tree(nodes), living(nodes)
    order = [node.id for node in nodes]
    for id in parents:
        leaf = tree.latest_leaf(id)
        assert leaf not in parents.values()
        assert id in tree.path(leaf)
        ends = [other for other in parents if other not in parents.values() and id in tree.path(other)]
        assert max(ends, key=order.index) == leaf
        assert tree.beneath(id) == {other for other in parents if id in tree.path(other)}


@given(forests())
def test_the_next_questions_are_those_with_none_before_them(nodes: list[Node]) -> None:
    tree, parents = Tree(nodes), living(nodes)
    questions = {node.id for node in nodes if node.is_question}
    for id in parents:
        between = {other: tree.path(other)[len(tree.path(id)) : -1] for other in tree.beneath(id) - {id}}
        next_ones = {
            other for other in questions & between.keys() if not questions.intersection(between[other])
        }
        assert tree.next_questions(id) == {other: parents[other] for other in next_ones}


@given(forests())
def test_what_is_shown_instead_of_a_deleted_branch_is_near_and_whole(nodes: list[Node]) -> None:
    tree, parents = Tree(nodes), living(nodes)
    for id, parent in parents.items():
        instead = tree.without(id)
        after = Tree([Node(n.id, n.parent_id, n.is_deleted or n.id == id) for n in nodes])
        assert instead is None or instead in after
        if len(tree.siblings(id)) > 1:
            assert instead is not None
            assert after.path(instead)[: len(tree.path(id)) - 1] == tree.path(id)[:-1]
            assert instead == after.latest_leaf(instead)
        else:
            assert instead == parent
