"""What the demo model says."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

__all__ = [
    "CODE",
    "DIAGRAM",
    "FOOTNOTES",
    "MARKDOWN",
    "MATH",
    "REASONING",
    "TABLE",
    "TOOLS",
    "TOOL_ARGUMENTS",
    "WELCOME",
    "numbered",
]

WELCOME = """\
Hello, and welcome. I'm a **demo model**: a handful of prepared texts with no intelligence behind them. \
I'm here so that you can see how this site feels before a real model is connected.

I know how to show you:

- **markdown**: headings, lists and quotes
- a **table**
- some **code**
- a little **math**
- a **diagram**
- **footnotes**
- how a model calls **tools**
- a **long** answer; "2000 tokens" makes it exactly that long
- how a model may **think** before it answers

Put one of these words in your message. Once a gateway is connected (**Connect a gateway**, below the list \
of conversations), this one can go on with a real model.
"""

MARKDOWN = """\
# A short tour of markdown

Text can be **bold**, *italic*, ~~struck out~~ or `typed like code`. A [link](https://commonmark.org) \
looks like this one.

## Lists

1. Put the kettle on.
2. While it heats:
   - warm the pot,
   - measure the tea.
3. Pour, and wait four minutes.

Some things can be ticked off:

- [x] Say hello
- [x] Read this far
- [ ] Connect a gateway

## A quote

> Simplicity is prerequisite for reliability.
>
> Edsger W. Dijkstra

---

Each block was drawn as it came in, and nothing before it moved.
"""

TABLE = """\
Here are three ways to send news from a server to a browser:

| | Polling | Server-sent events | WebSocket |
| :--- | :--- | :--- | :--- |
| Direction | browser asks | server to browser | both ways |
| Delay | up to one interval | milliseconds | milliseconds |
| Reconnects | by nature | built in | your own code |
| Passes proxies | always | nearly always | mostly |
| Good for | slow changes | answers, feeds | games, editors |

If only the server speaks, **server-sent events** are the least work. If both sides do, take a WebSocket.
"""

CODE = '''\
An asynchronous generator fits a stream well. It hands out each line as soon as it is whole, and keeps what \
is left for the next round:

```python
from collections.abc import AsyncIterator


async def lines(chunks: AsyncIterator[bytes]) -> AsyncIterator[str]:
    """Yield whole lines from chunks that were cut anywhere."""
    rest = b""
    async for chunk in chunks:
        *whole, rest = (rest + chunk).split(b"\\n")
        for line in whole:
            yield line.decode()
    if rest:
        yield rest.decode()
```

Use it like any other iterator:

```python
async for line in lines(response.aiter_bytes()):
    print(line)
```

Splitting before decoding matters: a chunk may end in the middle of a character, but a newline is never part \
of one.
'''

MATH = r"""The area under the bell curve has a famous value, and a detour leads there. Call it $$I$$:

$$
I = \int_{-\infty}^{\infty} e^{-x^2} \, dx
$$

Its square is an integral over the whole plane, where polar coordinates fit better:

$$
I^2 = \int_{-\infty}^{\infty} \int_{-\infty}^{\infty} e^{-(x^2 + y^2)} \, dx \, dy
    = \int_0^{2\pi} \int_0^{\infty} e^{-r^2} \, r \, dr \, d\theta
$$

The factor $$r$$ is what was missing. With $$u = r^2$$ the inner integral is $$\tfrac{1}{2}$$,
so $$I^2 = \pi$$ and

$$
\int_{-\infty}^{\infty} e^{-x^2} \, dx = \sqrt{\pi}
$$
"""

DIAGRAM = """\
This is the way of a message, from the browser to the model and back:

```mermaid
flowchart LR
  Browser -->|message| Site
  Site -->|request| Gateway
  Gateway --> Model
  Model -.->|tokens| Site
  Site -.->|pieces| Browser
  Site --> Disk[(Database)]
```

Solid lines ask, dotted ones stream. The database has the message before the gateway is asked.
"""

FOOTNOTES = """\
The first electronic mail between two machines was sent in 1971[^first], and its sender could later not say \
what was in it[^words]. The sign in its address had been on keyboards for a lifetime by then.

[^first]: By Ray Tomlinson, between two computers that stood side by side.
[^words]: Most likely something like `QWERTYUIOP`.
"""

TOOLS = """\
A model with tools would not guess the weather, it would ask for it. The call below is one; \
nobody carries it out.
"""
TOOL_ARGUMENTS = '{"place": "Lisbon", "days": 3, "units": "metric"}'

REASONING = """\
The message asks me to think, so I show what that looks like. A real model would weigh the question here, \
try an approach, and check it. I only have prepared texts, so the choice is quick: look for a word that I \
know, and say the text that belongs to it.
"""


def numbered(count: int) -> list[str]:
    """A long answer of exactly so many tokens, each with its number, from ``w1``, in valid markdown."""
    pieces = list(islice(_sections(), count))
    tokens = [piece.format(f"w{number}") for number, piece in enumerate(pieces, 1)]
    # A code block that is cut off would swallow whatever is written after it.
    if sum(piece.count("```") for piece in pieces) % 2:
        tokens[-1] += "\n```"
    return tokens


def _sections() -> Iterator[str]:
    """Templates of tokens, section after section."""
    before = ""
    while True:
        yield before + "## {}"
        yield from [" {}"] * 3
        yield "\n\n{}"
        yield from _prose(60)
        yield from _items()
        yield "\n\n{}"
        yield from _prose(36)
        yield from _table()
        yield "\n\n{}"
        yield from _prose(36)
        yield from _code_block()
        before = "\n```\n\n"


def _prose(words: int) -> Iterator[str]:
    for number in range(1, words + 1):
        end = "." if number % 12 == 0 else "," if number % 12 == 6 else ""
        yield (" **{}**" if number % 25 == 0 else " {}") + end


def _items() -> Iterator[str]:
    for item in range(5):
        yield ("\n\n- {}" if item == 0 else "\n- {}")
        yield from [" {}"] * 6


def _table() -> Iterator[str]:
    yield from ("\n\n| {}", " | {}", " | {} |\n| --- | --- | --- |")
    for _ in range(4):
        yield from ("\n| {}", " | {}", " | {} |")


def _code_block() -> Iterator[str]:
    yield "\n\n```python\n{} = 1"
    for _ in range(8):
        yield from ("\n{} =", " {} +", " {}")
