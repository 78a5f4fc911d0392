"""What can go wrong between a person and a conversation, in words they can read.

::

    ChatError
    ├── BlankMessage
    ├── FollowsDeleted
    ├── MessageTooLong
    ├── NoPrice
    ├── NoSuchConversation
    ├── NoSuchMessage
    ├── NoSuchModel
    ├── NotNow
    ├── NothingToContinue
    ├── StillAnswering
    ├── UnfitPreference
    ├── UnreadableDraft
    ├── GatewayIsFixed
    └── Closing
"""
# ruff: noqa: N818 - these names say what happened; "Error" on each would only make them longer.

from __future__ import annotations

from chat_ui.words import say

__all__ = [
    "BlankMessage",
    "ChatError",
    "Closing",
    "FollowsDeleted",
    "GatewayIsFixed",
    "MessageTooLong",
    "NoPrice",
    "NoSuchConversation",
    "NoSuchMessage",
    "NoSuchModel",
    "NotNow",
    "NothingToContinue",
    "StillAnswering",
    "UnfitPreference",
    "UnreadableDraft",
]


class ChatError(Exception):
    """Base of this tree; the text says what happened and what to do next."""


class BlankMessage(ChatError):
    """A message without any text."""

    def __init__(self) -> None:
        super().__init__(say("chat.blank_message"))


class FollowsDeleted(ChatError):
    """What a deleted message followed has been deleted as well, and has to come back first."""

    def __init__(self) -> None:
        super().__init__(say("chat.follows_deleted"))


class MessageTooLong(ChatError):
    """A message longer than the site takes."""

    def __init__(self, chars: int, most: int) -> None:
        super().__init__(say("chat.message_too_long", chars=chars, most=most))


class NoPrice(ChatError):
    """A gateway that isn't paid per request names no price for one."""

    def __init__(self) -> None:
        super().__init__(say("chat.no_price"))


class NoSuchConversation(ChatError):
    """No conversation of this person has that id (whoever else may have one)."""

    def __init__(self) -> None:
        super().__init__(say("chat.no_such_conversation"))


class NoSuchMessage(ChatError):
    """No message of this conversation has that id."""

    def __init__(self) -> None:
        super().__init__(say("chat.no_such_message"))


class NoSuchModel(ChatError):
    """The model or its gateway is not connected."""

    def __init__(self, model: str) -> None:
        super().__init__(say("chat.no_such_model", model=model))


class NotNow(ChatError):
    """A limit or a budget of the site is reached; the text says which, and until when."""


class NothingToContinue(ChatError):
    """An answer without any text can't be gone on with."""

    def __init__(self) -> None:
        super().__init__(say("chat.nothing_to_continue"))


class StillAnswering(ChatError):
    """The answer is still being written."""

    def __init__(self) -> None:
        super().__init__(say("chat.still_answering"))


class UnfitPreference(ChatError):
    """What is to be asked of a model can't be; the text says what can."""


class UnreadableDraft(ChatError):
    """A draft without the id that every send carries, or with one that nobody made."""

    def __init__(self) -> None:
        super().__init__(say("chat.unreadable_draft"))


class GatewayIsFixed(ChatError):
    """The settings say who can be asked, so the page can't change it."""

    def __init__(self) -> None:
        super().__init__(say("chat.gateway_is_fixed"))


class Closing(ChatError):
    """The site is shutting down and starts no new answers."""

    def __init__(self) -> None:
        super().__init__(say("chat.closing"))
