"""What of an answer is a formula, told by the script itself, run outside a browser."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import chat_ui.ui

BUN = Path(sys.executable).with_name("bun")
FORMULAS = Path(chat_ui.ui.__file__).with_name("components") / "formulas.js"
RUN = f"""
import * as formulas from {json.dumps(str(FORMULAS))};
const {{ asked, texts }} = JSON.parse(process.argv.at(-1));
console.log(JSON.stringify(texts.map((text) => formulas[asked](text))));
"""
# The same over and over, read a few times, as a page does: to look for the end of each in all the rest takes
# minutes.
BEGUN = ["\\(", "\\( a ", "\\[ ", "\\[\\(", "$$ a\n", "> $$x\n", "$$a", "$a ", "`", "\\( a \\)\\("]
RUN_LONG = f"""
import {{ withDollars, halfFormula }} from {json.dumps(str(FORMULAS))};
for (const begun of {json.dumps(BEGUN * 4)}) {{
  const text = begun.repeat(1_000_000 / begun.length);
  withDollars(text);
  halfFormula(text);
  console.log(JSON.stringify(begun));
}}
"""
HANGS_AFTER_S = 60


def ask(asked: str, *texts: str) -> list[object]:
    """What a function of the script says to each text."""
    given = json.dumps({"asked": asked, "texts": texts})
    done = subprocess.run([BUN, "-e", RUN, given], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


@pytest.mark.parametrize(
    ("text", "parsed"),
    [
        ("Let \\(x\\) be.", "Let $$x$$ be."),
        ("\\(a\nb\\)", "$$a b$$"),
        ("- one \\[x\n= y\\] two", "- one \n  $$\n  x\n  = y\n  $$\n   two"),
        ("> $$x$$", "> $$\n> x\n> $$"),
        ("\\[a \\\\[2pt] b\\]", "$$\na \\\\[2pt] b\n$$\n"),
        ("It breaks \\\\[2pt] here.", "It breaks \\\\[2pt] here."),
        ("\\(a\n\nb\\)", "\\(a\n\nb\\)"),
        ("\\(a \\(b\\)", "\\(a $$b$$"),
        ("$5 and $6, $x^2$", "$5 and $6, $$x^2$$"),
        ("`\\(x\\)`", "`\\(x\\)`"),
    ],
)
def test_what_stands_between_its_marks_is_a_formula(text: str, parsed: str) -> None:
    assert ask("withDollars", text) == [parsed]


def test_one_that_is_begun_is_held_back() -> None:
    lines = ["So \\(x", "So \\(x\\) and", "So \\[x", "a \\\\[2pt", "It costs $5", "With $x_1"]
    assert ask("halfFormula", *lines) == [3, None, 3, None, None, 5]


def test_a_text_of_nothing_but_beginnings_is_read_once() -> None:
    done = subprocess.run(
        [BUN, "-e", RUN_LONG], capture_output=True, text=True, check=False, timeout=HANGS_AFTER_S
    )
    assert [json.loads(line) for line in done.stdout.splitlines()] == BEGUN * 4, done.stderr
