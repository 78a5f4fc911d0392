"""Code in an answer: colored as it comes, with what a reader does to it."""

import asyncio
import re

from playwright.async_api import expect

from tests.browser.person import has_copied, telling_of_texts
from tests.browser.test_scrolling import still

LINES = 120
MOST_TIMES_TOKENIZED = 3
NEARLY_PX = 2
HOSTILE = """\
<script>window.__fired = 1</script>
<img src=x onerror="window.__fired = 1">
</code></pre><iframe srcdoc="<script>parent.__fired = 1</script>"></iframe>
"""
# Its lines and their colors.
DRAWN = """code => {
  const copy = code.cloneNode(true);
  copy.removeAttribute("data-tokenized");
  copy.normalize();
  return copy.outerHTML;
}"""
SCROLL_UP = """async code => {
  code.scrollTop -= 200;
  await new Promise(requestAnimationFrame);
  return code.scrollTop;
}"""
# As on a machine for which each look at a line takes that long.
SLOW = "() => { const { now } = Date; let late = 0; Date.now = () => now() + (late += 510); }"
# As on a machine that has time for three expressions at once; counts how many are made in one go.
IN_SLICES = """() => {
  const { now } = performance;
  let [late, made] = [0, 0];
  performance.now = () => now.call(performance) + (late += 4);
  window.most = window.all = 0;
  window.RegExp = new Proxy(RegExp, {
    construct(...made_of) {
      if (made === 0) setTimeout(() => (made = 0));
      made += 1;
      all += 1;
      most = Math.max(most, made);
      return Reflect.construct(...made_of);
    },
  });
}"""


def python_code(lines: int) -> str:
    """A block of so many lines, each with its number."""
    body = "".join(f'    value_{n} = compute({n}, "a word")  # w{n}\n' for n in range(2, lines + 1))
    return f"def compute_all():  # w1\n{body}"


def token_by_token(text: str) -> list[str]:
    """Pieces of about one token."""
    return re.findall(r"\s*\w{1,6}|\s*[^\w\s]{1,2}|\s+", text)


async def colored(block, line: int = 0) -> None:
    """Wait until the grammar has come and a line has its colors."""
    await expect(block.locator(".code-line").nth(line).locator("span").first).to_be_attached()


async def test_a_long_block_is_colored_as_it_grows_and_never_drawn_again(asked):
    person, request = await asked()
    code = python_code(LINES)
    block = person.answers.get_by_role("figure")
    await request.say("Here it is:\n\n```python\n" + code[:400])
    await colored(block, 7)
    await block.evaluate(
        """block => {
          window.kept = [...block.querySelectorAll(".code-line")].slice(0, 8);
          window.tokens = window.kept.flatMap((line) => [...line.childNodes]);
          getSelection().selectAllChildren(window.kept[3]);
        }"""
    )
    selected = await person.page.evaluate("getSelection().toString()")
    assert "w4" in selected

    for number, piece in enumerate(token_by_token(code[400:])):
        await request.say(piece)
        if number % 8 == 0:
            await asyncio.sleep(0.01)
    await expect(block).to_contain_text(f"# w{LINES}")

    assert await person.page.evaluate("getSelection().toString()") == selected
    assert await person.page.evaluate("[...window.kept, ...window.tokens].every((node) => node.isConnected)")
    await colored(block, LINES - 1)
    await request.say("```\n\nThat was it.")
    await request.finish()
    await person.ended(person.answers.last)
    assert await block.locator("code").text_content() == code
    assert await person.page.evaluate("getSelection().toString()") == selected
    assert await person.page.evaluate("window.kept.every((line) => line.isConnected)")
    tokenized = int(await block.locator("code").get_attribute("data-tokenized"))
    assert len(code) - LINES <= tokenized <= MOST_TIMES_TOKENIZED * len(code)
    grown = await block.locator("code").evaluate(DRAWN)
    await person.page.reload()
    await colored(block, LINES - 1)
    assert await block.locator("code").evaluate(DRAWN) == grown


async def test_a_line_that_takes_color_stays_selected(asked):
    person, request = await asked()
    await request.say("```python\nfirst = 1\n")
    block = person.answers.get_by_role("figure")
    await colored(block)
    await request.say("def second")
    line = block.locator(".code-line").last
    await expect(line).to_have_text("def second")
    await line.evaluate(
        """line => {
          const rest = line.lastChild;
          getSelection().setBaseAndExtent(line, 0, rest, rest.length - 1);
        }"""
    )
    selected = await person.page.evaluate("getSelection().toString()")
    await request.say("(words): return words")
    await expect(line.locator("span")).not_to_have_count(0)
    await expect(line).to_contain_text("return words")
    assert await person.page.evaluate("getSelection().toString()") == selected == "def second"
    await request.finish()


