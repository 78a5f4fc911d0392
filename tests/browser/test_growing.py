"""What a piece of a growing answer costs the page: words that go on cost no parser, no React and no style."""

import asyncio
import re

import pytest
from playwright.async_api import expect

from tests.browser.person import becomes, has_copied, telling_of_texts

WORDS = 60
# A piece that meets the end of a measurement is drawn too, and so is the counter of tokens: twice a second,
# for as long as this takes.
MOST_PASSES, MOST_STYLES = 2, WORDS // 3
TEXT = """

A paragraph with **bold words**, `some code`, a [link](https://example.com/a) and an address, www.example.com.
It goes on, as "they" do; don't they? Write to me@example.com (or not), and wait… for 1,000 words - or two.

- one item, which is *long* enough to grow
- another one
  1. deeper, with www.example.org in it
  2. and the last of them

```python
def grows(words: list[str]) -> str:
    # a comment with words in it
    return " ".join(words)
```

| Name | Value |
| --- | ---: |
| one thing | 1,234 |

> Said before[^1], and again

[^1]: A note that grows as well

The end of it all is here
"""

# What comes, piece by piece, and the blocks that are seen then.
PIECES = [
    ("One", ["One"]),
    ("\n", ["One"]),
    ("two", ["One two"]),
    ("\n\n", ["One two"]),
    ("three", ["One two", "three"]),
    ("\n\n- 4", ["One two", "three", "4"]),
    (".", ["One two", "three", ""]),
    (" four", ["One two", "three", "four"]),
    ("\n\n", ["One two", "three", "four"]),
    ("five", ["One two", "three", "four", "five"]),
]

# Pieces with marks, some of which are halves, or none, or not to be drawn in place.
MARKS = [
    " **bold",
    " words**",
    " and",
    " **two** of `them`",
    ", said",
    " **",
    "so",
    "**",
    "me",
    " `code",
    "(args, more)`",
    ": (",
    "`x`",
    ")",
    " **in `it`**",
    " **`it",
    "`**",
    " **not**",
    " **end:**",
    " after",
    " `",
    "last`.",
    " 2 * 3",
    " done",
]

TABLE = "| Name | Value | More |\n| --- | ---: | --- |\n| one"
ROWS = [" thing", " |", " 1,234", " |", " more", " |", "\n", "|", " two", " | 22 |", "\n| three |"]
ROWS += [" 33 | all |\n| four", " **44** | 55", " |\n| six |", " 66"]

CODE = "```python\ndef grows(words):"
LINES_OF_CODE = ["\n", "    return", " words", "  # so", "\n\n", "class", " More:\n    pass", "\n"]
LINES_OF_CODE += ["\n\n\nx = 1", "\ny = ~", "2", "\n", "z = 3\n", "# ends"]


