"""Memories, budgets, limits, policies and gates, as people use them in the page."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.async_api import expect

from harness import Agent
from harness.api.caller import Role
from harness.limits.quota import Quota
from harness.limits.rows import Ask
from harness.limits.store import LimitStore
from tests.browser.site import Site
from tests.browser.views import finish, pay, share_budget, until_state
from tests.fakes.family import by_agent, instructions_of
from tests.fakes.steps import Say, call, say

pytestmark = pytest.mark.slow
HOSTILE = "<img src=x onerror=alert(1)>"
RULES: list[dict[str, Any]] = [
    {"name": "small", "decision": "allow", "tool": "pay", "arguments": {"amount": {"below": 5}}},
    {
        "name": "large payments", "decision": "ask", "tool": "pay",
        "arguments": {"amount": {"above": 10}}, "whom": ["role:operator"], "timeout": "2h",
        "reason": "Payments over 10 need a look.",
    },
]  # fmt: skip
POOL = Quota(kind="pool", name="printer", width=1)


@pytest.fixture
def options(options: dict[str, Any]) -> dict[str, Any]:
    return {
        **options,
        "policies": {"rules": RULES},
        "limits": {"pools": {"printer": {"width": 1}}},
    }


async def test_a_memory_is_corrected_and_forgotten(site: Site) -> None:
    client = await site.client()
    text = f"Ada drinks {HOSTILE}."
    added = await client.post("/api/v1/memories", json={"text": text})
    assert added.status_code == 201, added.text
    page = await site.sign_in(path="/memory")
    row = page.get_by_role("list", name="Memories").get_by_role("listitem")
    await expect(row).to_contain_text(text)
    await row.get_by_role("button", name=re.compile("^Correct")).click()
    dialog = page.get_by_role("dialog")
    await expect(dialog.get_by_label("Fact")).to_have_value(text)
    await expect(dialog.get_by_role("button", name="Replace")).to_be_disabled()
    await dialog.get_by_label("Fact").fill("Ada drinks black tea.")
    await page.keyboard.press("Control+Enter")
    await expect(row).to_contain_text("Ada drinks black tea.")
    await expect(row).to_contain_text(f"written by {site.user}")
    await expect(row).to_have_count(1)
    await page.goto(f"{site.url}/memory?show={added.json()['id']}")
    await expect(page.get_by_role("dialog")).to_contain_text("It no longer holds")
    await page.get_by_role("link", name="another one").click()
    await expect(page.get_by_role("dialog")).to_contain_text("Ada drinks black tea.")
    await page.keyboard.press("Escape")
    await row.get_by_role("button", name=re.compile("^Forget")).click()
    await page.get_by_role("dialog").get_by_role("button", name="Forget").click()
    await expect(page.get_by_text("Nothing is remembered yet")).to_be_visible()
    listed = (await client.get("/api/v1/memories")).json()
    assert listed["memories"] == []


async def test_a_fact_is_added_with_keys_and_found(site: Site) -> None:
    page = await site.sign_in(path="/memory")
    await expect(page.get_by_role("button", name="Remember a fact")).to_be_visible()
    await page.keyboard.press("n")
    await page.get_by_role("dialog").get_by_label("Fact").fill("The office closes at six.")
    await page.keyboard.press("Control+Enter")
    rows = page.get_by_role("list", name="Memories").get_by_role("listitem")
    await expect(rows).to_contain_text("The office closes at six.")
    await page.get_by_label("Find memories").fill("office")
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(re.compile("find=office"))
    await expect(rows).to_have_count(1)
    await page.get_by_role("button", name="Check").click()
    await expect(page.get_by_text("1 entry: as harness wrote them")).to_be_visible()


async def test_others_memories_and_budgets_are_not_shown(site: Site) -> None:
    client = await site.client()
    added = await client.post("/api/v1/memories", json={"text": "This is mine alone."})
    await share_budget(site, f"session:{site.name}")
    viewer = await site.sign_in(role=Role.VIEWER, path="/memory")
    await expect(viewer.get_by_text("Nothing is remembered yet")).to_be_visible()
    await expect(viewer.get_by_role("button", name="Remember a fact")).to_have_count(0)
    site.troubles.allow(r"^404 GET .*/api/v1/memories/")
    await viewer.goto(f"{site.url}/memory?show={added.json()['id']}&add=true")
    await expect(viewer.get_by_role("dialog")).to_contain_text("There is no memory")
    await viewer.goto(f"{site.url}/cost?tab=budgets")
    await expect(viewer.get_by_text("No shared budget is in use")).to_be_visible()


async def test_more_of_a_budget_is_granted(site: Site) -> None:
    key = f"session:{site.name}"
    await share_budget(site, key)
    page = await site.sign_in(path="/cost")
    agents = page.get_by_role("list", name="Spending by agent").get_by_role("listitem")
    await expect(agents).to_contain_text("$0.05")
    await expect(
        page.get_by_role("img", name=re.compile(r"^Cost by day, at most \$0\.05"))
    ).to_be_visible()
    await agents.get_by_role("link", name=site.name).click()
    await expect(page.get_by_role("list", name="Spending by model")).to_contain_text("gpt-5")
    await expect(page.get_by_text("The next run")).to_be_visible()
    await page.get_by_role("tab", name="Shared budgets").click()
    row = page.get_by_role("list", name="Shared budgets").get_by_role("listitem")
    await expect(row).to_contain_text("200 of 1K")
    await page.get_by_role("button", name=f"Grant more of {key}").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("Tokens").fill("much")
    await dialog.get_by_role("button", name="Grant these amounts").click()
    await expect(dialog.get_by_text("Write a whole number above 0.")).to_be_visible()
    await dialog.get_by_label("Tokens").fill("500")
    await dialog.get_by_role("button", name="Grant these amounts").click()
    await expect(row).to_contain_text("200 of 1.5K")
    await expect(row).to_contain_text("more was granted once")
    viewer = await site.sign_in(role=Role.VIEWER, path="/cost?tab=budgets")
    await expect(viewer.get_by_text("No shared budget is in use")).to_be_visible()


async def test_who_uses_a_pool_and_who_waits(site: Site) -> None:
    store = LimitStore(site.harness.connection.database)
    for name, owner in (("mine", site.user), ("other", f"other-{site.name}")):
        ask = Ask(place=f"{name}-{site.name}", attempt=1, run=name, owner=owner, what="print")
        await store.reserve(f"{name}-{site.name}", site.name, [POOL], ask)
    page = await site.sign_in(path="/limits")
    pools = page.get_by_role("list", name="Pools").get_by_role("listitem").first
    await expect(pools).to_contain_text("1 call waits")
    await pools.get_by_role("button", name="2 calls of printer").click()
    await expect(pools.get_by_role("link", name="mine")).to_be_visible()
    await expect(pools.get_by_text("a run of somebody else")).to_be_visible()
    await store.leave(f"other-{site.name}")
    await expect(pools).to_contain_text("nothing waits")


async def test_a_rule_asks_is_explained_and_is_switched(site: Site) -> None:
    await site.harness.serve(Agent(site.name, tools=[pay]))
    site.model.script(Say(calls=(("pay", {"to": "Ada", "amount": 12.5, "note": HOSTILE}),)))
    run = await site.start("Pay it.")
    await until_state(site, run, "waiting")
    page = await site.sign_in(role=Role.ADMIN, path="/safety")
    rules = page.get_by_role("list", name="Rules")
    await expect(rules).to_contain_text("Payments over 10 need a look.")
    await page.get_by_role("tab", name="Explain a call").click()
    await page.get_by_label("Agent").fill(site.name)
    await page.get_by_label("Tool").fill("pay")
    await page.get_by_label("Arguments").fill('{"amount": 50}')
    await page.get_by_role("button", name="Explain").click()
    await expect(page.get_by_text("by the rule “large payments”")).to_be_visible()
    await expect(page.get_by_role("list", name="Rules compared")).to_contain_text("small")
    await page.goto(f"{site.url}/runs/{run}")
    asks = page.get_by_text("The rule “large payments” asks: anyone with the role operator")
    await expect(asks.first).to_be_visible()
    await expect(page.get_by_text("then denied").first).to_be_visible()
    await page.get_by_role("tab", name="Safety").click()
    await page.get_by_role("button", name="Switch…").click()
    sheet = page.get_by_role("dialog")
    await expect(sheet.get_by_label("Rules")).to_have_value(re.compile("large payments"))
    await sheet.get_by_label("Rules").fill('[[rules]]\nname = "stop"\ndecision = "deny"\n')
    await sheet.get_by_role("button", name="Switch").click()
    await expect(page.get_by_role("list", name="Rules")).to_contain_text("stop")
    await expect(page.get_by_role("list", name="Versions")).to_contain_text("switched by")
    operator = await site.sign_in(path=f"/runs/{run}?tab=safety")
    await expect(operator.get_by_role("list", name="Rules")).to_contain_text("stop")
    await expect(operator.get_by_role("button", name="Switch…")).to_have_count(0)


async def test_called_runs_lead_to_each_other(site: Site) -> None:
    clerk = Agent(f"clerk-{site.name}", instructions=instructions_of("clerk"))
    boss = Agent(
        site.name,
        instructions=instructions_of("boss"),
        tools=[clerk.as_tool(name="ask", description="Answers.")],
    )
    await site.harness.serve(clerk)
    await site.harness.serve(boss)
    site.model.always(
        by_agent(boss=(call("ask", prompt="How much?"), say("Four.")), clerk=(say("It is four."),))
    )
    run = await site.start("How much is it?")
    await finish(site, run)
    page = await site.sign_in(path=f"/runs/{run}?tab=about")
    tree = page.get_by_role("listitem").filter(has_text=clerk.name)
    await tree.get_by_role("link", name=re.compile(re.escape(run))).first.click()
    await expect(page.get_by_text("Called by")).to_be_visible()
    await page.get_by_role("tab", name="About").click()
    await expect(page.get_by_text(f"{site.name} called it in turn 1")).to_be_visible()