async def test_what_a_reader_does_to_a_block_that_grows(asked):
    person, request = await asked(permissions=["clipboard-read", "clipboard-write"])
    code = python_code(LINES)
    [begun, *pieces] = re.split(r"(?<=\n)", code.strip())
    await request.say("```python\n" + begun)
    block = person.answers.get_by_role("figure")
    said = begun
    for number, piece in enumerate(pieces):
        await request.say(piece)
        said += piece
        await expect(block).to_contain_text(piece.strip())
        if number == 1:
            await block.get_by_role("button", name="Wrap lines").click()
            await expect(block.get_by_role("button", name="Wrap lines", pressed=True)).to_be_attached()
            assert await block.locator("code").text_content() == said
            await block.get_by_role("button", name="Copy code").click()
            await has_copied(person.page, said.removesuffix("\n"))
    await expect(block.get_by_role("button", name="Show all lines")).to_be_attached()
    await expect(block.get_by_text(f"# w{LINES}")).to_be_in_viewport()
    await request.finish()


async def test_the_expressions_of_a_language_are_made_a_few_at_once(asked):
    person, request = await asked()
    await person.page.evaluate(IN_SLICES)
    await request.say("```python\ndef first(): return 1\n")
    block = person.answers.get_by_role("figure")
    await colored(block)
    await request.finish()

    most, made = await person.page.evaluate("[most, all]")
    assert most < made / 5


async def test_an_unfinished_fence_is_never_seen(asked):
    person, request = await asked()
    await request.say("Before\n\n")
    await expect(person.answers).to_contain_text("Before")
    await person.page.evaluate(
        """() => {
          window.seen = new Set();
          const answer = document.querySelector("[data-role=assistant]");
          const look = () => seen.add(answer.innerText.includes("`"));
          new MutationObserver(look).observe(document.body, {
            childList: true, subtree: true, characterData: true,
          });
        }"""
    )
    in_a_list = ["\n\nAfter\n\n- in a list\n  `", "``", "py\n", "  y = 2\n", "  ``", "`"]
    for piece in ["``", "`", "py", "thon\n", "x = 1\n", "`", "``", *in_a_list]:
        await request.say(piece)
        await asyncio.sleep(0.06)
    await request.finish()
    await person.ended(person.answers.last)

    assert await person.page.evaluate("[...window.seen]") == [False]
    blocks = person.answers.get_by_role("figure")
    assert await blocks.locator("code").all_text_contents() == ["x = 1\n", "y = 2\n"]
    assert [text.split("\n")[0] for text in await blocks.all_inner_texts()] == ["python", "py"]


async def test_what_a_reader_does_to_a_block(asked):
    person, request = await asked(permissions=["clipboard-read", "clipboard-write"])
    await person.page.evaluate(SLOW)
    code = 'long = "' + "word " * 60 + '"\nprint(long)'
    await request.say(f"```python\n{code}\n```")
    await request.finish()
    block = person.answers.get_by_role("figure")
    await colored(block)

    await block.get_by_role("button", name="Copy code").click()
    await has_copied(person.page, code)

    async with person.page.expect_download() as downloading:
        await block.get_by_role("button", name="Download code").click()
    download = await downloading.value
    assert download.suggested_filename == "code.py"
    assert (await download.path()).read_text() == code

    is_wide = "block => { const pre = block.querySelector('pre'); return pre.scrollWidth > pre.clientWidth; }"
    assert await block.evaluate(is_wide)
    wrap = block.get_by_role("button", name="Wrap lines", pressed=False)
    await wrap.focus()
    await person.page.keyboard.press("Enter")
    await expect(block.get_by_role("button", name="Wrap lines", pressed=True)).to_be_focused()
    assert not await block.evaluate(is_wide)


