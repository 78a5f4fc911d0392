"""A conversation that holds every kind of content, and every way for an answer to end."""

import json
from decimal import Decimal
from pathlib import Path

from chat_ui.chat.service import DATABASE
from chat_ui.chat.tool_log import SEPARATOR
from chat_ui.store import conversations, messages, users
from chat_ui.store.engine import Database
from chat_ui.store.messages import Message
from tests.database import put_new_database

TITLE = "Every kind of content, in both directions: שלום"
MIXED = "First a line in English.\nואחר כך שורה בעברית."  # noqa: RUF001
MARKDOWN = """\
# A first heading

Words with **weight**, *stress*, ~~regret~~, `code`, a [link](https://example.com/page) and a note.[^1]

## A second one

- a list
  - within a list
- [x] done
- [ ] not yet

1. one
2. two

> Somebody said so.

فقرة بالعربية تُقرأ من اليمين.

![a picture](https://example.com/a.png)

---

### A table

| Name | A long column that needs more than there is | Another long column | And one more |
| --- | --- | --- | ---: |
| `one` | some text that goes on for a while | more text than fits | 1 |
| שתיים | טקסט | more | 22 |

| Another | Table |
| --- | --- |
| one | two |

| العمود | القيمة |
| --- | --- |
| خط | 1 |

```python
def a_function_with_a_long_name(argument: int, another_argument: str) -> dict[str, list[int]]:
    return {another_argument: [argument]}  # and a comment that makes the line longer still
```

$$
\\int_0^\\infty e^{-x^2} \\, dx = \\frac{\\sqrt{\\pi}}{2} + a + b + c + d + e + f + g + h + i + j + k
$$

[^1]: The note itself.
"""
CALL = SEPARATOR + json.dumps([0, "call_1", "find_weather"]) + '\n{"place": "Oslo", "days": 3}'
LINES = "\n".join(f"line {number} of code" for number in range(60))
LONG_WORD = "https://example.com/" + "a" * 120
ENDINGS: tuple[dict[str, object], ...] = (
    {
        "text": MARKDOWN,
        "reasoning": "First I think of a heading.\nThen of the rest.",
        "status": "complete",
        "finish_reason": "stop",
        "served_model": "a-name-that-is-rather-long-2026-01-01",
        "output_tokens": 1234,
        "duration_ms": 4200,
        "cost": Decimal("0.0123"),
        "currency": "usd",
    },
    {"text": "", "tool_calls": CALL, "status": "complete", "finish_reason": "tool_calls"},
    {"text": "Stopped half", "status": "stopped"},
    {"text": "Cut off half", "status": "interrupted", "error": "The gateway closed the stream."},
    {"text": f"Too long\n\n```\n{LINES}\n```", "status": "complete", "finish_reason": "length"},
    {"text": "", "model": None, "status": "failed", "error": "The gateway says: " + LONG_WORD},
)


async def write_every_kind(folder: Path) -> str:
    """Write the conversation into a data folder; returns its id."""
    db = await Database.open(put_new_database(folder / DATABASE))
    try:
        async with db.write() as tx:
            owner = (await users.local_user(tx)).id
            made = await conversations.create(tx, owner, title=TITLE, gateway="demo", model="demo")
            last = None
            for ending in ENDINGS:
                for fields in (
                    {"role": "user", "text": MIXED},
                    {"role": "assistant", "model": "demo", **ending},
                ):
                    said = Message(conversation_id=made.id, parent_id=last, **fields)
                    await messages.add(tx, owner, said)
                    before, last = last, said.id
            other = Message(conversation_id=made.id, parent_id=before, role="assistant", model="demo")
            await messages.add(tx, owner, other)
            await conversations.set_leaf(tx, owner, made.id, last)
        return made.id
    finally:
        await db.close()
