"""A Reflex chat as one writes it first: the messages are a state var, and every token changes it."""

import os

import reflex as rx
from openai import AsyncOpenAI

client = AsyncOpenAI()


class State(rx.State):
    """The conversation."""

    messages: list[dict[str, str]] = []  # noqa: RUF012

    @rx.event(background=True)
    async def answer(self, form: dict[str, str]):
        """Answer a message."""
        async with self:
            self.messages.append({"role": "user", "content": form["question"]})
            said = [dict(message) for message in self.messages]
            self.messages.append({"role": "assistant", "content": ""})
        stream = await client.chat.completions.create(model=os.environ["MODEL"], messages=said, stream=True)
        async for part in stream:
            if part.choices and (token := part.choices[0].delta.content):
                async with self:
                    self.messages[-1]["content"] += token


def index() -> rx.Component:
    """Show the one page."""
    return rx.container(
        rx.foreach(State.messages, lambda message: rx.box(rx.markdown(message["content"]), margin="1em")),
        rx.form(
            rx.input(name="question", placeholder="Ask something"),
            on_submit=State.answer,
            reset_on_submit=True,
        ),
    )


app = rx.App()
app.add_page(index)
