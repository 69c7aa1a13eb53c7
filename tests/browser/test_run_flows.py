"""A run from its own view: decided, aborted, looked at by two, by a viewer, and when the engine has
forgotten it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from harness import Harness, tool
from harness.access.client import set_role
from harness.api.caller import Role
from harness.archive import sweep
from harness.config.settings import settings_model
from tests.browser.conftest import on_one_loop
from tests.browser.live import TALL, look
from tests.browser.site import Site, open_site
from tests.browser.test_inbox import ask_to_pay, read_decision
from tests.browser.test_undo import Shelf
from tests.browser.troubles import Troubles
from tests.browser.views import MARKDOWN, finish
from tests.fakes.model_server import ModelServer
from tests.fakes.runs import eventually
from tests.fakes.servers import Engine
from tests.fakes.steps import Say, call, calls, fail, say
from tests.integration.api.conftest import serve_api


@pytest.mark.slow
async def test_approve_with_edit_in_the_view_of_the_run(site: Site) -> None:
    """Another browser that shows the run sees who decided what, as it happens."""
    run = await ask_to_pay(site)
    page = await site.sign_in(path=f"/runs/{run}")
    other = await site.sign_in(path=f"/runs/{run}")
    card = page.get_by_role("group", name=re.compile("Approval"))
    await card.get_by_role("button", name="Edit").click()
    await card.get_by_label("amount", exact=True).fill("90")
    await card.get_by_role("button", name="Approve with changes").click()
    decision = await read_decision(site, run)
    assert (decision["verdict"], decision["arguments"]["amount"]) == ("edit", 90)
    for each in (page, other):
        main = each.get_by_role("main")
        await expect(main.get_by_text("completed").first).to_be_visible()
        step = main.get_by_role("article", name="pay, turn 1")
        await expect(step).to_contain_text("approved with changes")
        await expect(main.get_by_text("Thank you.", exact=True)).to_have_count(1)
        await expect(main.get_by_role("article", name="Run completed")).to_contain_text(
            "with the reply above"
        )


@tool(effect="irreversible", approval="always")
def wire(amount: int, memo: str) -> str:
    """Wire an amount."""
    return f"wired {amount}"


@pytest.mark.slow
async def test_keys_decide_on_a_phone_and_in_the_view_of_the_run(site: Site) -> None:
    await site.serve(tools=[wire])
    memo = "As agreed last Tuesday. " * 20  # longer than the screen of a phone
    site.model.script(call("wire", amount=250, memo=memo), say("Thank you."))
    run = await site.start("Wire 250.")
    phone = await site.sign_in(path=f"/runs/{run}", width=360, height=740)
    for name in ("Approve", "Edit", "Reject"):
        button = phone.get_by_role("button", name=name)
        await expect(button).to_be_in_viewport(ratio=1)
        await button.click(trial=True)  # nothing lies over it
    page = await site.sign_in(path=f"/runs/{run}")
    card = page.get_by_role("group", name=re.compile("Approval"))
    await expect(card.get_by_role("button", name="Reject")).to_be_enabled()
    await page.keyboard.press("w")
    await expect(card).to_be_focused()
    await page.get_by_role("heading", level=1).click()
    await page.keyboard.press("e")
    await expect(card.get_by_label("amount", exact=True)).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(card.get_by_role("button", name="Approve")).to_be_visible()
    await page.get_by_role("heading", level=1).click()
    await page.keyboard.press("?")
    await expect(page.get_by_role("dialog", name="Keys")).to_contain_text("Approve: wire")
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await page.keyboard.press("a")
    await expect(card.get_by_text("Press a again to approve")).to_be_visible()
    await page.keyboard.press("a")
    assert (await read_decision(site, run))["verdict"] == "approve"


@pytest.mark.slow
async def test_abort_with_undo(site: Site) -> None:
    shelf, rest = Shelf(), asyncio.Event()
    await site.serve(tools=shelf.tools)
    site.model.script(calls(("put_on_shelf", {"thing": "a vase"})), say("Never read.", until=rest))
    run = await site.start("Tidy up.")
    await eventually(lambda: asyncio.sleep(0, shelf.things), lambda things: things == ["a vase"])
    page = await site.sign_in(path=f"/runs/{run}")
    await page.get_by_role("main").get_by_role("button", name="Abort").click()
    question = page.get_by_role("dialog", name="Abort this run?")
    await question.get_by_label("Reason").fill("wrong shelf")
    await question.get_by_role("checkbox").check()
    await question.get_by_role("button", name="Undo and abort").click()
    await expect(page.get_by_role("article", name="Run aborted")).to_contain_text("wrong shelf")
    rest.set()
    await eventually(lambda: asyncio.sleep(0, shelf.things), lambda things: things == [])
    await expect(page.get_by_role("article", name="Effects undone")).to_contain_text("1 effect")


@pytest.mark.slow
async def test_a_viewer_reads_a_run_and_a_chat(site: Site) -> None:
    """And is offered nothing that would be refused."""
    run = await ask_to_pay(site)
    client = await site.client()
    created = await client.post("/api/v1/conversations", json={"agent": site.name})
    chat = created.json()["id"]
    await set_role(site.harness.connection, site.user, Role.VIEWER)
    page = await site.sign_in(path=f"/runs/{run}")
    main = page.get_by_role("main")
    await expect(main).to_contain_text("Your role can look, but not decide")
    await expect(main.get_by_role("button", name=re.compile("Abort|Pause|Approve"))).to_have_count(
        0
    )
    await expect(main.get_by_role("textbox", name=re.compile("hint"))).to_have_count(0)
    await page.keyboard.press("Control+k")
    await page.get_by_role("combobox").fill("abort the run")
    await expect(page.get_by_role("option", name="Abort the run")).to_have_count(0)
    await page.goto(f"{site.url}/chat/{chat}")
    await expect(main).to_contain_text("Writing needs the role operator.")
    await expect(main.get_by_role("textbox", name="Message")).to_have_count(0)
    await expect(main.get_by_role("link", name="New chat")).to_have_count(0)


@on_one_loop
async def later(
    chromium: Browser, options: dict[str, Any], fresh_engine: Engine, tmp_path: Path
) -> AsyncIterator[Harness]:
    """The same store, and an engine that has forgotten everything."""
    temporal = {"address": fresh_engine.address, "ui": fresh_engine.ui}
    settings = settings_model().model_validate({**options, "temporal": temporal})
    async with Harness.local(project=tmp_path, settings=settings) as serving:
        yield serving


STEPS = """() => [...document.querySelectorAll("article")].map((step) =>
    step.innerText.replace(/\\s+/g, " "))"""


async def read_steps(page: Page) -> list[str]:
    """All steps of a run, opened, as text."""
    await expect(page.get_by_role("article", name="Run completed")).to_be_visible()
    closed = page.locator("article > div > button[aria-expanded=false]")
    while await closed.count():
        await closed.first.click()
    await page.wait_for_load_state("networkidle")
    found: list[str] = await page.evaluate(STEPS)
    return found


@pytest.mark.slow
async def test_an_archived_run_looks_like_the_live_one(
    site: Site, later: Harness, model: ModelServer
) -> None:
    await site.serve(tools=[look])
    site.model.script(
        fail(503, "Too many.", retry_after=0.02),
        Say(text="Let me look.", thinking="Where?", calls=(("look", {"place": "the shelf"}),)),
        call("look", place="a"),
        say(MARKDOWN),
    )
    run = await site.start("Look for it.")
    await finish(site, run)
    live = await read_steps(await site.sign_in(path=f"/runs/{run}", **TALL))
    assert len(live) > 5
    await sweep.seal_run(site.harness.connection, run)
    async with AsyncExitStack() as stack:
        daemon = await stack.enter_async_context(serve_api(later))
        parts = {"harness": later, "model": model, "browser": site.browser, "name": site.name}
        opened = open_site(url=daemon.url, troubles=Troubles(), **parts)
        archived = await stack.enter_async_context(opened)
        archived.troubles.allow(r"^404 GET .*/temporal-page")  # this engine has no page
        page = await archived.sign_in(role=Role.ADMIN, path=f"/runs/{run}", **TALL)
        assert await read_steps(page) == live
