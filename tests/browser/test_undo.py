"""Undo from the page: a preview, a question, its progress, what it cannot undo."""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import expect

from harness import Target, ToolContext, tool
from tests.browser.site import Site
from tests.fakes.runs import eventually
from tests.fakes.steps import Hang, calls, say

SCRIPT = '<img src=x onerror="alert(1)">'


class Shelf:
    """Things that a tool puts somewhere; taking one off waits until a test lets it."""

    def __init__(self) -> None:
        self.things: list[str] = []
        self.free = asyncio.Event()
        self.free.set()

        @tool
        async def put_on_shelf(ctx: ToolContext[None], thing: str) -> str:
            """Put a thing on the shelf."""
            self.things.append(thing)
            ctx.receipt({"thing": thing})
            return f"{thing} is on the shelf"

        @put_on_shelf.undo
        async def take_off(ctx: ToolContext[None], receipt: dict[str, str]) -> str:
            await self.free.wait()
            self.things.remove(receipt["thing"])
            return f"took {receipt['thing']} off the shelf"

        @put_on_shelf.check
        async def look(ctx: ToolContext[None], receipt: dict[str, str]) -> Target:
            thing = receipt["thing"]
            if thing == "a secret":
                raise OSError("The light is off.")
            return Target(name=thing, now=thing in self.things, after=True, before=None)

        @tool(effect="irreversible")
        async def send_mail(to: str) -> str:
            """Send a mail."""
            return f"sent to {to}"

        self.tools = [put_on_shelf, send_mail]
        self.take_off = take_off


async def furnish(site: Site, *wanted: tuple[str, dict[str, str]]) -> tuple[Shelf, str]:
    shelf = Shelf()
    await site.serve(tools=shelf.tools)
    site.model.script(*(calls(each) for each in wanted), say("All is done."))
    run = await site.start("Tidy up.")
    client = await site.client()

    async def is_over() -> bool:
        return (await client.get(f"/api/v1/runs/{run}")).json()["state"] == "completed"

    await eventually(is_over)
    return shelf, run


@pytest.mark.slow
async def test_previews_an_undo_and_shows_its_progress(site: Site) -> None:
    shelf, run = await furnish(
        site, ("put_on_shelf", {"thing": "a vase"}), ("put_on_shelf", {"thing": SCRIPT})
    )
    page = await site.sign_in(path=f"/runs/{run}?tab=effects")
    await expect(page.get_by_text("2 effects: 2 in effect")).to_be_visible()
    await expect(page.get_by_role("button", name="Undo…")).to_be_visible()
    await page.keyboard.press("u")
    preview = page.get_by_role("region", name="Preview")
    await expect(preview.get_by_role("listitem")).to_have_count(2)
    await expect(preview.get_by_role("listitem").first).to_contain_text(SCRIPT)  # newest first
    assert shelf.things == ["a vase", SCRIPT]  # nothing has changed yet
    shelf.free.clear()
    await page.get_by_role("button", name="Undo 2 effects").click()
    await expect(page.get_by_role("button", name="Close; the undo continues")).to_be_visible()

    other = await site.sign_in(path=f"/runs/{run}?tab=effects")
    await expect(other.get_by_text("An undo of this run is in progress")).to_contain_text(site.user)
    shelf.free.set()
    await expect(page.get_by_text("2 undone", exact=True)).to_be_visible()
    await expect(page.get_by_text("took a vase off the shelf").first).to_be_visible()
    await expect(other.get_by_text("2 effects: 2 undone")).to_be_visible()
    assert shelf.things == []


@pytest.mark.slow
async def test_stops_where_it_cannot_undo_and_goes_past_it(site: Site) -> None:
    shelf, run = await furnish(
        site,
        ("put_on_shelf", {"thing": "a clock"}),
        ("send_mail", {"to": "ana@example.com"}),
        ("put_on_shelf", {"thing": "books"}),
    )
    page = await site.sign_in(path=f"/runs/{run}?tab=effects")
    await page.get_by_role("button", name="Undo…").click()
    preview = page.get_by_role("region", name="Preview")
    await expect(preview.get_by_role("listitem").nth(1)).to_contain_text("cannot be undone")
    await expect(preview.get_by_role("listitem").nth(2)).to_contain_text("not reached")
    await page.get_by_role("button", name="Undo 1 effect").click()
    await expect(page.get_by_text("1 undone, then it stopped")).to_be_visible()
    assert shelf.things == ["a clock"]
    await page.get_by_role("button", name="Leave it and go on").click()
    await expect(page.get_by_text("took a clock off the shelf").first).to_be_visible()
    assert shelf.things == []


@pytest.mark.slow
async def test_undoes_only_what_came_after_a_turn(site: Site) -> None:
    shelf, run = await furnish(
        site, ("put_on_shelf", {"thing": "a clock"}), ("put_on_shelf", {"thing": "books"})
    )
    page = await site.sign_in(path=f"/runs/{run}?open=undo")
    await page.get_by_label("What to undo").select_option("1")
    await page.get_by_role("button", name="Undo 1 effect").click()
    await expect(page.get_by_text("1 undone", exact=True)).to_be_visible()
    assert shelf.things == ["a clock"]


@pytest.mark.slow
async def test_aborts_an_open_run_and_undoes_it(site: Site) -> None:
    shelf = Shelf()
    await site.serve(tools=shelf.tools)
    site.model.script(calls(("put_on_shelf", {"thing": "a clock"})), Hang())
    run = await site.start("Tidy up.")
    page = await site.sign_in(path=f"/runs/{run}?tab=effects")
    await expect(page.get_by_text("1 effect: 1 in effect")).to_be_visible()
    await page.get_by_role("button", name="Undo…").click()
    await expect(page.get_by_text("The run is still going on.")).to_be_visible()
    await page.get_by_role("button", name="Abort the run, and undo all").click()
    await expect(page.get_by_text("1 effect: 1 undone")).to_be_visible()
    assert shelf.things == []


@pytest.mark.slow
async def test_shows_what_has_changed_since(site: Site) -> None:
    shelf, run = await furnish(
        site,
        ("put_on_shelf", {"thing": "a clock"}),
        ("put_on_shelf", {"thing": SCRIPT}),
        ("put_on_shelf", {"thing": "a secret"}),
        ("put_on_shelf", {"thing": "books"}),
    )
    shelf.things.remove("a clock")
    client = await site.client()
    asked = {"dry_run": True}
    answer = (await client.post(f"/api/v1/runs/{run}/undo", json=asked)).json()
    assert [step.get("changed") for step in answer["steps"]] == [False, None, False, None]
    shelf.things.remove("books")
    other = await site.client("someone-else")
    assert (await other.post(f"/api/v1/runs/{run}/undo", json=asked)).status_code == 404

    page = await site.sign_in(path=f"/runs/{run}?open=undo")
    items = page.get_by_role("region", name="Preview").get_by_role("listitem")
    await expect(items.nth(0)).to_contain_text("changed since: 'books' was changed after the call.")
    await expect(items.nth(0)).to_contain_text("cannot be undone")
    await expect(items.nth(1)).to_contain_text("not checked: the check of put_on_shelf failed")
    await expect(items.nth(2)).to_contain_text("unchanged: as the call left it")
    await expect(items.nth(3)).to_contain_text("was not checked: it may be why.")
    await expect(page.get_by_role("button", name="Undo 0 effects")).to_be_disabled()
    await items.nth(0).get_by_role("button", name="Leave it as it is, and go on").click()
    await expect(page.get_by_role("button", name="Undo 3 effects")).to_be_enabled()
    assert shelf.things == [SCRIPT, "a secret"]
