"""The chat: messages during an answer, what breaks on the way, and what comes of it."""

from __future__ import annotations

import asyncio
import re

import pytest
from playwright.async_api import Locator, Page, Route, expect

from tests.browser.daemon_process import DaemonProcess
from tests.browser.site import Site
from tests.browser.test_live import BROKEN
from tests.fakes.runs import eventually
from tests.fakes.steps import Say, say

POSTS = (r"^failed: POST .*/api/v1/.* net::ERR_",)
"""What a message is answered with while the daemon is away."""


def message_box(page: Page) -> Locator:
    return page.get_by_role("textbox", name="Message")


async def write(page: Page, text: str, key: str = "Enter") -> None:
    await message_box(page).fill(text)
    await message_box(page).press(key)


async def begin_chat(site: Site, text: str, path: str = "/chat?compose=true") -> Page:
    """Write the first message of a chat."""
    await site.serve()
    page = await site.sign_in(path=path)
    await page.get_by_label("Agent").select_option(site.name)
    await write(page, text)
    await page.wait_for_url(re.compile("/chat/chat-"))
    return page


async def read_asked(site: Site, page: Page) -> list[str]:
    """What the conversation has of the person, in order."""
    client = await site.client()
    chat = page.url.rpartition("/")[2]
    answer = await client.get(f"/api/v1/conversations/{chat}/messages")
    found: list[str] = [
        each["content"] for each in answer.json().get("messages", ()) if each["role"] == "user"
    ]
    return found


@pytest.mark.slow
async def test_messages_during_an_answer(site: Site) -> None:
    """One is queued and one is a hint; both are answered, and the page says what became of them."""
    held = asyncio.Event()
    site.model.script(
        say("First answer.", until=held), say("With the hint."), say("Second answer.")
    )
    page = await begin_chat(site, "Begin.")
    main = page.get_by_role("main")
    await expect(page.get_by_role("button", name="Stop the answer")).to_be_visible()
    await write(page, "And then?")
    await expect(main).to_contain_text("Next in the queue")
    await write(page, "Be brief.", "Control+Enter")
    await expect(main).to_contain_text("Sent as a hint")
    held.set()
    await expect(main).to_contain_text("With the hint.")
    await expect(main).to_contain_text("Second answer.")
    await expect(page.get_by_role("button", name="Stop the answer")).to_have_count(0)
    await expect(main.get_by_text("Next in the queue")).to_have_count(0)
    await eventually(
        lambda: read_asked(site, page),
        lambda asked: asked == ["Begin.", "Be brief.", "And then?"],
    )
    await page.reload()
    for text in ("First answer.", "Be brief.", "With the hint.", "Second answer."):
        await expect(main.get_by_text(text)).to_have_count(1)


@pytest.mark.slow
async def test_a_stopped_answer_keeps_what_it_has(site: Site) -> None:
    words = " ".join(f"word-{number}" for number in range(400))
    site.model.script(Say(text=words, pieces=400, delay=0.05), say("Again."))
    page = await begin_chat(site, "Tell me.")
    main = page.get_by_role("main")
    await expect(main).to_contain_text("word-5")
    message = page.get_by_role("textbox", name="Message")
    await message.fill("A draft")
    await message.press("Escape")
    await message.press("Escape")  # meant for the draft
    await message.fill("")
    await message.press("Escape")
    await expect(page.get_by_text("Esc again stops")).to_be_visible()
    await expect(page.get_by_role("button", name="Stop the answer")).to_be_enabled()
    await message.press("Escape")
    await expect(main).to_contain_text("What had arrived by then is kept.")
    await expect(main).to_contain_text("word-5")
    assert "word-399" not in await main.inner_text()
    await write(page, "Go on.")
    await expect(main).to_contain_text("Again.")


@pytest.mark.slow
async def test_a_message_is_sent_once_although_its_receipt_is_lost(site: Site) -> None:
    site.troubles.allow(*BROKEN, *POSTS)
    site.model.always(say("Answered."))
    page = await begin_chat(site, "One.")
    await expect(page.get_by_role("main")).to_contain_text("Answered.")
    lost = 0

    async def lose(route: Route) -> None:
        nonlocal lost
        await route.fetch()  # it arrives
        lost += 1
        await (route.abort() if lost <= 2 else route.continue_())

    await page.route("**/messages", lose)
    await write(page, "Two.")
    await eventually(lambda: asyncio.sleep(0, lost), lambda count: count >= 3)
    await eventually(lambda: read_asked(site, page), lambda asked: asked == ["One.", "Two."])
    await expect(page.get_by_text("Two.")).to_have_count(1)


@pytest.mark.slow
async def test_what_is_typed_survives_a_killed_daemon(
    fragile_site: Site, daemon: DaemonProcess
) -> None:
    """It was typed before, sent while nobody listened, and the tab was closed meanwhile."""
    site = fragile_site
    site.troubles.allow(*BROKEN, *POSTS)
    site.model.always(say("Answered."))
    page = await begin_chat(site, "One.")
    main = page.get_by_role("main")
    await expect(main).to_contain_text("Answered.")
    await message_box(page).fill("Two.")
    daemon.kill()
    await expect(page.get_by_text("Reconnecting").first).to_be_visible()
    await message_box(page).press("Enter")
    await expect(main).to_contain_text("It is kept, and sent once when the connection is back.")
    await message_box(page).fill("A draft.")
    chat, context = page.url, page.context
    await page.close()
    await daemon.start()
    other = await context.new_page()
    await other.goto(f"{site.url}/runs")  # any view sends what waits
    await eventually(lambda: _read_asked_at(site, chat), lambda asked: asked == ["One.", "Two."])
    await other.goto(chat)
    await expect(message_box(other)).to_have_value("A draft.")
    await expect(other.get_by_role("main").get_by_text("Two.")).to_have_count(1)


