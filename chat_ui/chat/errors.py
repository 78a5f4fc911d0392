"""What can go wrong between a person and a conversation, in words they can read.

::

    ChatError
    ├── BlankMessage
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

__all__ = [
    "BlankMessage",
    "ChatError",
    "Closing",
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
        super().__init__("This message is empty. Write something and send it again.")


class MessageTooLong(ChatError):
    """A message longer than the site takes."""

    def __init__(self, chars: int, most: int) -> None:
        super().__init__(
            f"This message has {chars:,} characters; at most {most:,} can be sent. "
            "Shorten it or send it in parts."
        )


class NoPrice(ChatError):
    """A gateway that isn't paid per request names no price for one."""

    def __init__(self) -> None:
        super().__init__("This gateway isn't paid per message, so no message of its own has a price.")


class NoSuchConversation(ChatError):
    """No conversation of this person has that id (whoever else may have one)."""

    def __init__(self) -> None:
        super().__init__("There is no such conversation. It may have been deleted; start a new one.")


class NoSuchMessage(ChatError):
    """No message of this conversation has that id."""

    def __init__(self) -> None:
        super().__init__("The message this answers is gone. Reload the page and send it again.")


class NoSuchModel(ChatError):
    """The model or its gateway is not connected."""

    def __init__(self, model: str) -> None:
        super().__init__(f"The model {model!r} is not connected. Choose another one from the model menu.")


class NotNow(ChatError):
    """A limit or a budget of the site is reached; the text says which, and until when."""


class NothingToContinue(ChatError):
    """An answer without any text can't be gone on with."""

    def __init__(self) -> None:
        super().__init__("This answer says nothing yet. Ask for it again instead.")


class StillAnswering(ChatError):
    """The answer is still being written."""

    def __init__(self) -> None:
        super().__init__("This answer is still being written. Stop it first, or wait for its end.")


class UnfitPreference(ChatError):
    """What is to be asked of a model can't be; the text says what can."""


class UnreadableDraft(ChatError):
    """A draft without the id that every send carries, or with one that nobody made."""

    def __init__(self) -> None:
        super().__init__("This message could not be read. Reload the page and send it again.")


class GatewayIsFixed(ChatError):
    """The settings say who can be asked, so the page can't change it."""

    def __init__(self) -> None:
        super().__init__(
            "Who can be asked is set in this site's environment or in its chat_ui.toml. Change it there, "
            "then start the site again."
        )


class Closing(ChatError):
    """The site is shutting down and starts no new answers."""

    def __init__(self) -> None:
        super().__init__("The site is restarting. Send this again in a moment: nothing is lost.")
