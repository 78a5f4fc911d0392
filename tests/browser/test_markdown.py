"""An answer as markdown: complete, never raw while it comes, and what a reader takes from it."""

import asyncio
import re

from playwright.async_api import expect

from tests.browser.person import becomes, has_copied

TEXT = r"""# A title

Costs are $5 or $10, **bold** and `code`, where $x^2 + y_1$ and \(\alpha\) are math. See [the page](https://example.com/a),
a [masked one](https://evil.example/b)[^1] and a line[^why].

- [x] done
- [ ] to do
  1. deeper

| Name | Value |
| :--- | ---: |
| one<br>two | "1,000" |
| $y$ | a \| b |

\[
E = mc^2
\]

> Said [elsewhere][there].

[^1]: The first note.
[^why]: Because.

    And another paragraph.

[there]: https://there.example/path
"""
DOT = {"content_type": "image/svg+xml", "body": '<svg xmlns="http://www.w3.org/2000/svg"/>'}
RAW = r"\*\*|`|\]\(|\|\s|\$\$|\\\(|\\\[|\[\^|\[x\]|\[ \]|^#|:---|&\w*$"
WATCH = """raw => {
  const answer = document.querySelector("[data-role=assistant]");
  window.seenRaw = [];
  const look = () => {
    const said = answer.cloneNode(true);
    said.querySelectorAll(".katex, table").forEach((drawn) => drawn.remove());
    const text = said.textContent;
    if (new RegExp(raw, "m").test(text)) seenRaw.push(text.slice(-60));
  };
  new MutationObserver(look).observe(answer, { childList: true, subtree: true, characterData: true });
}"""


# What has a mark that nothing ends where it stands, and what is seen last of it.
LEFT_OPEN = [
    ("- Use [ to begin\n- Then go on", "Then go on"),
    ("1. array[i\n2. and `so\n3. on", "on"),
    ("> Said **so\n\n> and more", "and more"),
    ("| a | b |\n| --- | --- |\n| **one | two", "two"),
    ("An [open one\n\\[c\\]\nand more", "and more"),
    ("Two marks, ``a ` b``, and more", "Two marks, a ` b, and more"),
    ("- An [open one\n  ```\n  code\n  ```\n- after code", "after code"),
]


async def test_markdown_is_never_raw_and_what_is_drawn_stays(asked):
    person, request = await asked()
    answer = person.answers.first
    await request.say("Read this while it grows")
    await expect(answer).to_contain_text("while it grows")
    await person.page.evaluate(WATCH, RAW)
    await answer.locator("p").first.evaluate(
        """paragraph => {
          window.kept = paragraph;
          getSelection().setBaseAndExtent(paragraph.firstChild, 5, paragraph.firstChild, 9);
        }"""
    )
    await request.say(" on and on.")
    await expect(answer).to_contain_text("on and on.")
    assert await person.page.evaluate("getSelection().toString()") == "this"

    await request.say("\n\n")
    for at in range(0, len(TEXT), 3):
        await request.say(TEXT[at : at + 3])
        if at % 9 == 0:
            await asyncio.sleep(0.02)
    await request.finish()
    await person.ended(answer)

    assert await person.page.evaluate("window.seenRaw") == []
    assert await person.page.evaluate("getSelection().toString()") == "this"
    assert await person.page.evaluate("window.kept.isConnected")
    await expect(answer.get_by_role("heading", name="A title", level=3)).to_be_visible()
    await expect(answer.get_by_role("checkbox", name="Done")).to_be_checked()
    await expect(answer.get_by_role("list").first).to_contain_text("deeper")
    await expect(answer.get_by_role("math")).to_have_count(4)
    await expect(answer).to_contain_text("Costs are $5 or $10, bold and code")
    assert await answer.locator("blockquote a").get_attribute("href") == "https://there.example/path"