async def test_a_long_block_is_folded_and_unfolds_in_place(asked):
    person, request = await asked(viewport={"width": 360, "height": 740})
    await request.say(f"```python\n{python_code(200)}")
    block = person.answers.get_by_role("figure")
    code = block.get_by_role("group", name="Code")
    await expect(block.get_by_role("button", name="Show all lines")).to_be_visible()
    height = (await code.bounding_box())["height"]
    assert height < 740
    await expect(code.get_by_text("# w200")).to_be_in_viewport()

    await request.say("```\n\nAfter the code.")
    await request.finish()
    await person.ended(person.answers.last)
    assert (await code.bounding_box())["height"] == height
    for button in await block.get_by_role("button").all():
        size = await button.bounding_box()
        assert min(size["width"], size["height"]) >= 24

    line = code.get_by_text("# w195")
    before = (await line.bounding_box())["y"]
    await block.get_by_role("button", name="Show all 200 lines").click()
    await still(person.page)
    assert (await code.bounding_box())["height"] > 200 * 21
    assert abs((await line.bounding_box())["y"] - before) <= NEARLY_PX
    await block.get_by_role("button", name="Show less").click()
    await still(person.page)
    assert (await code.bounding_box())["height"] == height
    assert await person.page.evaluate("document.documentElement.scrollWidth") == 360


async def test_a_folded_block_that_is_whole_shows_its_first_lines_unless_somebody_reads_in_it(asked):
    person, request = await asked()
    codes = person.answers.get_by_role("figure").get_by_role("group", name="Code")
    for number in range(3):
        await request.say(f"```python\n{python_code(LINES)}")
        code = codes.nth(number)
        await expect(code.get_by_text(f"# w{LINES}")).to_be_in_viewport()
        if number == 1:
            read = await code.evaluate(SCROLL_UP)
        if number == 2:
            last = code.get_by_text(f"# w{LINES}")
            await last.evaluate("words => getSelection().selectAllChildren(words)")
        await request.say("```\n\nAfter the code.\n\n")
        await expect(person.answers.get_by_text("After the code.")).to_have_count(number + 1)
    await request.finish()
    await person.ended(person.answers.last)

    untouched, scrolled, selected = [
        await code.evaluate("code => code.scrollTop") for code in await codes.all()
    ]
    assert (untouched, scrolled) == (0, read)
    assert selected > read
    await codes.first.scroll_into_view_if_needed()
    await expect(codes.first.get_by_text("# w1", exact=True)).to_be_in_viewport()
    await person.page.reload()
    await expect(codes).to_have_count(3)
    assert [await code.evaluate("code => code.scrollTop") for code in await codes.all()] == [0, 0, 0]


async def test_odd_code_is_shown_as_it_is(asked):
    person, request = await asked()
    elsewhere = []
    person.page.on("request", lambda sent: sent.url.startswith(person.url) or elsewhere.append(sent.url))
    endless = "x = '" + "y" * 2500 + "'"
    for language in ("html", "nonsense", "constructor", "", "a" * 300):
        await request.say(f"```{language}\n{HOSTILE}```\n\n")
    await request.say(f"~~~~python\n{endless}\n```\nz = 1\n~~~~\n")
    await request.finish()
    await person.ended(person.answers.last)
    blocks = person.answers.get_by_role("figure")
    await colored(blocks.first)
    await expect(blocks.last.locator(".code-line").last.locator("span")).not_to_have_count(0)

    shown = await blocks.locator("code").all_text_contents()
    assert shown == [HOSTILE] * 5 + [f"{endless}\n```\nz = 1\n"]
    assert await blocks.last.locator(".code-line").first.locator("span").count() <= 1
    assert await person.page.locator("article").locator("script, iframe, img").count() == 0
    assert await person.page.evaluate("window.__fired") is None
    assert [url for url in elsewhere if not url.startswith(("ws:", "blob:"))] == []


async def test_a_language_whose_name_was_not_all_there_is_colored_anew(site, visit, gateway):
    person = await visit(site)
    tell = await telling_of_texts(person)
    for number, code in enumerate(("```c\nint a = 1;\n```", "```css\na {\n  margin: 1px\n}\n```")):
        await person.say("Some code, please")
        request = await gateway.next_request()
        await request.say(code)
        await request.finish()
        answer = person.answers.nth(number)
        await person.ended(answer)
        await colored(answer)
    language = answer.locator("figcaption > span")
    tell({"id": await answer.get_attribute("data-message-id"), "text": "```c"})
    await expect(language).to_have_text("c")
    # The page misses the rest, and asks for it.
    await expect(language).to_have_text("css")
    await colored(answer, line=1)
