"""A chat's files, templates and exports; a run that starts from a template."""

from __future__ import annotations

import asyncio
import json
import re
from typing import Any

import pytest
from playwright.async_api import Download, Page, expect

from harness.prompts.client import Prompts
from tests.browser.site import Site
from tests.browser.test_chat import begin_chat, message_box, write
from tests.fakes.runs import eventually
from tests.fakes.steps import say

HOSTILE = '<img src=x onerror="document.title=1">.txt'
GIVE = """([selector, kind, name, size]) => {
    const data = new DataTransfer();
    data.items.add(new File(["x".repeat(size)], name, {type: "text/plain"}));
    const options = {bubbles: true, cancelable: true};
    const event = kind === "paste"
        ? new ClipboardEvent(kind, {...options, clipboardData: data})
        : new DragEvent(kind, {...options, dataTransfer: data});
    document.querySelector(selector).dispatchEvent(event);
}"""
FIELD = "textarea[aria-label=Message]"


async def give(page: Page, kind: str, name: str, size: int = 10) -> None:
    await page.evaluate(GIVE, [FIELD, kind, name, size])


@pytest.mark.slow
async def test_files_are_dropped_pasted_and_refused(site: Site) -> None:
    site.troubles.allow(r"^413 POST .*/files")
    site.model.always(say("Read."))
    page = await begin_chat(site, "One.")
    await expect(page.get_by_role("main")).to_contain_text("Read.")
    await give(page, "dragover", "x")
    await expect(message_box(page)).to_have_attribute("placeholder", "Drop the files here")
    await give(page, "drop", HOSTILE)
    await give(page, "paste", "pasted.txt")
    files = page.get_by_role("list", name="Attached files")
    await expect(files).to_contain_text(HOSTILE)
    await expect(files).to_contain_text("pasted.txt")
    await give(page, "drop", "large.txt", 50_000_001)
    await expect(files.get_by_role("alert")).to_contain_text("50")
    await expect(page.get_by_role("button", name="Send")).to_be_disabled()
    await files.get_by_role("button", name="Remove large.txt").click()
    await files.get_by_role("button", name="Remove pasted.txt").click()
    await write(page, "Read this.")
    await expect(files).to_have_count(0)
    await expect(page.get_by_role("main").get_by_text("Read.", exact=True)).to_have_count(2)
    await expect(page.get_by_role("main")).to_contain_text(HOSTILE)
    await expect(page).not_to_have_title("1")


@pytest.mark.slow
async def test_a_template_becomes_a_message(site: Site) -> None:
    name = f"greet-{site.name}"
    text = "+++\n[variables.who]\n+++\nGreet {{ who }} kindly."
    await Prompts(site.harness.connection).save(name, text)
    site.model.always(say("Done."))
    page = await begin_chat(site, "One.")
    await expect(page.get_by_role("main")).to_contain_text("Done.")
    await message_box(page).fill(f"/{name}")
    templates = page.get_by_role("listbox", name="Prompt templates")
    await expect(templates.get_by_role("option", name=name)).to_be_visible()
    await message_box(page).press("Enter")
    form = page.get_by_role("form", name=f"Template {name}")
    await form.get_by_label("who").fill("Ada <b>")
    await form.get_by_label("who").press("Control+Enter")
    await expect(message_box(page)).to_have_value("Greet Ada <b> kindly.")
    await message_box(page).press("Enter")
    await expect(page.get_by_role("main").get_by_text("Greet Ada <b> kindly.")).to_be_visible()


@pytest.mark.slow
async def test_a_run_starts_from_a_template(site: Site) -> None:
    name = f"greet-{site.name}"
    text = "+++\n[variables.who]\n+++\nGreet {{ who }} kindly."
    await Prompts(site.harness.connection).save(name, text)
    await site.serve()
    site.model.always(say("Done."))
    page = await site.sign_in(path=f"/runs?start={site.name}")
    dialog = page.get_by_role("dialog", name="Start a run")
    await dialog.get_by_role("radio", name="Prompt template").check()
    await dialog.get_by_role("combobox", name="Template").fill(name)
    await dialog.get_by_role("option", name=name).click()
    await expect(dialog).to_contain_text("Greet {{ who }} kindly.")
    await dialog.get_by_label("who").fill("Ada")
    await dialog.get_by_role("button", name="Start the run").click()
    await expect(page).to_have_url(re.compile(f"/runs/{site.name}-"))
    await expect(page.get_by_role("article", name="Prompt")).to_contain_text("Greet Ada kindly.")


@pytest.mark.slow
async def test_a_chat_is_exported(site: Site) -> None:
    site.model.always(say("The sea is **blue**."))
    page = await begin_chat(site, "What is the sea?")
    await expect(page.get_by_role("main")).to_contain_text("The sea is blue.")
    await expect(page.get_by_role("button", name="Stop the answer")).to_have_count(0)
    text = await _export(page, "Export as Markdown")
    assert "## You\n\nWhat is the sea?" in text
    assert "The sea is **blue**." in text
    exported: dict[str, Any] = json.loads(await _export(page, "Export as JSON"))
    assert [each["role"] for each in exported["messages"]] == ["user", "assistant"]


async def _export(page: Page, item: str) -> str:
    async def read() -> str:
        await page.get_by_role("button", name=re.compile("More about")).last.click()
        async with page.expect_download() as started:
            await page.get_by_role("menuitem", name=item).click()
        download: Download = await started.value
        return await asyncio.to_thread((await download.path()).read_text)

    # A message is in the history of the conversation a moment after it is on the screen.
    return await eventually(read, lambda text: "blue" in text)
