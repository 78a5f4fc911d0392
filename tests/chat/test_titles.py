"""One message is one request; a title that a model writes is one more, where it was asked for."""

from __future__ import annotations

from chat_ui.chat.library import rename
from chat_ui.chat.preferences import set_titles_by_model
from chat_ui.chat.service import Chat
from tests.scripted import ScriptedGateway, happens

from .page import opened, say
from .test_branches import answered, snapshot_of


async def test_one_message_is_one_request(chat: Chat, gateway: ScriptedGateway) -> None:
    first = await answered(chat, gateway, "Tea?", "Hot.")
    await answered(chat, gateway, "And?", "Sweet.", conversation_id=first.conversation_id)
    await happens(lambda: not chat.titles._tasks)
    assert len(gateway.requests) == 2
    assert (await snapshot_of(chat, first.conversation_id)).conversation.title == "Tea?"


async def test_a_model_is_asked_once_and_what_it_took_is_kept(chat: Chat, gateway: ScriptedGateway) -> None:
    await set_titles_by_model(chat, chat.person.id, wanted=True)
    first = await answered(chat, gateway, "Tea?", "Hot.")
    asked = await gateway.next_request()
    assert asked.body["model"] == "model-a"
    assert "Tea?" in asked.asked[0][1]
    async with opened(chat, first.conversation_id) as page:
        await asked.say('"How hot\n tea is."')
        await asked.finish(prompt_tokens=40, completion_tokens=5)
        await page.next()
    conversation = (await snapshot_of(chat, first.conversation_id)).conversation
    assert (conversation.title, conversation.title_tokens) == ("How hot tea is", 45)
    await answered(chat, gateway, "And?", "Sweet.", conversation_id=first.conversation_id)
    assert len(gateway.requests) == 3


async def test_a_title_that_a_person_chose_stays(chat: Chat, gateway: ScriptedGateway) -> None:
    await set_titles_by_model(chat, chat.person.id, wanted=True)
    first = await answered(chat, gateway, "Tea?", "Hot.")
    asked = await gateway.next_request()
    await rename(chat, chat.person.id, first.conversation_id, "Mine")
    await asked.say("Another")
    await asked.finish()
    await happens(lambda: not chat.titles._tasks)
    assert (await snapshot_of(chat, first.conversation_id)).conversation.title == "Mine"


async def test_a_cut_answer_and_a_refused_title_leave_the_first_words(
    chat: Chat, gateway: ScriptedGateway
) -> None:
    await set_titles_by_model(chat, chat.person.id, wanted=True)
    conversation = await say(chat, "Tea?")
    request = await gateway.next_request()
    await request.say("It")
    request.cut()
    await happens(lambda: not chat.titles._tasks)
    assert len(gateway.requests) == 1
    await answered(chat, gateway, "Coffee?", "Hot.")
    await (await gateway.next_request()).refuse(500, "Not now.")
    await happens(lambda: not chat.titles._tasks)
    assert (await snapshot_of(chat, conversation.id)).conversation.title == "Tea?"
