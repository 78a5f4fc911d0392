"""Gradio's ChatInterface as its documentation has it: a function that yields the answer so far."""

import os
from collections.abc import AsyncIterator
from typing import Any

import gradio as gr
from openai import AsyncOpenAI

client = AsyncOpenAI()


async def answer(message: str, history: list[dict[str, Any]]) -> AsyncIterator[str]:
    """Answer a message."""
    said = [{"role": turn["role"], "content": turn["content"]} for turn in history]
    stream = await client.chat.completions.create(
        model=os.environ["MODEL"], messages=[*said, {"role": "user", "content": message}], stream=True
    )
    text = ""
    async for part in stream:
        if part.choices and (token := part.choices[0].delta.content):
            text += token
            yield text


gr.ChatInterface(answer).launch(server_name="127.0.0.1", server_port=int(os.environ["PORT"]))
