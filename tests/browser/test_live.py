"""One stream a browser, and what breaks it: a closed tab, a killed daemon, no network."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from tests.browser.daemon_process import DaemonProcess
from tests.browser.live import END, TALL, Marks, count_marks, count_sockets, start_marks
from tests.browser.site import Site
from tests.fakes.runs import eventually

BROKEN = (
    r"WebSocket connection to .* failed",
    r"^failed: GET .*/api/v1/.* net::ERR_(CONNECTION|INTERNET|EMPTY|NETWORK)",
)


async def expect_all(page: Page, marks: Marks) -> None:
    await expect(page.get_by_role("main")).to_contain_text(END)
    await expect(page.get_by_text("completed").first).to_be_visible()
    counted = await count_marks(page)
    assert counted == dict.fromkeys(marks.all, 1), counted


@pytest.mark.slow
async def test_three_tabs_share_one_stream(site: Site) -> None:
    """And those that are left go on when the one that holds it closes."""
    marks = Marks(6, hold_at=3)
    client = await site.client()
    first = await site.sign_in(**TALL)
    await expect(first.get_by_text("Online").first).to_be_visible()
    run = await start_marks(site, marks)
    second, third = [await first.context.new_page() for _ in range(2)]
    await second.goto(f"{site.url}/runs/{run}")
    await third.goto(f"{site.url}/runs")
    await expect(second.get_by_role("main")).to_contain_text(marks.all[2])
    await expect(third.get_by_role("link", name=run)).to_be_visible()
    assert await count_sockets(client) == len(site.troubles.sockets) == 1
    await first.close()
    marks.release.set()
    await expect_all(second, marks)
    await expect(third.get_by_role("row", name=run)).to_contain_text("completed")
    assert len(site.troubles.sockets) == 2
    await eventually(lambda: count_sockets(client), lambda count: count == 1)


@pytest.mark.slow
async def test_a_killed_daemon_repeats_and_loses_nothing(
    fragile_site: Site, daemon: DaemonProcess
) -> None:
    site, marks = fragile_site, Marks(12, hold_at=4)
    site.troubles.allow(*BROKEN)
    page = await site.sign_in(**TALL)
    run = await start_marks(site, marks)
    await page.goto(f"{site.url}/runs/{run}")
    await expect(page.get_by_role("main")).to_contain_text(marks.all[3])
    daemon.kill()
    await expect(page.get_by_text("Reconnecting").first).to_be_visible()
    marks.release.set()  # the run goes on without the daemon
    await daemon.start()
    await expect(page.get_by_text("Online").first).to_be_visible()
    await expect_all(page, marks)


@pytest.mark.slow
async def test_offline_and_back(site: Site) -> None:
    marks = Marks(8, hold_at=2)
    site.troubles.allow(*BROKEN)
    page = await site.sign_in(**TALL)
    run = await start_marks(site, marks)
    await page.goto(f"{site.url}/runs/{run}")
    await expect(page.get_by_role("main")).to_contain_text(marks.all[1])
    await page.context.set_offline(True)
    await expect(page.get_by_text("Offline").first).to_be_visible()
    marks.release.set()
    await page.context.set_offline(False)
    await expect(page.get_by_text("Online").first).to_be_visible()
    await expect_all(page, marks)


@pytest.mark.slow
async def test_two_people_see_the_same(site: Site) -> None:
    marks = Marks(6, hold_at=2)
    one, other = [await site.sign_in(**TALL) for _ in range(2)]
    run = await start_marks(site, marks)
    for page in (one, other):
        await page.goto(f"{site.url}/runs/{run}")
        await expect(page.get_by_role("main")).to_contain_text(marks.all[1])
    marks.release.set()
    for page in (one, other):
        await expect_all(page, marks)
