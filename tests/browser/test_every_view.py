"""What holds for each view, whoever wrote it: no trouble, for everyone, at every width."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Page, expect

from tests.browser.axe import check_axe
from tests.browser.site import Site
from tests.browser.views import find_places, find_routes, furnish

FAST = ("/runs",)
ROUTES = [
    pytest.param(route, marks=() if route in FAST else pytest.mark.slow) for route in find_routes()
]
MISSING = "There is no such view"
WIDE = """() => ["html", "#view"].map((name) => document.querySelector(name))
    .filter((element) => element && element.scrollWidth > element.clientWidth + 1)
    .map((element) => element.tagName + " " + element.scrollWidth)"""
MOVING = """() => document.getAnimations()
    .filter((animation) => animation.effect.getComputedTiming().duration > 1)
    .map((animation) => animation.animationName ?? animation.transitionProperty)"""


async def settle(page: Page) -> None:
    """Until the view has read what it shows."""
    await expect(page.get_by_role("main")).to_be_visible()
    await page.wait_for_load_state("networkidle")
    await expect(page.get_by_role("status", name="Loading")).to_have_count(0)


@pytest.mark.parametrize("route", ROUTES)
async def test_a_view(site: Site, route: str) -> None:
    """Both themes, for axe; a phone's width; without motion for who asked for none."""
    furnished = await furnish(site)
    page = await site.sign_in(path=furnished.path(route))
    await settle(page)
    await expect(page.get_by_text(MISSING)).to_have_count(0)
    heading = page.get_by_role("heading", level=1)
    await expect(heading).to_have_count(1)
    name = (await heading.inner_text()).strip()
    await expect(page).to_have_title(re.compile(rf"^(\(\d+\) )?{re.escape(name)} · harness$"))
    await check_axe(page)
    await page.set_viewport_size({"width": 360, "height": 740})
    await settle(page)
    assert await page.evaluate(WIDE) == [], "scrolls sideways at 360 px"
    await check_axe(page)
    await page.emulate_media(reduced_motion="reduce")
    await page.reload()
    await settle(page)
    assert await page.evaluate(WIDE) == []
    assert await page.evaluate(MOVING) == [], "moves for a person who asked for less motion"


@pytest.mark.slow
@pytest.mark.parametrize("route", find_routes())
async def test_an_empty_view(site: Site, route: str) -> None:
    """Nothing there yet, or not what the address names: the view says so."""
    site.troubles.allow(r"^404 GET .*/api/v1/")
    await site.serve()
    path = re.sub(r"\$\w+", "missing", route)
    page = await site.sign_in(path=path, width=360, height=740)
    await settle(page)
    text = (await page.get_by_role("main").inner_text()).strip()
    assert len(text) > 20, text
    assert await page.evaluate(WIDE) == []
    await check_axe(page)


@pytest.mark.slow
async def test_an_address_without_a_view(site: Site) -> None:
    page = await site.sign_in(path="/no/such/view")
    await expect(page.get_by_text(MISSING)).to_be_visible()
    await page.get_by_role("link", name="Go to the runs").click()
    await expect(page).to_have_url(f"{site.url}/runs")


@pytest.mark.slow
@pytest.mark.parametrize("width", [1280, 768, 360])
async def test_every_place_is_reached_by_its_link(site: Site, width: int) -> None:
    await site.serve()
    page = await site.sign_in(width=width)
    titles = [""]
    for place in find_places():
        if width < 768:
            await page.get_by_role("button", name="Open the list of views").click()
        views = page.get_by_role("navigation", name="Views", exact=True).locator("visible=true")
        await views.locator(f'a[href="{place}"]').click()
        await expect(page).to_have_url(re.compile(re.escape(site.url + place) + r"([/?]|$)"))
        await settle(page)
        await expect(page.get_by_text(MISSING)).to_have_count(0)
        # A view of its own title, once its code is there.
        await expect(page).not_to_have_title(re.compile(f"^({re.escape(titles[-1])}|harness)$"))
        titles.append(await page.title())
    assert len(set(titles)) == len(titles), titles
