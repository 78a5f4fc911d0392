"""NiceGUI after its example "Chat with AI": a chat message that is set anew with the answer so far."""

import os

from nicegui import ui
from openai import AsyncOpenAI

client = AsyncOpenAI()


@ui.page("/")
def chat() -> None:
    """Show the one page."""
    said: list[dict[str, str]] = []

    async def send() -> None:
        question = text.value
        text.value = ""
        said.append({"role": "user", "content": question})
        with messages:
            ui.chat_message(text=question, name="You", sent=True)
            with ui.chat_message(name="Bot", sent=False):
                shown = ui.markdown("")
        stream = await client.chat.completions.create(model=os.environ["MODEL"], messages=said, stream=True)
        answer = ""
        async for part in stream:
            if part.choices and (token := part.choices[0].delta.content):
                answer += token
                shown.set_content(answer)
                ui.run_javascript("window.scrollTo(0, document.body.scrollHeight)")
        said.append({"role": "assistant", "content": answer})

    messages = ui.column().classes("w-full max-w-2xl mx-auto flex-grow items-stretch")
    with ui.footer().classes("bg-white"):
        text = ui.input(placeholder="message").props("rounded outlined").classes("w-full")
        text.on("keydown.enter", send)


ui.run(host="127.0.0.1", port=int(os.environ["PORT"]), show=False, reload=False)
