"""From the link that `make run` prints to a run that is read while it happens."""

from __future__ import annotations

import asyncio

from playwright.async_api import expect

from tests.browser.site import Site
from tests.fakes.steps import say


async def test_from_the_link_to_a_run_that_streams(site: Site) -> None:
    await site.serve()
    rest = asyncio.Event()
    site.model.script(say("First words, and the last one.", pieces=6, until=rest))
    page = await (await site.open_browser()).new_page()
    await page.goto(await site.make_link())
    await expect(page).to_have_url(f"{site.url}/runs")
    await expect(page.get_by_text("No runs yet")).to_be_visible()
    run = await site.start("Say something.")
    row = page.get_by_role("link", name=run)
    await expect(row).to_be_visible()  # without a reload
    await row.click()
    await expect(page.get_by_text("First words").first).to_be_visible()
    rest.set()
    await expect(page.get_by_text("First words, and the last one.").first).to_be_visible()
    await expect(page.get_by_role("heading", name="Say something.")).to_be_visible()
