"""What a person does about an answer: asks for another, goes on with it, rewords it, shows another branch."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import reflex as rx
from reflex.event import EventSpec

from chat_ui.chat import again, branches
from chat_ui.chat.again import Again
from chat_ui.chat.errors import ChatError
from chat_ui.chat.service import Chat
from chat_ui.chat.trouble import in_words
from chat_ui.state import routes, wire
from chat_ui.state.arguments import again_of, rewording_of, text_of
from chat_ui.state.current import current_chat, owner_of
from chat_ui.store.conversations import Conversation
from chat_ui.store.errors import StoreError

__all__ = ["SteeringState"]


class SteeringState(rx.State):
    """The verbs of a thread; what they change comes back the way that every change takes."""

    notice: str = ""

    @rx.event
    def open_page(self) -> None:
        """Forget what was said about the page before."""
        self.notice = ""

    @rx.event
    async def answer_again(self, wanted: object) -> None:
        """Ask for another answer to the message that an answer, named by an ``Again``, answers."""
        await self._take_up(again.answer_again, wanted)

    @rx.event
    async def continue_answer(self, wanted: object) -> None:
        """Ask for the rest of an answer that was cut, named by an ``Again``."""
        await self._take_up(again.continue_answer, wanted)

    @rx.event
    async def agree_to_payee(self, wanted: object) -> None:
        """Agree to the payee that an answer, named by an ``Again``, failed over, and ask for it again."""
        await self._take_up(again.agree_to_payee, wanted)

    async def _take_up(
        self, begin: Callable[[Chat, str, Again], Awaitable[Conversation | None]], wanted: object
    ) -> None:
        self.notice = ""
        try:
            await begin(current_chat(), owner_of(), again_of(wanted))
        except (ChatError, StoreError) as error:
            self.notice = in_words(error)

    @rx.event
    async def show_branch(self, message_id: str) -> None:
        """Show the branch that goes through a message."""
        self.notice = ""
        try:
            await branches.show_branch(current_chat(), owner_of(), text_of(message_id))
        except (ChatError, StoreError) as error:
            self.notice = in_words(error)

    @rx.event
    async def reword(self, rewording: object) -> None:
        """Put a person's words, a ``Rewording``, in place of an answer's; told as a send is."""
        wanted = rewording_of(rewording)
        try:
            conversation = await branches.reword_answer(current_chat(), owner_of(), wanted)
        except (ChatError, StoreError) as error:
            await wire.push(wire.refused(wanted.id, in_words(error)))
            return
        await wire.push(wire.stored(wanted.id, conversation.id))

    @rx.event
    async def fork(self, wanted: object) -> EventSpec | None:
        """Copy the branch that ends with a message, named by an ``Again``, and go to the copy."""
        self.notice, named = "", again_of(wanted)
        try:
            made = await branches.fork(current_chat(), owner_of(), named.id, named.message_id)
        except (ChatError, StoreError) as error:
            self.notice = in_words(error)
            return None
        return rx.redirect(routes.conversation(made.id))