async def test_what_is_left_open_in_one_place_is_not_ended_in_another(asked):
    person, request = await asked()
    places = person.answers.first.locator(":is(p, li, td):not(.meta)")
    for begun, last in LEFT_OPEN:
        await request.say(begun)
        await expect(places.last).to_have_text(last)
        await request.say("\n\nSo far.\n\n")
        await expect(places.last).to_have_text("So far.")
    await request.finish()


async def test_links_say_where_they_lead_and_open_apart(asked):
    person, request = await asked()
    await request.say("[the page](https://example.com/a) [example.com/b](https://example.com/b) ")
    await request.say("[bank.example](https://bank.example@evil.example/) [no](javascript:alert(1))")
    await request.finish()
    await person.ended(person.answers.first)
    links = person.answers.first.get_by_role("link")
    assert await links.evaluate_all("links => links.map((link) => link.dataset.host ?? null)") == [
        "example.com",
        None,
        "evil.example",
    ]
    for link in await links.all():
        assert await link.get_attribute("target") == "_blank"
        assert await link.get_attribute("rel") == "noopener noreferrer nofollow"
        assert await link.get_attribute("referrerpolicy") == "no-referrer"


async def test_footnotes_lead_to_their_own_answers_notes(asked, gateway):
    person, request = await asked(viewport={"width": 900, "height": 500})
    filling = "".join(f"Paragraph {number}.\n\n" for number in range(30))
    for number in (1, 2):
        await request.say(f"Claimed[^a] and again[^a].\n\n{filling}[^a]: Note of answer {number}.\n")
        await request.finish()
        await expect(person.answers.nth(number - 1)).to_have_attribute("data-status", "complete")
        if number == 1:
            await person.say("Once more")
            request = await gateway.next_request()
    address = person.page.url
    second = person.answers.nth(1)
    mark = second.get_by_role("link", name="Footnote 1").first
    await mark.click()
    note = second.get_by_role("listitem")
    await expect(note).to_be_in_viewport()
    await expect(note).to_be_focused()
    await expect(note).to_contain_text("Note of answer 2")
    await note.get_by_role("link", name="Back to the text").click()
    await expect(mark).to_be_focused()
    assert person.page.url == address
    ids = await person.page.evaluate("[...document.querySelectorAll('[id]')].map((each) => each.id)")
    assert len(ids) == len(set(ids))


async def test_an_address_in_a_table_leaves_room_for_words(asked):
    person, request = await asked()
    address = "https://example.com/" + "along/the/way/" * 6
    words = "some words that go on for a while " * 3
    await request.say(f"| Name | What it is | Where |\n| --- | --- | --- |\n| One | {words} | {address} |\n")
    await request.finish()
    await person.ended(person.answers.first)
    table = person.answers.first.get_by_role("group", name="Table")
    assert await table.evaluate("table => table.scrollWidth <= table.clientWidth")
    name, what, where = [
        (await cell.bounding_box())["width"] for cell in await table.get_by_role("cell").all()
    ]
    assert name < what
    assert name < where


async def test_what_a_reader_copies(asked):
    person, request = await asked(permissions=["clipboard-read", "clipboard-write"])
    said = TEXT + "\n![a striped cat](https://cat.example/cat.svg)\n"
    await request.say(said)
    await request.finish()
    answer = person.answers.first
    await person.ended(answer)

    table = answer.get_by_role("group", name="Table")
    cells = table.get_by_role("cell")
    await expect(cells.last).to_have_css("white-space", "normal")
    # Digits of one width have hyphens of that width: they are for figures.
    await expect(cells.first).to_have_css("font-variant-numeric", "normal")
    await expect(cells.last).to_have_css("font-variant-numeric", "tabular-nums")
    await expect(answer.locator(".note")).to_have_css("font-variant-numeric", "normal")
    await table.hover()
    await answer.get_by_role("button", name="Copy table as CSV").click()
    expected = 'Name,Value\r\n"one\ntwo","""1,000"""\r\ny,a | b\r\n'
    await has_copied(person.page, expected)
    await answer.get_by_role("button", name="Copy table as Markdown").click()
    await becomes(
        lambda: person.page.evaluate(
            "async start => (await navigator.clipboard.readText()).startsWith(start)",
            '| Name | Value |\n| :--- | ---: |\n| one<br>two | "1,000" |\n| $y$ | a',
        )
    )
    await person.page.route("https://cat.example/**", lambda route: route.fulfill(**DOT))
    await answer.get_by_role("button", name="a striped cat").click()
    await expect(answer.get_by_role("img", name="a striped cat")).to_be_attached()

    await answer.get_by_role("button", name="Copy", exact=True).click()
    await has_copied(person.page, said)
    html = await person.page.evaluate(
        """async () => {
          const [item] = await navigator.clipboard.read();
          return (await item.getType("text/html")).text();
        }"""
    )
    for part in (
        "<h1>A title</h1>",
        "<strong>bold</strong>",
        "<td",
        "a striped cat",
        "<math",
        'href="https://there.example/path"',
    ):
        assert part in html
    assert not re.search(r"<button|<svg|<img|katex|evil\.example</|Markdown", html)


