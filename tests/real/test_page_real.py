"""The page on servers that nobody here wrote: what a person sees of them in Chromium."""

import asyncio
import re
from typing import Any

import httpx
import pytest
from playwright.async_api import Locator, expect

from tests.browser.person import Person

# Every text that the answer ever shows.
WATCH = """() => {
  window.seen = new Set();
  const look = () => {
    const text = document.querySelector('article[data-role="assistant"] .prose')?.textContent;
    if (text) window.seen.add(text);
  };
  new MutationObserver(look).observe(document.body, {childList: true, characterData: true, subtree: true});
}"""


@pytest.fixture(scope="module")
def site(start_site, server):
    return start_site(CHAT_UI_GATEWAY_URL=server.base_url, CHAT_UI_GATEWAY_KEY=server.key)


async def ask(person: Person, model: str, text: str = "hi") -> Locator:
    """Choose a model, send a message to it, wait for the end of the answer, and return it."""
    await choose(person, model)
    return await person.ask(text)


async def choose(person: Person, model: str) -> None:
    menu = person.model
    await menu.click()
    await person.page.get_by_role("menuitemradio", name=model, exact=True).click()
    await expect(menu).to_have_text(model)


async def words_of(answer: Locator) -> str:
    return await answer.get_by_role("paragraph").first.inner_text()


async def answers_again(person: Person, steady: str) -> None:
    """Whatever came before it, the next message gets its answer."""
    answer = await ask(person, "steady")
    await expect(answer).to_have_attribute("data-status", "complete")
    assert await words_of(answer) == steady


async def test_a_streamed_answer_is_whole_on_the_screen(site, visit, steady):
    person = await visit(site)

    answer = await ask(person, "steady")

    await expect(answer).to_have_attribute("data-status", "complete")
    assert await words_of(answer) == steady
    await person.page.reload()
    await expect(answer.get_by_role("paragraph")).to_have_text([steady])


async def test_an_answer_grows_on_the_screen(site, visit, through, long_answer, said_by_aimock):
    model, whole = ("long", long_answer) if through == "litellm" else ("slow", said_by_aimock["slow"])
    person = await visit(site)
    await choose(person, model)
    await person.page.evaluate(WATCH)

    answer = await person.ask("hi")

    await expect(answer).to_have_attribute("data-status", "complete")
    assert await words_of(answer) == whole
    *partial, last = sorted(await person.page.evaluate("[...window.seen]"), key=len)
    assert last == whole
    assert len(partial) >= 2
    assert all(whole.startswith(text) for text in partial)


async def test_the_model_menu_has_what_the_server_lists(site, visit, server):
    listed = await list_models(server)
    person = await visit(site)

    await person.model.click()

    assert "steady" in listed
    await expect(person.page.get_by_role("menuitemradio")).to_have_text(listed)


async def list_models(server: Any) -> list[str]:
    async with httpx.AsyncClient(trust_env=False) as client:
        headers = {"Authorization": f"Bearer {server.key}"}
        answer = await client.get(f"{server.base_url}/models", headers=headers)
    return [model["id"] for model in answer.json()["data"]]


@pytest.mark.parametrize(
    ("model", "words"),
    [
        pytest.param("limited", "too many requests at the moment. Wait a little", id="429"),
        pytest.param("broken", "has a problem of its own. Try again in a moment", id="500"),
        pytest.param("too-long", "longer than this model can read. Start a new chat", id="too-long"),
    ],
)
async def test_a_refusal_is_told_in_words_and_the_question_kept(site, visit, steady, model, words):
    person = await visit(site)

    answer = await ask(person, model, "A question to keep")

    await expect(answer).to_have_attribute("data-status", "failed")
    await expect(answer.get_by_role("note")).to_contain_text(words)
    assert not re.search(r"[<{]|Traceback", await answer.inner_text())
    await answers_again(person, steady)
    await person.page.reload()
    await expect(person.articles).to_have_count(4)
    await expect(person.articles.first).to_contain_text("A question to keep")
    await expect(answer.get_by_role("note")).to_contain_text(words)


async def test_stop_keeps_what_was_said_and_hangs_up(site, visit, upstream, steady, said_by_aimock):
    whole = said_by_aimock["slow"]
    person = await visit(site)
    await choose(person, "slow")
    await person.say("hi")
    answer = person.answers.first
    await expect(answer).to_contain_text("Three.")

    await person.button("Stop").click()

    await asyncio.to_thread(upstream.hang_up_mid_answer)
    await expect(answer).to_have_attribute("data-status", "stopped")
    kept = await words_of(answer)
    assert kept.startswith("One. Two. Three.")
    assert whole.startswith(kept)
    assert kept != whole
    await person.page.reload()
    await expect(answer).to_have_attribute("data-status", "stopped")
    await expect(answer.get_by_role("paragraph").first).to_have_text(kept)
    await answers_again(person, steady)


async def test_what_came_before_an_upstream_broke_off_is_kept(site, visit, steady, said_by_aimock):
    whole = said_by_aimock["cut"]
    person = await visit(site)

    answer = await ask(person, "cut")

    await expect(answer).to_have_attribute("data-status", "interrupted")
    kept = await words_of(answer)
    assert kept.startswith("This answer breaks off")
    assert whole.startswith(kept)
    assert kept != whole
    ending = answer.get_by_role("note")
    await expect(ending).to_contain_text(re.compile("lost in the middle|while it answered"))
    await person.page.reload()
    await expect(answer).to_have_attribute("data-status", "interrupted")
    await expect(answer.get_by_role("paragraph").first).to_have_text(kept)
    await answers_again(person, steady)


async def test_reasoning_is_folded_above_the_answer(site, visit):
    person = await visit(site)

    answer = await ask(person, "thinking")

    await expect(answer).to_have_attribute("data-status", "complete")
    await expect(answer.get_by_text("They ask for a sum.")).to_be_hidden()
    await answer.get_by_text("Thought for").click()
    paragraphs = ["They ask for a sum. Two and two are four.", "Four."]
    await expect(answer.get_by_role("paragraph")).to_have_text(paragraphs)