@pytest.mark.parametrize("before", ["", "> ", "1. Said\n2. "], ids=["paragraph", "quote", "list"])
async def test_growth_is_drawn_in_place_and_ends_as_it_would_be_drawn_at_once(site, visit, gateway, before):
    person = await visit(site)
    await person.say("Some words, please")
    request = await gateway.next_request()
    answer = person.answers.first
    await request.say(f"{before}Words")
    await expect(answer).to_contain_text("Words")
    devtools = await person.page.context.new_cdp_session(person.page)
    await devtools.send("Performance.enable")
    await devtools.send("Profiler.enable")

    styled = await styles(devtools)
    await devtools.send("Profiler.startPreciseCoverage", {"callCount": True})
    for number in range(WORDS):
        await request.say(f" w{number}, and on")
        await expect(answer).to_contain_text(f" w{number},")
    assert await passes(devtools) <= MOST_PASSES
    assert await styles(devtools) - styled <= MOST_STYLES
    for number in range(WORDS // 3):
        await request.say(f" m{number} (and **on** `it` goes): **well**")
        await expect(answer).to_contain_text(f" m{number} (and on it goes): well")
    assert await passes(devtools) <= MOST_PASSES
    await devtools.detach()

    for number, piece in enumerate(re.findall(r"\s*\w{1,6}|\s*[^\w\s]{1,2}|\s+", TEXT)):
        await request.say(piece)
        if number % 2 == 0:
            await asyncio.sleep(0.04)
    await request.finish()
    await person.ended(answer)
    grown = await drawn(answer)
    await person.page.reload()
    await expect(person.answers.first).to_contain_text("The end of it all")
    assert grown == await drawn(person.answers.first)


@pytest.mark.parametrize("every", [1, 3])
@pytest.mark.parametrize(
    ("begun", "pieces"),
    [("Marks", MARKS), ("- Marks", MARKS), (TABLE, ROWS), (CODE, LINES_OF_CODE)],
    ids=["paragraph", "list", "table", "code"],
)
async def test_what_is_drawn_in_place_is_what_the_parser_draws(begun, pieces, every, site, visit, gateway):
    person = await visit(site)
    tell = await telling_of_texts(person)
    await person.say("Some marks, please")
    request = await gateway.next_request()
    answer = person.answers.first
    said, looked, in_place = begun, 0, 0
    await request.say(said)
    await expect(answer).to_contain_text(seen(said))
    devtools = await person.page.context.new_cdp_session(person.page)
    await devtools.send("Profiler.enable")
    await devtools.send("Profiler.startPreciseCoverage", {"callCount": True})
    for number, piece in enumerate(pieces):
        before = seen(said)
        said += piece
        await request.say(piece)
        await expect(answer).to_contain_text(seen(said))
        is_parsed = await passes(devtools) > 0
        # Of a piece that shows nothing yet, nobody knows when it is there.
        if number % every > 0 or seen(said) == before:
            continue
        looked += 1
        if not is_parsed:
            in_place += 1
            grown = await drawn(answer)
            # What is told of as a whole is drawn by the parser.
            tell({"id": await answer.get_attribute("data-message-id"), "text": "", "grows": True})
            await becomes(lambda: passes(devtools))
            assert grown == await drawn(answer), said
    await devtools.detach()
    await request.finish()
    assert in_place >= looked / 2


async def test_a_table_that_grows_is_copied_as_far_as_it_is_seen(site, visit, gateway):
    person = await visit(site, permissions=["clipboard-read", "clipboard-write"])
    await person.say("A table, please")
    request = await gateway.next_request()
    said = f"{TABLE} |"
    await request.say(said)
    for piece in ("\n| two", " things |", " 2 |\n| three |"):
        said += piece
        await request.say(piece)
        await expect(person.answers.first).to_contain_text(seen(said))
    await person.button("Copy table as Markdown").click()
    await has_copied(person.page, said)
    await request.finish()


async def test_lines_of_code_are_drawn_in_place(site, visit, gateway):
    person = await visit(site)
    await person.say("Some code, please")
    request = await gateway.next_request()
    code = person.answers.first.get_by_role("figure").locator("code")
    said = "first = 1"
    await request.say(f"```python\n{said}")
    await expect(code).to_contain_text(said)
    devtools = await person.page.context.new_cdp_session(person.page)
    await devtools.send("Profiler.enable")
    await devtools.send("Profiler.startPreciseCoverage", {"callCount": True})
    for number in range(WORDS):
        for piece in (f"\nw{number} =", f" {number}"):
            said += piece
            await request.say(piece)
        await expect(code).to_contain_text(said.split("\n")[-1])
    assert await passes(devtools) <= MOST_PASSES
    assert await code.text_content() == f"{said}\n"
    await devtools.detach()
    await request.finish()


async def test_a_line_of_code_in_a_list_goes_on_where_it_is(site, visit, gateway):
    person = await visit(site)
    await person.say("A list, please")
    request = await gateway.next_request()
    code = person.answers.first.locator("pre code")
    await request.say("- one\n  ```python\n  x = one")
    await expect(code).to_contain_text("x = one")
    await request.say(" + two")
    await expect(code).to_contain_text("+ two")
    assert await code.text_content() == "x = one + two\n"
    await request.finish()


async def test_what_comes_after_a_blank_line_is_no_row_of_the_table_before_it(site, visit, gateway):
    person = await visit(site)
    await person.say("Two tables, please")
    request = await gateway.next_request()
    rows = person.answers.first.get_by_role("row")
    await request.say(TABLE)
    await expect(rows).to_have_count(2)
    await request.say(" |\n\n| Other | Table |")
    await request.say("\n| --- | --- |\n| two | 2")
    await expect(rows.last).to_have_text("two2")
    await expect(rows).to_have_count(4)
    await request.finish()


def seen(said: str) -> str:
    """The last words of a text whose marks all mean something, as far as one sees them."""
    return re.split(r"[|\n]\s*|^- ", re.sub(r"\*\*|`", "", said).rstrip(" *|\n-"))[-1]


@pytest.mark.parametrize(
    "before", ["(", "| a |\n| --- |\n| (", "- **So:** ("], ids=["words", "table", "list"]
)
async def test_words_that_turn_into_a_link_are_there_once(before, asked):
    person, request = await asked()
    place = person.answers.first.locator(":is(p, td, li):not(.meta)").last
    await request.say(before)
    await expect(place).to_contain_text("(")
    await request.say("https")
    await expect(place).to_contain_text("(https")
    await request.say("://example.com/a)")
    await expect(place).to_contain_text("(https://example.com/a)")
    await expect(place.get_by_role("link")).to_have_text("https://example.com/a")
    await request.finish()


@pytest.mark.parametrize("before", ["Vue", "| Vue |\n| --- |\n| Vue"], ids=["paragraph", "table"])
async def test_what_grows_turns_around_as_soon_as_most_of_it_is_written_from_the_other_side(
    before, site, visit, gateway
):
    person = await visit(site)
    await person.say("Some Hebrew, please")
    request = await gateway.next_request()
    block = person.answers.first.locator(".prose > div")
    await request.say(before)
    await expect(block).to_have_attribute("dir", "ltr")
    await request.say(" היא ספרייה")
    await expect(block).to_have_attribute("dir", "rtl")
    await request.say(" of which this tells")
    await expect(block).to_have_attribute("dir", "ltr")
    await request.finish()


async def test_words_after_a_break_or_a_number_are_drawn_where_they_belong(site, visit, gateway):
    person = await visit(site)
    await person.say("Some lines, please")
    request = await gateway.next_request()
    blocks = person.answers.first.locator(".prose > div")
    for piece, seen in PIECES:
        await request.say(piece)
        await expect(blocks).to_have_text(seen)
    await request.finish()


async def passes(devtools) -> int:
    """How often the answer was cut into blocks, to be drawn by React, since this was asked last."""
    told = await devtools.send("Profiler.takePreciseCoverage")
    functions = [function for script in told["result"] for function in script["functions"]]
    return sum(each["ranges"][0]["count"] for each in functions if each["functionName"] == "split")


async def styles(devtools) -> float:
    """How often styles were computed so far."""
    told = await devtools.send("Performance.getMetrics")
    return next(metric["value"] for metric in told["metrics"] if metric["name"] == "RecalcStyleCount")


async def drawn(answer) -> str:
    """All of an answer's elements and texts, but the colors of code, which come a little later."""
    return await answer.locator(".prose").evaluate(
        """prose => {
          const copy = prose.cloneNode(true);
          for (const code of copy.querySelectorAll("pre code")) code.textContent = code.textContent;
          for (const block of copy.querySelectorAll("[data-tokenized]")) delete block.dataset.tokenized;
          copy.normalize();
          return copy.innerHTML;
        }"""
    )
