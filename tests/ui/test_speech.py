"""What a screen reader is told of a growing answer, by the script itself, run outside a browser."""

import json
import random
import subprocess
import sys
from pathlib import Path

import chat_ui.ui

BUN = Path(sys.executable).with_name("bun")
SPEECH = Path(chat_ui.ui.__file__).with_name("components") / "speech.js"
RUN = f"""
import {{ Speech }} from {json.dumps(str(SPEECH))};
const {{ text, cuts }} = JSON.parse(process.argv.at(-1));
console.log(JSON.stringify(cuts.map((ends) => {{
  const speech = new Speech();
  return ends.map((end) => speech.take(text.slice(0, end), end === text.length));
}})));
"""
# The same over and over, in a line of a megabyte: what looks at all the rest each time would never end.
MARKS = [
    "[",
    "![](",
    "[](",
    "[^",
    "*",
    "> ",
    "- ",
    "`",
    "a.",
    ".)",
    "1. ",
    "| ",
    "a ",
    "\\(",
    "$",
    "$$",
    "$a ",
    "$ a",
]
RUN_LONG = f"""
import {{ Speech }} from {json.dumps(str(SPEECH))};
for (const mark of {json.dumps(MARKS)}) {{
  const line = mark.repeat(1_000_000 / mark.length);
  const speech = new Speech();
  speech.take(line, false);
  speech.take(line + "\\n" + line, true);
  console.log(mark);
}}
"""
HANGS_AFTER_S = 60
ANSWER = """\
# A title

This is **bold** and *soft* text. It has `code` in it! See [a link](https://example.com/a.b).

- [ ] one
  - two **three**
    ```c++
    print("x. y.") // ```
    ```
  - > ```
    > more.
    > ```
    | a |
    |---|
    | 1 |
    \\[ x. y \\]
1. First. Then.

```python
print("x. y.")

more
```

| a | b |
|---|---|
| 1. | 2 |

$$
x. = y
$$
$$E = mc^2$$.
\\[x. y\\] says **one**.
\\[
x. = y
\\],
```
print("x.")
```

| a |
|---|
| 1 |
| 2 |
Where \\(x. = \\frac{1}{2}\\) holds, $n_1 = 5$ or $$y. z^2$$. Let `$x`.
It costs $5. Or 3 * 4 = 12. And a_b_c stays.
No end here"""
SPOKEN = (
    "A title This is bold and soft text. It has code in it! See a link. one two three "
    "Code, c++, 1 line. Code, 1 line. Table, 1 row. Formula. First. Then. "
    "Code, python, 3 lines. Table, 1 row. Formula. "
    "Formula. Formula. says one. Formula. Code, 1 line. Table, 2 rows. "
    "Where formula holds, n 1 = 5 or formula. Let $x. "
    "It costs $5. Or 3 * 4 = 12. And a_b_c stays. No end here"
)


def speak(text: str, cuts: list[list[int]]) -> list[list[str]]:
    """What is said each time when the text has grown to each of some lengths; once for each list of them."""
    given = json.dumps({"text": text, "cuts": cuts})
    done = subprocess.run([BUN, "-e", RUN, given], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def test_it_says_the_same_however_the_text_is_cut():
    chance = random.Random(17)  # noqa: S311
    cuts = [[*sorted(chance.sample(range(len(ANSWER)), 60)), len(ANSWER)] for _ in range(50)]
    cuts.append(list(range(1, len(ANSWER) + 1)))
    for said in speak(ANSWER, cuts):
        assert " ".join(filter(None, said)) == SPOKEN


def test_a_sentence_is_said_once_it_is_whole_and_not_before():
    text = "One is here. Two is"
    lengths = [len("One is"), len("One is here."), len("One is here. "), len(text)]
    assert speak(text + " too. ", [lengths]) == [["", "", "One is here.", ""]]


def test_code_ends_where_its_quote_or_its_item_ends():
    quoted = "> ```python\n> x = 1\nAnd so on.\n"
    in_list = "- ```\n  one\n\n  two\nAnd so on.\n"
    not_in_one = "```\n> x\ny\n```\nAnd so on.\n"
    assert [speak(text, [[len(text)]]) for text in (quoted, in_list, not_in_one)] == [
        [["Code, python, 1 line. And so on."]],
        [["Code, 3 lines. And so on."]],
        [["Code, 2 lines. And so on."]],
    ]


def test_no_line_takes_longer_than_it_is_long():
    done = subprocess.run(
        [BUN, "-e", RUN_LONG], capture_output=True, text=True, check=True, timeout=HANGS_AFTER_S
    )
    assert done.stdout.splitlines() == MARKS
