"""What a view shows of what it cannot show: why, and a way on."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from harness.api.caller import Role
from tests.browser.daemon_process import DaemonProcess
from tests.browser.site import Site
from tests.browser.test_live import BROKEN
from tests.fakes.steps import say

MISSING = r"^404 GET .*/api/v1/runs/"


async def expect_no_skeleton(page: Page) -> None:
    await expect(page.get_by_role("heading", level=1)).to_have_count(1)
    await expect(page.get_by_role("status", name="Loading")).to_have_count(0)
    await expect(page.get_by_role("tab")).to_have_count(0)


@pytest.mark.slow
async def test_a_run_that_cannot_be_seen(site: Site) -> None:
    """None has the id, or it belongs to somebody else: the page does not tell which."""
    site.troubles.allow(MISSING)
    await site.serve()
    site.model.script(say("Mine."))
    theirs = await site.start("Hi", f"other-{site.name}")
    page = await site.sign_in()
    for run in ("missing", theirs):
        await page.goto(f"{site.url}/runs/{run}")
        await expect(page.get_by_role("heading", name="There is no such run")).to_be_visible()
        await expect(page.get_by_role("main")).to_contain_text(run)
        await expect_no_skeleton(page)
    await page.get_by_role("main").get_by_role("link", name="Go to the runs").click()
    await expect(page).to_have_url(f"{site.url}/runs")


@pytest.mark.slow
async def test_a_run_while_the_daemon_is_away(fragile_site: Site, daemon: DaemonProcess) -> None:
    site = fragile_site
    site.troubles.allow(*BROKEN, r"^failed: GET .*/favicon.svg")
    await site.serve()
    site.model.script(say("Hello."))
    run = await site.start("Hi")
    page = await site.sign_in(path=f"/runs/{run}")
    await expect(page.get_by_text("Hello.").first).to_be_visible()
    await page.get_by_role("navigation", name="Views").get_by_role("link", name="Inbox").click()
    await expect(page.get_by_role("heading", name="Inbox")).to_be_visible()
    daemon.kill()
    await expect(page.get_by_text("Reconnecting").first).to_be_visible()
    await page.evaluate(
        "() => { history.pushState(null, '', '/runs/missing');"
        " dispatchEvent(new PopStateEvent('popstate')) }"
    )
    await expect(page.get_by_role("heading", name="The run cannot be shown")).to_be_visible()
    await expect(page.get_by_role("alert")).to_contain_text("The daemon does not answer.")
    await expect_no_skeleton(page)
    site.troubles.allow(MISSING)
    await daemon.start()
    await expect(page.get_by_role("heading", name="There is no such run")).to_be_visible()


@pytest.mark.slow
async def test_a_page_that_opens_while_the_daemon_is_away(site: Site) -> None:
    """It says so, and goes on by itself. A page that was open stays what it was."""
    site.troubles.allow(r"^failed: GET .*/api/v1/")
    await site.serve()
    page = await site.sign_in(path="/agents")
    await expect(page.get_by_role("heading", name="Agents", level=1)).to_be_visible()
    await page.route("**/api/v1/me", lambda route: route.abort())
    await page.goto(f"{site.url}/inbox")
    await expect(page.get_by_role("heading", level=1)).to_have_text("harness cannot be reached")
    await page.unroute("**/api/v1/me")
    await expect(page.get_by_role("heading", name="Inbox", level=1)).to_be_visible()


@pytest.mark.slow
async def test_notices_obey_the_policy(site: Site) -> None:
    """Nothing inserts a style: the troubles would say so."""
    await site.serve()
    page = await site.sign_in()
    await page.context.grant_permissions(["clipboard-write"])
    await expect(page.get_by_role("heading", name="Runs")).to_be_visible()
    await page.keyboard.press("Control+k")
    await page.get_by_role("combobox").fill("harness backup")
    await page.get_by_role("option", name="harness backup").first.click()
    notice = page.get_by_role("status", name="Notices")
    await expect(notice).to_contain_text("Copied: harness backup")
    await notice.get_by_role("button", name="Close the notice").click()
    await expect(notice).to_have_text("")


@pytest.mark.slow
async def test_the_session_ends_in_a_chat(site: Site) -> None:
    """One heading, one way to get in again, and nothing of before."""
    site.troubles.allow(r"^401 GET .*/api/v1/", r"WebSocket connection to .* failed")
    await site.serve()
    page = await site.sign_in(path="/chat", role=Role.OPERATOR)
    await expect(page.get_by_role("heading", level=1, name="Chat")).to_have_count(1)
    await page.context.clear_cookies()
    await page.reload()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Sign in to harness")
