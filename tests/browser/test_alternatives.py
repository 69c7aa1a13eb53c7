"""Forks, what-ifs, comparisons and replays from the page."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import expect

from harness import tool
from harness.api.caller import Role
from tests.browser.site import Site
from tests.fakes.runs import eventually
from tests.fakes.steps import call, say

SCRIPT = '<script>alert(1)</script><img src=x onerror="alert(2)">'
LONG = f"{SCRIPT}\n" + "a very long line of the result\n" * 35_000


@tool(effect="read")
def price(item: str) -> str:
    """Look up a price."""
    return f"{item} costs 13 euros"


@tool(effect="read")
def read_all(file: str) -> str:
    """Read a file."""
    return file + LONG


async def finish(site: Site, prompt: str) -> str:
    run = await site.start(prompt)
    client = await site.client()

    async def is_over() -> bool:
        return (await client.get(f"/api/v1/runs/{run}")).json()["state"] == "completed"

    await eventually(is_over)
    return run


@pytest.mark.slow
async def test_forks_from_a_step_and_compares(site: Site) -> None:
    await site.serve(tools=[price], instructions="Buy tea.")
    site.model.script(call("price", item="tea"), say("Tea costs 13 euros."), say("Only 9 euros."))
    run = await finish(site, "What does tea cost?")
    page = await site.sign_in(path=f"/runs/{run}#tool-1-1")
    await page.get_by_role("button", name="Fork from here").click()
    await expect(page.get_by_label("Last turn to keep")).to_have_value("1")
    await page.get_by_role("button", name="Edit the result of price in turn 1").click()
    await page.get_by_label("Result of price").fill("tea costs 9 euros")
    await page.get_by_text("Instructions", exact=True).click()
    await page.get_by_label("Instructions").fill("Buy cheap tea.")
    await expect(page.get_by_text("Changes: other instructions, 1 edited result")).to_be_visible()
    await page.get_by_role("button", name="Start the fork").click()
    await expect(page).not_to_have_url(re.compile(re.escape(run)))
    await expect(page.get_by_text("Only 9 euros.").first).to_be_visible()
    await expect(page.get_by_text(f"{run} at turn 1").first).to_be_visible()
    sent = str(site.model.calls[-1].body)
    assert "tea costs 9 euros" in sent and "Buy cheap tea." in sent

    await page.keyboard.press("d")
    await page.get_by_role("dialog").get_by_role("button", name=run).click()
    await expect(page.get_by_text("They diverge in turn 2")).to_be_visible()
    await page.keyboard.press("n")
    first = page.get_by_role("article", name=re.compile("^Difference 1 of"))
    await expect(first).to_be_focused()
    await expect(page.get_by_role("insertion").filter(has_text="9").first).to_be_visible()
    await page.get_by_role("button", name="Swap the two runs").click()
    await expect(page.get_by_label("Right", exact=True)).to_have_value(run)


@pytest.mark.slow
async def test_what_if_shows_outcomes_and_a_reload_joins(site: Site) -> None:
    await site.serve(tools=[price])
    answers = [say(f"Answer {number}.") for number in range(3)]
    site.model.script(call("price", item="tea"), say("Answer 0."), *answers)
    run = await finish(site, "What does tea cost?")
    page = await site.sign_in(path=f"/runs/{run}?open=what-if-1")
    await expect(page.get_by_label("Last turn to keep")).to_be_focused()
    await page.get_by_label("Forks of each run").fill("3")
    await page.keyboard.press("Control+Enter")
    await expect(page.get_by_text("3 forks have ended")).to_be_visible()
    await expect(page.get_by_text("1 same answer")).to_be_visible()
    await expect(page.get_by_text("2 other answers")).to_be_visible()
    asked = len(site.model.calls)
    await page.reload()
    await expect(page.get_by_text("3 forks have ended")).to_be_visible()
    assert len(site.model.calls) == asked  # the same forks
    tab = await page.context.new_page()
    await tab.goto(page.url)
    await expect(tab.get_by_text("3 forks have ended")).to_be_visible()
    elsewhere = await site.sign_in(path=page.url.removeprefix(site.url))
    join = elsewhere.get_by_role("button", name="Ask the same (3 forks)")
    await expect(join).to_be_visible()  # a link starts nothing automatically
    await join.click()
    await expect(elsewhere.get_by_text("3 forks have ended")).to_be_visible()
    assert len(site.model.calls) == asked
    await page.get_by_role("button", name="other answer").first.click()
    await page.get_by_role("link", name="Compare with the run").click()
    await expect(page.get_by_text("They diverge in turn 2")).to_be_visible()


@pytest.mark.slow
async def test_what_if_over_several_runs_goes_on_without_those_that_fail(site: Site) -> None:
    await site.serve(tools=[price])
    site.model.script(*[say("Hello.")] * 4)
    runs = [await finish(site, "Say hello.") for _ in range(2)]
    page = await site.sign_in(path=f"/compare/what-if?runs={','.join(runs)}")
    await page.get_by_label("Forks of each run").fill("1")
    await page.get_by_role("button", name="Start 2 forks").click()
    await expect(page.get_by_text("2 same answers")).to_be_visible()
    for run in runs:
        await expect(page.get_by_role("region", name=run)).to_be_visible()


@pytest.mark.slow
async def test_compares_long_and_hostile_results_without_freezing(site: Site) -> None:
    await site.serve(tools=[read_all])
    runs: list[str] = []
    for file in ("a", "b"):
        site.model.script(call("read_all", file=file), say(f"{SCRIPT} {file}"))
        runs.append(await finish(site, f"{SCRIPT} Read {file}."))
    page = await site.sign_in(path=f"/compare?left={runs[0]}&right={runs[1]}")
    await expect(page.get_by_text("They diverge in turn 1")).to_be_visible()
    for number in range(1, 5):
        await page.keyboard.press("n")
        shown = page.get_by_role("article", name=re.compile(f"^Difference {number} of"))
        await expect(shown).to_be_focused()
    assert await page.locator("main script, main img").count() == 0


@pytest.mark.slow
async def test_replays_on_the_daemons_code(site: Site) -> None:
    await site.serve()
    site.model.script(say("Hello."))
    run = await finish(site, "Say hello.")
    page = await site.sign_in(path=f"/runs/{run}?open=replay")
    await expect(page.get_by_text("The code does the same again")).to_be_visible(timeout=60_000)


@pytest.mark.slow
async def test_seals_and_forgets_a_family(site: Site) -> None:
    await site.serve()
    site.model.script(say("A secret."), say("A secret again."))
    run = await finish(site, "Tell a secret.")
    client = await site.client()
    forked = await client.post(f"/api/v1/runs/{run}/fork", json={"at": 0})
    fork = forked.json()["id"]

    async def is_over() -> bool:
        return (await client.get(f"/api/v1/runs/{fork}")).json()["state"] == "completed"

    await eventually(is_over)
    site.troubles.allow("404", "410")  # not sealed; forgotten
    page = await site.sign_in(role=Role.ADMIN, path=f"/runs/{run}?open=seal")
    await page.get_by_role("button", name="Seal now").click()
    await expect(page.get_by_text("Sealed, and unchanged")).to_be_visible()
    await page.keyboard.press("Escape")
    await page.get_by_role("button", name="More actions").click()
    await page.get_by_role("menuitem", name="Forget").click()
    question = page.get_by_role("dialog", name="Forget")
    await expect(question.get_by_text(fork)).to_be_visible()
    forget = question.get_by_role("button", name="Forget 2 runs")
    await expect(forget).to_be_disabled()
    await question.get_by_label("Type the run's id to confirm").fill(run)
    await forget.click()
    await expect(page.get_by_text("2 runs are forgotten")).to_be_visible()
    await page.goto(f"{site.url}/runs/{run}")
    await expect(page.get_by_role("heading", name="This run is forgotten")).to_be_visible()
    await expect(page.get_by_text("A secret.")).to_have_count(0)


@pytest.mark.slow
async def test_an_operator_is_not_offered_to_forget(site: Site) -> None:
    await site.serve()
    site.model.script(say("Hello."))
    run = await finish(site, "Say hello.")
    page = await site.sign_in(path=f"/runs/{run}?open=forget")
    await page.get_by_role("button", name="More actions").click()
    await expect(page.get_by_role("menuitem", name="Export")).to_be_visible()
    await expect(page.get_by_role("menuitem", name="Forget")).to_have_count(0)
    await expect(page.get_by_role("dialog")).to_have_count(0)
