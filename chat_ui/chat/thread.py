"""The message tree of a conversation: its branches, and where they lead.

Pure: it knows places, not texts, and asks nobody.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from chat_ui.store.lineage import Node

__all__ = ["Tree"]


class Tree:
    """The messages of a conversation that are not deleted, each after the one that it follows.

    A message that follows a deleted one is out of sight with it.

    Args:
        nodes: all messages, in the order of their making.
    """

    def __init__(self, nodes: Sequence[Node]) -> None:
        self._questions = {node.id for node in nodes if node.is_question}
        self._order = {node.id: number for number, node in enumerate(nodes)}
        followers: dict[str | None, list[str]] = {}
        for node in nodes:
            if not node.is_deleted:
                followers.setdefault(node.parent_id, []).append(node.id)
        self._followers = followers
        self._parents: dict[str, str | None] = {}
        for id, parent_id in self._downwards(None):
            self._parents[id] = parent_id

    def __contains__(self, id: object) -> bool:
        return id in self._parents

    def path(self, leaf_id: str) -> list[str]:
        """The branch that ends with a message, from its first one.

        Raises:
            KeyError: there is no such message.
        """
        path, id = [leaf_id], self._parents[leaf_id]
        while id is not None:
            path.append(id)
            id = self._parents[id]
        return path[::-1]

    def siblings(self, id: str) -> tuple[str, ...]:
        """What follows the same message, this one included, in the order of their making.

        Raises:
            KeyError: there is no such message.
        """
        return tuple(self._followers[self._parents[id]])

    def beneath(self, id: str) -> set[str]:
        """A message and all that follows it, in every branch."""
        return {id, *(under for under, _ in self._downwards(id))}

    def latest_leaf(self, id: str) -> str:
        """The end of the branch that was begun last of those that go through a message.

        Raises:
            KeyError: there is no such message.
        """
        leaves = (under for under in self.beneath(id) if not self._followers.get(under))
        return max(leaves, key=self._order.__getitem__)

    def next_questions(self, id: str) -> dict[str, str]:
        """The first questions beneath a message, in every branch, each with the message that it follows."""
        found: dict[str, str] = {}
        waiting = [id]
        while waiting:
            parent = waiting.pop()
            for follower in self._followers.get(parent, ()):
                if follower in self._questions:
                    found[follower] = parent
                else:
                    waiting.append(follower)
        return found

    def without(self, id: str) -> str | None:
        """The leaf to show when a message is gone, with all that follows it.

        That is the end of the branch beside it, the one before it rather than the one after; where there is
        none, the message that it followed; and None where nothing is left.

        Raises:
            KeyError: there is no such message.
        """
        beside = self.siblings(id)
        place = beside.index(id)
        others = (*beside[:place][::-1], *beside[place + 1 :])
        return self.latest_leaf(others[0]) if others else self._parents[id]

    def _downwards(self, id: str | None) -> Iterator[tuple[str, str | None]]:
        """All that follows a message, with what each follows; without recursion, for threads grow long."""
        waiting = [id]
        while waiting:
            parent = waiting.pop()
            for follower in self._followers.get(parent, ()):
                yield follower, parent
                waiting.append(follower)
