"""Several tabs of one browser, which share its cookie: nobody acts in the name of another user."""

from __future__ import annotations

import pytest
from playwright.async_api import Request, expect

from tests.browser.site import Site
from tests.browser.test_inbox import ask_to_pay, read_decision
from tests.browser.test_sign_in import SIGN_IN, SIGNED_OUT

TYPE_DRAFT = """user => {
    localStorage.setItem(`harness.chat.draft.${user}.x`, '{"text": "hunter2", "files": []}');
    localStorage.setItem("harness.chat.out.x", "{}");
    localStorage.setItem("harness.theme", "dark");
    sessionStorage.setItem("harness.what-if.x", "{}");
}"""
TEXTS = "() => Object.keys({...localStorage, ...sessionStorage}).sort()"


@pytest.mark.slow
async def test_a_sign_in_as_somebody_else_reloads_the_other_tabs(site: Site) -> None:
    site.troubles.allow(*SIGNED_OUT, r"^404 .*/api/v1/runs/", r"^40[134] .*/api/v1/")
    run = await ask_to_pay(site)
    page = await site.sign_in(path=f"/runs/{run}")
    await expect(page.get_by_role("button", name="Approve").first).to_be_visible()
    other = await page.context.new_page()
    await other.goto(await site.make_link(f"bea-{site.name}"))
    await expect(other.get_by_text(f"bea-{site.name}").first).to_be_visible()
    await expect(page.get_by_text(f"bea-{site.name}").first).to_be_visible()
    await expect(page.get_by_role("button", name="Approve")).to_have_count(0)


@pytest.mark.slow
async def test_a_change_names_the_user_of_the_tab(site: Site) -> None:
    run = await ask_to_pay(site)
    page = await site.sign_in(path=f"/runs/{run}")
    named = list[str | None]()

    def note(request: Request) -> None:
        if request.method == "POST":
            named.append(request.headers.get("x-harness-user"))

    page.on("request", note)
    await page.get_by_role("button", name="Approve").first.click()
    assert (await read_decision(site, run))["by"].startswith(site.user)
    assert set(named) == {site.user}


@pytest.mark.slow
async def test_signing_out_reaches_all_tabs_and_what_was_typed(site: Site) -> None:
    site.troubles.allow(*SIGNED_OUT)
    page = await site.sign_in()
    other = await page.context.new_page()
    await other.goto(f"{site.url}/runs")
    await expect(other.get_by_role("heading", name="Runs")).to_be_visible()
    for tab in (page, other):
        await tab.evaluate(TYPE_DRAFT, site.user)
    await page.keyboard.press("Control+k")
    await page.get_by_role("combobox").fill("sign out")
    await page.keyboard.press("Enter")
    for tab in (page, other):
        await expect(tab.get_by_role("heading", name=SIGN_IN)).to_be_visible(timeout=5_000)
        await tab.wait_for_load_state("networkidle")
        kept = [key for key in await tab.evaluate(TEXTS) if key.startswith("harness.")]
        assert kept == ["harness.theme"]
