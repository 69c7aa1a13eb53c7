"""The list of runs: what is new while somebody reads, keys, many runs at once, and a start."""

from __future__ import annotations

import asyncio
import re

import pytest
from playwright.async_api import Locator, Page, expect

from tests.browser.site import Site
from tests.browser.views import finish
from tests.fakes.steps import say


@pytest.mark.slow
async def test_new_runs_wait_while_somebody_reads(site: Site) -> None:
    await site.serve()
    rest = asyncio.Event()
    site.model.script(
        *(say(f"Answer {each}.") for each in range(6)),
        say("Slow.", until=rest),
        say("Fast."),
    )
    runs = [await site.start(f"Question {each}") for each in range(6)]
    for run in runs:
        await finish(site, run)
    page = await site.sign_in(height=420)
    grid = page.get_by_role("grid", name="Runs")
    await expect(grid).to_have_attribute("aria-rowcount", "7")
    top = await site.start("Shown at once")
    first = grid.locator('[aria-rowindex="2"]')
    await expect(first).to_contain_text(top)
    await site.model.called(7)
    await grid.locator('[aria-rowindex="4"]').hover()
    await page.mouse.wheel(0, 150)
    held = await site.start("Held back")
    button = page.get_by_role("button", name="1 new run")
    await expect(button).to_be_visible()
    # It ends while the one before it is open: the API lists it below that one, and it still waits.
    await finish(site, held)
    rest.set()
    await finish(site, top)
    await expect(_row(page, top)).to_contain_text("completed")
    await expect(grid.get_by_text(held)).to_have_count(0)
    await button.click()
    await expect(first).to_contain_text(held)
    await expect(first).to_contain_text("completed")
    await expect(grid).to_have_attribute("aria-rowcount", str(len(runs) + 3))


@pytest.mark.slow
async def test_many_runs_are_aborted_with_keys_and_one_question(site: Site) -> None:
    await site.serve()
    rest = asyncio.Event()
    site.model.script(say("Done."), *(say("Never read.", until=rest) for _ in range(2)))
    ended = await site.start("Ends")
    page = await site.sign_in()
    grid = page.get_by_role("grid", name="Runs")
    await expect(_row(page, ended)).to_contain_text("completed")
    open_runs = [await site.start(f"Long {each}") for each in range(2)]
    for run in open_runs:
        await expect(_row(page, run)).to_contain_text("running")
    await page.keyboard.press("j")
    await expect(grid.locator('[aria-rowindex="2"]')).to_be_focused()
    await page.keyboard.press("x")
    await page.keyboard.press("Shift+ArrowDown")
    await page.keyboard.press("Shift+ArrowDown")
    bar = page.get_by_role("toolbar", name="Selected runs")
    await expect(bar).to_contain_text("3 selected")
    await bar.get_by_role("button", name="Abort").click()
    question = page.get_by_role("dialog", name="Abort 2 runs")
    await expect(question.get_by_text("has ended: skipped")).to_have_count(1)
    await question.get_by_role("button", name="Abort 2 runs").click()
    await expect(question.get_by_text("is being aborted")).to_have_count(2)
    await question.get_by_role("button", name="Close").last.click()
    await expect(bar).to_have_count(0)
    rest.set()
    for run in open_runs:
        await expect(_row(page, run)).to_contain_text("aborted")
    # A peek follows the keys, and leaves the list where it is.
    await page.keyboard.press("p")
    await page.keyboard.press("k")
    await expect(page.get_by_role("complementary", name="Peek at")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("complementary", name="Peek at")).to_have_count(0)


@pytest.mark.slow
async def test_a_run_is_started_once_and_refusals_stand_at_their_fields(site: Site) -> None:
    await site.serve()
    site.model.script(say("Hello."))
    page = await site.sign_in()
    await expect(page.get_by_text("No runs yet")).to_be_visible()
    await page.keyboard.press("n")
    dialog = page.get_by_role("dialog", name="Start a run")
    await dialog.get_by_label("Agent").fill(site.name)
    await page.keyboard.press("Enter")
    await dialog.get_by_role("button", name="Start the run").click()
    await expect(dialog.get_by_text("Write what the agent is to do.")).to_be_visible()
    await dialog.get_by_role("textbox", name="Prompt").fill("Say <b>hello</b>.")
    site.troubles.allow("400 POST .*/runs")
    await dialog.get_by_label("Model").fill("nonsense")
    await dialog.get_by_role("button", name="Start the run").click()
    await expect(dialog.get_by_text("'nonsense' is not a model name.")).to_be_visible()
    await dialog.get_by_label("Model").fill("")
    await dialog.get_by_role("button", name="Start the run").dblclick()
    await expect(page).to_have_url(re.compile(f"/runs/{site.name}-"))
    await page.go_back()
    await expect(page.get_by_role("grid", name="Runs")).to_have_attribute("aria-rowcount", "2")
    await expect(page.get_by_role("link", name="Say <b>hello</b>.")).to_be_visible()


@pytest.mark.slow
async def test_filters_are_in_the_address_and_become_views(site: Site) -> None:
    await site.serve()
    site.model.script(say("Hello."))
    run = await site.start("Hi")
    page = await site.sign_in()
    await expect(_row(page, run)).to_contain_text("completed")
    await page.keyboard.press("f")
    bar = page.get_by_role("region", name="Filter runs")
    await bar.get_by_label("State").select_option("failed")
    await expect(page.get_by_text("No run matches")).to_be_visible()
    await expect(page).to_have_url(re.compile(r"\?state=failed$"))
    await bar.get_by_label("Name of the view").fill("Broken")
    await bar.get_by_role("button", name="Save").click()
    await page.get_by_role("link", name="State: failed").click()
    await expect(_row(page, run)).to_be_visible()
    await page.reload()
    await page.get_by_role("link", name="Broken").click()
    await expect(page.get_by_text("No run matches")).to_be_visible()
    # Others' runs and Temporal's language are for admins: not offered.
    await expect(page.get_by_role("link", name="Archived")).to_have_count(0)
    await expect(page.get_by_label("Owner")).to_have_count(0)


def _row(page: Page, run: str) -> Locator:
    return page.get_by_role("row").filter(has_text=run)
