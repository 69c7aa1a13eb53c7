"""What the page says and does when a part of its stack fails, and what it shares with others."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.async_api import expect

from harness.contracts.errors import StackUnreachable
from harness.page.live import SocketSlots
from harness.runs import pages, waiting
from tests.browser.site import Site
from tests.browser.test_inbox import ask_to_pay
from tests.fakes.steps import say

AWAY = "Temporal does not answer: it is away"


async def fail(*_: Any) -> Any:
    raise StackUnreachable(AWAY)


@pytest.mark.slow
async def test_the_inbox_is_back_after_an_outage(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.troubles.allow(r"^503 GET .*/api/v1/")
    run = await ask_to_pay(site)
    with monkeypatch.context() as broken:
        broken.setattr(waiting, "_read_all", fail)
        broken.setattr(pages, "list_page", fail)
        page = await site.sign_in(path="/inbox")
        badge = page.get_by_role("complementary").get_by_role("status")
        await expect(badge).to_have_text("Interrupted")
        await expect(page.get_by_role("complementary")).to_contain_text(AWAY)
    await expect(page.get_by_role("listbox").get_by_role("option")).to_contain_text(run)
    await expect(badge).to_have_text("Online")
    await expect(page).to_have_title("(1) Inbox · harness")
    client = await site.client()
    await client.post(f"/api/v1/runs/{run}/decide", json={"verdict": "approve"})
    await expect(page).to_have_title("Inbox · harness")


@pytest.mark.slow
async def test_a_page_beyond_the_last_socket_says_why(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SocketSlots, "most_each", 1)
    await site.serve()
    first = await site.sign_in()
    await expect(first.get_by_text("Online").first).to_be_visible()
    second = await site.sign_in()
    foot = second.get_by_role("complementary")
    await expect(foot).to_contain_text("Too many live sockets are in progress.")
    await expect(foot.get_by_role("status")).to_have_text("Reconnecting")
    await first.context.close()
    await expect(foot.get_by_role("status")).to_have_text("Online")
    await expect(foot).not_to_contain_text("Too many")


@pytest.mark.slow
async def test_an_age_is_counted_by_the_clock_of_the_daemon(site: Site) -> None:
    await site.serve()
    site.model.script(say("Hello."))
    run = await site.start("Hi")
    page = await site.sign_in(path="/health")
    await page.clock.install(time=datetime.now(UTC) + timedelta(hours=3))
    await page.goto(f"{site.url}/runs?since=15m")
    await expect(page.get_by_role("link", name=run)).to_be_visible()
