"""Decisions in the page: with an edit, with the keys, by two at once, and by none who may not."""

from __future__ import annotations

import asyncio
import re
from typing import Any, Literal

import pytest
from playwright.async_api import Locator, Page, expect

from harness import tool
from harness.access.client import set_role
from harness.api.caller import Role
from tests.browser.site import Site
from tests.fakes.runs import eventually
from tests.fakes.steps import call, say

HOSTILE = 'Ada\u202e<img src=x onerror="document.title=1">'


@tool(effect="write", approval="always")
def pay(
    recipient: str, amount: int, currency: Literal["EUR", "CHF"] = "EUR", note: str | None = None
) -> str:
    "Pay an amount to a recipient."
    return f"paid {amount} {currency} to {recipient}"


async def ask_to_pay(site: Site, recipient: str = "Ada") -> str:
    """A run that waits for the approval of a payment."""
    await site.serve(tools=[pay])
    site.model.script(call("pay", recipient=recipient, amount=250), say("Thank you."))
    return await site.start("Pay Ada.")


async def open_card(site: Site, run: str, page: Page) -> Locator:
    """The run's card in the inbox, found in the list."""
    await page.get_by_role("listbox").get_by_role("option").filter(has_text=run).click()
    card = page.get_by_role("group", name=re.compile("Approval"))
    await expect(card.get_by_role("link", name=run)).to_be_visible()
    return card


async def read_decision(site: Site, run: str) -> dict[str, Any]:
    client = await site.client()

    async def decided() -> list[dict[str, Any]]:
        return (await client.get(f"/api/v1/runs/{run}")).json()["decided"]

    return (await eventually(decided, bool))[-1]


async def test_approve_with_edit(site: Site) -> None:
    run = await ask_to_pay(site, HOSTILE)
    page = await site.sign_in(path="/inbox")
    await expect(page).to_have_title("(1) Inbox · harness")
    card = await open_card(site, run, page)
    await expect(card.get_by_text("U+202E").first).to_be_visible()
    await card.get_by_role("button", name="Edit").click()
    await card.get_by_label("amount", exact=True).fill("many")
    await expect(card.get_by_role("button", name="Approve with changes")).to_be_disabled()
    await card.get_by_label("amount", exact=True).fill("90")
    await card.get_by_label("recipient", exact=True).fill("Ada Lovelace")
    await card.get_by_role("button", name="Add currency").click()
    await card.get_by_label("currency", exact=True).select_option("CHF")
    changes = card.get_by_role("region", name="Changes")
    await expect(changes).to_contain_text("amount250 90")
    await card.get_by_role("textbox", name="Note (the history shows it)").fill("a typo")
    await card.get_by_role("button", name="Approve with changes").click()
    await expect(page.get_by_text("You approved this with changes")).to_be_visible()
    await expect(page.get_by_text("Nothing waits for you")).to_be_visible()
    await expect(page).to_have_title("Inbox · harness")
    decision = await read_decision(site, run)
    edited = {"recipient": "Ada Lovelace", "amount": 90, "currency": "CHF"}
    assert (decision["verdict"], decision["note"]) == ("edit", "a typo")
    assert decision["arguments"] == edited
    assert decision["by"].startswith(site.user)


@pytest.mark.slow
async def test_reject_with_the_keys(site: Site) -> None:
    run = await ask_to_pay(site)
    page = await site.sign_in(path="/inbox")
    card = page.get_by_role("group", name=re.compile("Approval"))
    await expect(card.get_by_role("link", name=run)).to_be_visible()
    reason = card.get_by_label("Why? The model reads it.")

    async def press() -> bool:  # keys do nothing until a person can have read the card
        await page.keyboard.press("r")
        return await reason.is_visible()

    await eventually(press, bool)
    await reason.fill("not today")
    await page.keyboard.press("Control+Enter")
    decision = await read_decision(site, run)
    assert (decision["verdict"], decision["note"]) == ("reject", "not today")


@pytest.mark.slow
async def test_two_people_decide_at_once(site: Site) -> None:
    """One wins; the other is told who, and what."""
    site.troubles.allow(r"^409 POST .*/decide")
    run = await ask_to_pay(site)
    other = f"admin-{site.name}"
    ours = await site.sign_in(path="/inbox")
    theirs = await site.sign_in(other, Role.ADMIN, path="/inbox")
    card = await open_card(site, run, ours)
    their_card = await open_card(site, run, theirs)
    await expect(their_card).to_contain_text(f"{site.user} looking too")
    await expect(card).to_contain_text(f"{other} looking too")
    approve, reject = "approved this", "rejected this"
    await card.get_by_role("button", name="Reject").click()
    await asyncio.gather(
        card.get_by_role("button", name="Reject").click(),
        their_card.get_by_role("button", name="Approve").click(),
    )
    decision = await read_decision(site, run)
    if decision["verdict"] == "approve":
        await expect(card.get_by_role("status")).to_contain_text(f"{other} {approve}")
        await expect(theirs.get_by_text(f"You {approve}")).to_be_visible()
    else:
        await expect(their_card.get_by_role("status")).to_contain_text(f"{site.user} {reject}")
        await expect(ours.get_by_text(f"You {reject}")).to_be_visible()
    client = await site.client()
    assert len((await client.get(f"/api/v1/runs/{run}")).json()["decided"]) == 1


@pytest.mark.slow
async def test_a_viewer_looks_and_does_not_decide(site: Site) -> None:
    run = await ask_to_pay(site)
    client = await site.client()
    await set_role(site.harness.connection, site.user, Role.VIEWER)
    page = await site.sign_in(path="/inbox")
    card = await open_card(site, run, page)
    await expect(card).to_contain_text("Your role can look, but not decide")
    await expect(card.get_by_role("button")).to_have_count(0)
    await page.keyboard.press("a")
    site.troubles.allow(r"^403 POST .*/decide")
    status = await page.evaluate(
        """async (run) => (await fetch(`/api/v1/runs/${run}/decide`, {
            method: "POST", headers: {"content-type": "application/json"},
            body: JSON.stringify({verdict: "approve"})})).status""",
        run,
    )
    assert status == 403
    assert not (await client.get(f"/api/v1/runs/{run}")).json()["decided"]
