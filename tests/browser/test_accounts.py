"""A hosted site in the browser: an admin, somebody they invite, and what they do to each other."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from playwright.async_api import Locator, Page, expect

from tests.browser.axe import found_by_axe
from tests.browser.fixtures import StartSite
from tests.browser.person import Person, becomes
from tests.browser.site import free_port
from tests.browser.test_accessibility import SMALL_LETTERS
from tests.hosted.conftest import PASSWORD, Hosted

Visit = Callable[..., object]

GUEST = "bob-with-a-long-name@example.com"


async def come_in(person: Person, name: str) -> None:
    await person.page.get_by_label("Name").fill(name)
    await person.page.get_by_label("New password").fill(PASSWORD)
    await person.page.get_by_role("button").click()
    await person.arrived()


async def is_refused_a_name(person: Person, name: str) -> list[str]:
    """Ask for a name that somebody has; returns what axe finds on the page that says so."""
    await person.page.get_by_label("Name").fill(name)
    await person.page.get_by_label("New password").fill(PASSWORD)
    await person.page.get_by_role("button").click()
    field = person.page.get_by_label("Name")
    await expect(field).to_be_focused()
    await expect(field).to_have_value(name)
    await expect(field).to_have_accessible_description("That name is taken. Choose another one.")
    await expect(person.page.locator("[aria-invalid=true]")).to_have_count(1)
    return await found_by_axe(person.page)


async def height(control: Locator) -> float:
    box = await control.bounding_box()
    assert box is not None
    return box["height"]


async def is_a_guest(page: Page) -> None:
    """Look at what there is for a guest; what they have no say in isn't offered."""
    settings = page.get_by_role("link", name="Settings")
    await expect(settings).to_be_visible()
    # A long name leaves the row as high as the others.
    assert await height(page.get_by_role("button", name="Sign out")) == await height(settings)
    for role, name in (("link", "Admin"), ("button", "Connect a gateway")):
        await expect(page.get_by_role(role, name=name)).to_have_count(0)
    await expect(page.get_by_text("once an admin connects a gateway")).to_be_visible()


async def act(page: Page, name: str, what: str) -> None:
    await page.get_by_role("button", name=f"Actions for {name}").click()
    await page.get_by_role("menuitem", name=what).click()


async def refused_in_sight(page: Page) -> None:
    """Enter a budget that is none, far down on a page that is longer than its window."""
    size = page.viewport_size
    await page.set_viewport_size({"width": 1280, "height": 280})
    field = page.get_by_label("Dollars a month")
    await field.fill("a lot")
    await field.press("Enter")
    alert = page.get_by_role("alert").filter(has_text="A budget is a number")
    await expect(alert).to_be_visible()
    await page.get_by_role("button", name="Keep").scroll_into_view_if_needed()
    await expect(alert).to_be_in_viewport(ratio=1)
    await page.set_viewport_size(size)
    await field.fill("")


async def looked_over(page: Page) -> list[str]:
    """What axe finds on the admin page, where long names are broken, and push no figures out of a phone.

    Its fields, too, have letters that a phone need not make larger.
    """
    size = page.viewport_size
    await page.set_viewport_size({"width": 360, "height": 740})
    await expect(page.get_by_label("Tokens a day")).to_be_visible()
    assert await page.evaluate(SMALL_LETTERS) == []
    await page.set_viewport_size(size)
    name, _, answers, *_ = await page.get_by_role("row").last.get_by_role("cell").all()
    await expect(name).to_have_css("white-space", "normal")
    await expect(answers).to_have_css("white-space", "nowrap")
    return await found_by_axe(page)


async def use_links_to_the_server(page: Page) -> None:
    """Go wherever one's settings lead that is no page of Reflex's, and come back."""
    async with page.expect_download() as export:
        await page.get_by_role("link", name="Export my data").click()
    assert (await export.value).suggested_filename == "chat-ui.jsonl"
    for link, heading in (
        ("Change password", "Change your password"),
        ("Delete account", "Delete your account"),
    ):
        await page.get_by_role("link", name=link).click()
        await expect(page.get_by_role("heading", name=heading)).to_be_visible()
        await page.get_by_role("link", name="Back to settings").click()
        await expect(page.get_by_text("This browser")).to_be_visible()


async def test_an_admin_and_a_guest(start_site: StartSite, visit: Visit, tmp_path: Path) -> None:
    port = free_port()
    address = f"http://localhost:{port}"
    site = start_site(tmp_path / "site", port=port, CHAT_UI_HOSTED="1", CHAT_UI_PUBLIC_URL=address)
    link = await Hosted(site).operate("first_link")
    ada = await visit(site, link.removeprefix(address), permissions=["clipboard-read", "clipboard-write"])
    problems = {"the first link": await found_by_axe(ada.page)}
    complaints: list[str] = []
    ada.page.on(
        "console", lambda message: complaints.append(message.text) if message.type == "error" else None
    )
    await come_in(ada, "ada")
    await ada.message_box.fill("Hello in 5 words")
    await ada.message_box.press("Enter")
    await expect(ada.answers.first).to_have_attribute("data-status", "complete")

    await ada.page.get_by_role("link", name="Admin").click()
    row = ada.page.get_by_role("region", name="People").get_by_role("listitem").filter(has_text="ada")
    await expect(row.get_by_text("Admin", exact=True)).to_be_visible()
    await ada.page.get_by_role("button", name="Invite").click()
    invited = await ada.page.get_by_label("Link", exact=True).input_value()
    await ada.button("Copy link").click()
    is_copied = "async link => (await navigator.clipboard.readText()) === link"
    await becomes(lambda: ada.page.evaluate(is_copied, invited))
    bob = await visit(site, invited.removeprefix(address))
    problems["a name that is taken"] = await is_refused_a_name(bob, "ada")
    await come_in(bob, GUEST)
    await is_a_guest(bob.page)

    # A budget is kept, and said in words to whom it stops; nothing of theirs is lost.
    await ada.page.reload()
    await act(ada.page, GUEST, "Budget")
    await refused_in_sight(ada.page)
    await ada.page.get_by_label("Tokens a day").fill("0")
    await ada.page.get_by_role("button", name="Keep").click()
    await expect(ada.page.get_by_text("budget: 0 tokens per day")).to_be_visible()
    await act(ada.page, GUEST, "Budget")
    await expect(ada.page.get_by_label("Tokens a day")).to_be_visible()
    problems["admin"] = await looked_over(ada.page)
    await bob.message_box.fill("A long story, please")
    await bob.message_box.press("Enter")
    await expect(bob.page.get_by_text("What you may use today doesn't reach for this")).to_be_visible()
    await expect(bob.message_box).to_have_value("A long story, please")

    # Who is shut out is led to the door, from whatever page is open.
    await bob.page.get_by_role("link", name="Settings").click()
    await expect(bob.page.get_by_text("This browser")).to_be_visible()
    problems["settings"] = await found_by_axe(bob.page)
    await use_links_to_the_server(bob.page)
    await act(ada.page, GUEST, "Disable")
    await bob.page.wait_for_url("**/login?next=*")
    await expect(bob.page.get_by_role("heading", name="Sign in")).to_be_visible()
    problems["login"] = await found_by_axe(bob.page)
    await expect(ada.page.get_by_text(f"ada disabled ({GUEST})")).to_be_visible()

    await ada.page.get_by_role("button", name="Sign out ada").click()
    await expect(ada.page.get_by_role("heading", name="Sign in")).to_be_visible()
    assert {where: found for where, found in problems.items() if found} == {}
    # The policy forbids nothing that the page does.
    assert complaints == []