async def _read_asked_at(site: Site, chat: str) -> list[str]:
    client = await site.client()
    answer = await client.get(f"/api/v1/conversations/{chat.rpartition('/')[2]}/messages")
    return [each["content"] for each in answer.json()["messages"] if each["role"] == "user"]


@pytest.mark.slow
async def test_a_message_is_not_sent_in_the_name_of_another_user(site: Site) -> None:
    """Another user signs in to the same browser while a message waits."""
    site.troubles.allow(*BROKEN, *POSTS, r"^40[14] ")
    site.model.always(say("Answered."))
    page = await begin_chat(site, "One.")
    await expect(page.get_by_role("main")).to_contain_text("Answered.")
    await page.route("**/messages", lambda route: route.abort())
    await write(page, "Two.")
    await expect(page.get_by_role("main")).to_contain_text("It is kept, and sent once")
    other = await page.context.new_page()
    await other.goto(await site.make_link(f"other-{site.name}"))
    await page.unroute("**/messages")
    # The tab is loaded again for the other user, who has no such chat and no such message.
    await expect(page.get_by_role("main")).to_contain_text("There is no such chat.")
    await expect(page.get_by_role("main")).not_to_contain_text("Two.")
    assert await read_asked(site, page) == ["One."]


@pytest.mark.slow
async def test_offline_and_back(site: Site) -> None:
    site.troubles.allow(*BROKEN, *POSTS)
    site.model.always(say("Answered."))
    page = await begin_chat(site, "One.")
    main = page.get_by_role("main")
    await expect(main).to_contain_text("Answered.")
    await page.context.set_offline(True)
    await expect(main).to_contain_text("This device has no network.")
    await write(page, "Two.")
    await expect(main).to_contain_text("It is kept, and sent once")
    await page.context.set_offline(False)
    await expect(page.get_by_text("Online").first).to_be_visible()
    await eventually(lambda: read_asked(site, page), lambda asked: asked == ["One.", "Two."])
    await expect(main.get_by_text("Answered.", exact=True)).to_have_count(2)


@pytest.mark.slow
async def test_two_tabs_show_the_same_over_one_socket(site: Site) -> None:
    # The second tab may send the first message too: under its id, which is taken once.
    site.troubles.allow(r"^409 POST .*/api/v1/conversations$")
    site.model.always(say("Answered."))
    one = await begin_chat(site, "One.")
    other = await one.context.new_page()
    await other.goto(one.url)
    await expect(other.get_by_role("main")).to_contain_text("Answered.")
    await write(one, "Two.")
    await expect(other.get_by_role("main")).to_contain_text("Two.")
    for page in (one, other):
        await expect(page.get_by_text("Answered.", exact=True)).to_have_count(2)
    assert len(site.troubles.sockets) == 1


@pytest.mark.slow
async def test_an_edited_message_continues_in_another_chat(site: Site) -> None:
    site.model.script(say("The sea is blue."), say("It is deep."), say("It is wide."))
    page = await begin_chat(site, "What is the sea?")
    main = page.get_by_role("main")
    await expect(main).to_contain_text("The sea is blue.")
    await write(page, "And how deep?")
    await expect(main).to_contain_text("It is deep.")
    first = page.url
    await expect(page.get_by_role("button", name="Stop the answer")).to_have_count(0)
    await message_box(page).press("ArrowUp")
    field = page.get_by_role("textbox", name="The message")
    await expect(field).to_have_value("And how deep?")
    await field.fill("And how wide?")
    await field.press("Enter")
    await expect(main).to_contain_text("It is wide.")
    await expect(main).to_contain_text("The sea is blue.")
    earlier = page.get_by_role("region", name="Earlier message 1")
    await expect(earlier).to_contain_text(re.compile(r"user-\S+ wrote: What is the sea\?"))
    await expect(page.get_by_role("complementary", name="Chats")).to_contain_text(
        "edited from What is the sea?"
    )
    assert "It is deep." not in await main.inner_text()
    await page.get_by_role("link", name="from an earlier chat").click()
    await page.wait_for_url(first)
    await expect(main).to_contain_text("It is deep.")


@pytest.mark.slow
async def test_the_panel_says_what_is_on_the_screen(site: Site) -> None:
    site.model.always(say("Seen."))
    await site.serve()
    run = await site.start("Hello.")
    page = await site.sign_in(path=f"/runs/{run}")
    await page.get_by_role("button", name="Open the chat").click()
    panel = page.get_by_role("complementary", name="Chat beside the view")
    await panel.get_by_label("Agent").select_option(site.name)
    await panel.get_by_role("button", name=f"Ask about run {run}").click()
    await panel.get_by_role("textbox", name="Message").fill("Why?")
    await panel.get_by_role("textbox", name="Message").press("Enter")
    await expect(panel).to_contain_text(f"About run {run}:")
    await expect(panel).to_contain_text("Seen.")
    await page.keyboard.press("Escape")
    await expect(panel).to_have_count(0)