async def test_a_diagram_is_drawn_once_it_is_whole_in_a_frame_without_an_origin(asked):
    person, request = await asked(viewport={"width": 1000, "height": 1400})
    answer = person.answers.first
    fetched = []
    person.page.on("request", lambda sent: fetched.append(sent.url))
    await request.say("```Mermaid\nflowchart LR\n  A[Ask] --> B[Answer]\n")
    await expect(answer.get_by_role("figure")).to_contain_text("A[Ask]")
    assert not any("mermaid" in url for url in fetched)

    await request.say("```\n\n```mermaid\nflowchart LR\n  A --\n```\n")
    await request.finish()
    drawn = answer.get_by_role("figure").first
    image = drawn.get_by_role("group", name="Diagram").get_by_role("img")
    await expect(image).to_be_visible()
    assert await image.evaluate("image => image.decode().then(() => image.naturalWidth)") > 100
    assert (await image.bounding_box())["height"] > 30
    frame = person.page.locator("iframe")
    assert await frame.get_attribute("sandbox") == "allow-scripts"
    await expect(answer.get_by_role("figure").last).to_contain_text("can't be drawn")
    await expect(answer.get_by_role("figure").last).to_contain_text("A --")

    await drawn.get_by_role("button", name="Show as a picture", pressed=True).click()
    await expect(drawn.get_by_role("group", name="Code")).to_contain_text("A[Ask] --> B[Answer]")
    await expect(image).to_have_count(0)


async def test_what_could_not_be_fetched_is_fetched_again(asked):
    person, request = await asked(viewport={"width": 1000, "height": 1400})
    page, answer = person.page, person.answers.first
    asked_for = dict.fromkeys(("rust", "rehype-katex", "katex.min", "mermaid.min", "diagram_frame"), 0)

    async def fail_once(route, sent):
        name = re.sub(r"-[\w-]{8}\.\w+$", "", sent.url.rpartition("/")[2])
        asked_for[name] = asked_for.get(name, 0) + 1
        if name in asked_for and asked_for[name] == 1:
            await route.abort()
        else:
            await route.continue_()

    await page.route(re.compile(rf"/assets/({'|'.join(asked_for)})-"), fail_once)
    await request.say(
        "```rust\nfn main() {}\n```\n\nSo \\(e^x\\).\n\n```mermaid\nflowchart LR\n  A --> B\n```\n"
    )
    await request.finish()
    await becomes(lambda: each_was_asked_for(asked_for))
    await page.evaluate("dispatchEvent(new Event('online'))")

    await expect(answer.locator("pre [style*=color]").first).to_be_visible()
    await expect(answer.get_by_role("math")).to_have_count(1)
    await expect(answer.locator(".katex-mathml")).to_have_css("position", "absolute")
    await expect(answer.get_by_role("group", name="Diagram").get_by_role("img")).to_be_visible()
    assert set(asked_for.values()) == {2}


async def each_was_asked_for(counts):
    return all(counts.values())
