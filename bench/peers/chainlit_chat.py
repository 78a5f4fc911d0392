"""Chainlit as its documentation has it: a message that tokens are streamed into."""

import os

import chainlit as cl
from openai import AsyncOpenAI

client = AsyncOpenAI()


@cl.on_message
async def on_message(message: cl.Message) -> None:
    """Answer a message."""
    answer = cl.Message(content="")
    stream = await client.chat.completions.create(
        model=os.environ["MODEL"], messages=cl.chat_context.to_openai(), stream=True
    )
    async for part in stream:
        if part.choices and (token := part.choices[0].delta.content):
            await answer.stream_token(token)
    await answer.update()
