"""Keys and commands: all are listed, none is meant twice, and dialogs keep theirs."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from playwright.async_api import Page, expect

from tests.browser.site import Site
from tests.browser.views import furnish

VIEWS = (
    "/runs", "/runs/$run", "/runs/$run?tab=effects", "/runs/$waiting", "/inbox", "/agents",
    "/activity", "/compare?left=$left&right=$right",
)  # fmt: skip
ROWS = """() => [...document.querySelectorAll("[role=dialog] li")].map((row) => [
    row.closest("section").querySelector("h3").textContent,
    row.querySelector("kbd").textContent, row.textContent])"""


async def read_keys(page: Page) -> list[tuple[str, str, str]]:
    """Group, keys and text of each row in the list of keys."""
    await page.keyboard.press("?")
    await expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    rows = await page.evaluate(ROWS)
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_have_count(0)
    return [(group, keys, text) for group, keys, text in rows]


@pytest.mark.slow
async def test_no_two_commands_of_a_view_have_the_same_keys(site: Site) -> None:
    furnished = await furnish(site)
    page = await site.sign_in()
    for view in VIEWS:
        await page.goto(site.url + furnished.path(view))
        await expect(page.get_by_role("heading", level=1)).to_be_visible()
        await page.wait_for_load_state("networkidle")
        # Keys of the message are pressed in its field, where no others work.
        keys = [keys for group, keys, _ in await read_keys(page) if group != "Message"]
        assert {"g r", "Ctrl k", "?"} <= set(keys), view
        twice = [key for key, count in Counter(keys).items() if count > 1]
        assert twice == [], (view, twice)


@pytest.mark.slow
async def test_keys_do_not_reach_a_view_behind_a_dialog(site: Site) -> None:
    await site.serve()
    page = await site.sign_in()
    await expect(page.get_by_text("No runs yet")).to_be_visible()
    await page.keyboard.press("?")
    keys = page.get_by_role("dialog", name="Keys")
    await expect(keys).to_contain_text("Start a run")
    for key in ("n", "f", "g", "i"):
        await page.keyboard.press(key)
    await expect(page.get_by_role("dialog")).to_have_count(1)
    await expect(page).to_have_url(f"{site.url}/runs")
    await page.keyboard.press("Escape")
    await page.keyboard.press("n")
    await expect(page.get_by_role("dialog", name="Start a run")).to_be_visible()
    # Letters work where the focus is on what takes none.
    await page.get_by_role("dialog").get_by_role("radio", name="Prompt template").focus()
    await page.keyboard.press("Escape")
    await page.keyboard.press("g")
    await page.keyboard.press("i")
    await expect(page).to_have_url(f"{site.url}/inbox")


@pytest.mark.slow
async def test_the_palette_opens_a_run_by_its_id(site: Site) -> None:
    furnished = await furnish(site)
    run = furnished.path("$run")
    page = await site.sign_in(path="/agents")
    await expect(page.get_by_role("heading", level=1)).to_be_visible()
    await page.keyboard.press("Control+k")
    await page.get_by_role("combobox").fill("theme")
    await expect(page.get_by_role("option", name=re.compile("theme")).first).to_be_visible()
    await expect(page.get_by_role("option", name=re.compile("^Open the run"))).to_have_count(0)
    await page.get_by_role("combobox").fill(run)
    await page.get_by_role("option", name=f"Open the run {run}").click()
    await expect(page).to_have_url(f"{site.url}/runs/{run}")


@pytest.mark.slow
async def test_the_palette_copies_a_command_for_the_terminal(site: Site) -> None:
    page = await site.sign_in()
    await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await expect(page.get_by_role("heading", name="Runs")).to_be_visible()
    await page.keyboard.press("Control+k")
    await page.get_by_role("combobox").fill("harness archive")
    option = page.get_by_role("option", name=re.compile("^harness archive")).first
    await option.click()
    await expect(page.get_by_role("status", name="Notices")).to_contain_text("Copied: harness")
    copied = await page.evaluate("() => navigator.clipboard.readText()")
    assert copied.startswith("harness archive")


@pytest.mark.slow
async def test_the_chat_is_opened_and_closed_by_its_keys(site: Site) -> None:
    furnished = await furnish(site)
    page = await site.sign_in(path=furnished.path("/runs/$run"))
    await expect(page.get_by_role("button", name="Open the chat")).to_be_visible()
    panel = page.get_by_role("complementary", name="Chat beside the view")
    await page.keyboard.press("Control+j")
    await expect(panel.get_by_role("textbox", name="Message")).to_be_focused()
    await page.keyboard.press("Control+j")
    await expect(panel).to_have_count(0)
    await page.goto(f"{site.url}/chat")
    await expect(page.get_by_role("textbox", name="Message")).to_be_visible()
    await expect(page.get_by_role("button", name="Open the chat")).to_have_count(0)
