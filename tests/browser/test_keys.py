"""The page without a mouse."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from tests.browser.axe import check_axe
from tests.browser.site import Site
from tests.browser.views import furnish

FOCUS = """() => {
    const element = document.activeElement;
    if (!element || element === document.body) return null;
    const box = element.getBoundingClientRect();
    const seen = box.width > 1 && box.height > 1 && box.bottom > 0 && box.top < innerHeight;
    const {outlineStyle, boxShadow} = getComputedStyle(element);
    const typed = /^(INPUT|TEXTAREA)$/.test(element.tagName);  // its caret is seen
    const shown = typed || outlineStyle !== "none" || boxShadow !== "none";
    const label = element.getAttribute("aria-label") ?? element.textContent.slice(0, 60);
    return {name: `${element.tagName} ${label}`, seen, shown};
}"""
MOST_STOPS = 80
FOCUSED_ROLE = "() => document.activeElement.role"
IS_FOCUSED = "(element) => element === document.activeElement"


async def stops(page: Page) -> list[str]:
    """Every element that Tab reaches, until it leaves the document. Each has to be seen."""
    found = list[str]()
    for _ in range(MOST_STOPS):
        await page.keyboard.press("Tab")
        focus = await page.evaluate(FOCUS)
        if focus is None:
            break
        assert focus["seen"] and focus["shown"], focus
        found.append(focus["name"])
    return found


@pytest.mark.slow
async def test_the_palette_and_the_list_of_keys(site: Site) -> None:
    await site.serve()
    page = await site.sign_in()
    await expect(page.get_by_role("heading", name="Runs")).to_be_visible()
    await page.keyboard.press("Control+k")
    palette = page.get_by_role("dialog", name="Commands")
    await expect(page.get_by_role("combobox")).to_be_focused()
    await check_axe(page)
    await page.keyboard.type("dark theme")
    await page.keyboard.press("Enter")
    await expect(palette).to_have_count(0)
    await expect(page.locator("html.dark")).to_have_count(1)
    await page.reload()  # it is remembered
    await expect(page.locator("html.dark")).to_have_count(1)
    await expect(page.get_by_role("heading", name="Runs")).to_be_visible()
    await page.keyboard.press("?")
    keys = page.get_by_role("dialog")
    await expect(keys).to_contain_text("g r")
    await page.keyboard.press("Escape")
    await expect(keys).to_have_count(0)


@pytest.mark.slow
async def test_every_place_has_its_keys(site: Site) -> None:
    await site.serve()
    page = await site.sign_in()
    await expect(page.get_by_role("heading", name="Runs")).to_be_visible()
    for letter, place in (
        ("i", "inbox"), ("a", "agents"), ("p", "prompts"), ("l", "activity"),
        ("h", "health"), ("s", "settings"), ("r", "runs"), ("c", "chat"),
    ):  # fmt: skip
        # Chat comes last: letters are typed into its message.
        await page.keyboard.type(f"g{letter}")
        await expect(page).to_have_url(f"{site.url}/{place}")


@pytest.mark.slow
async def test_a_run_is_found_and_read_by_keyboard(site: Site) -> None:
    furnished = await furnish(site)
    page = await site.sign_in()
    run = furnished.path("$run")
    await expect(page.get_by_role("link", name=run)).to_be_visible()
    first = await page.evaluate("() => document.activeElement === document.body")
    assert first, "nothing takes the focus before a person does"
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("link", name="Skip to the view")).to_be_focused()
    await page.keyboard.press("Enter")
    # The list is one stop; inside it, arrow keys move from run to run.
    for _ in range(MOST_STOPS):
        await page.keyboard.press("Tab")
        if await page.evaluate(FOCUSED_ROLE) == "row":
            break
    row = page.get_by_role("row", name=run)
    for _ in range(await page.get_by_role("row").count()):
        if await row.evaluate(IS_FOCUSED):
            break
        await page.keyboard.press("ArrowDown")
    await expect(row).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(f"{site.url}/runs/{run}")
    assert await stops(page)
