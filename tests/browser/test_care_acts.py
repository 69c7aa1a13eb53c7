"""What people do on the page of care: open, filter and change tickets, silence, and pin."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import expect

from harness import Harness
from harness.api.caller import Role
from harness.care.audit.client import read_audit
from harness.care.audit.store import AuditFilter
from harness.care.store import CareStore
from harness.care.subjects.registry import remove_subject
from tests.browser.axe import check_axe
from tests.browser.care import PANEL, furnish_care
from tests.browser.conftest import on_one_loop
from tests.browser.site import Site
from tests.browser.test_care import add_service
from tests.browser.test_every_view import WIDE

pytestmark = pytest.mark.usefixtures("nothing_left")


@on_one_loop
async def nothing_left(harness: Harness) -> AsyncIterator[None]:
    """Other tests share the database; without invariants, the watch ends."""
    yield
    for each in await CareStore(harness.connection.database).list_subjects():
        await remove_subject(harness.connection, each.subject.name, "tester")


@pytest.mark.slow
async def test_a_ticket_is_opened_found_and_changed(site: Site, tmp_path: Path) -> None:
    cared = await add_service(site, tmp_path)
    page = await site.sign_in(path=PANEL)
    main = page.get_by_role("main")
    await main.get_by_text("Open a ticket").click()
    form = main.get_by_role("group").filter(has_text="Open a ticket")
    await form.get_by_label("Subject").select_option(cared.subject)
    await form.get_by_label("The problem in one sentence").fill("The queue grows")
    await check_axe(page)
    await form.get_by_role("button", name="Open").click()
    await main.get_by_text("Find tickets").click()
    filters = page.get_by_role("search", name="Tickets")
    await filters.get_by_label("Subject").select_option(cared.subject)
    link = page.get_by_role("link", name="The queue grows")
    await expect(link).to_be_visible()
    await filters.get_by_label("Priority").select_option("low")
    await expect(page.get_by_text("No ticket is like that.")).to_be_visible()
    await filters.get_by_label("Priority").select_option("normal")
    await link.click()
    fields = page.get_by_role("region", name="Fields")
    await fields.get_by_label("Priority").select_option("urgent")
    await fields.get_by_label("Related to").fill(cared.ticket)
    await fields.get_by_role("button", name="Save").click()
    moves = page.get_by_role("list", name="What happened")
    await expect(moves).to_contain_text("priority urgent")
    await fields.get_by_role("button", name="Assign to me").click()
    await expect(moves).to_contain_text(f"assigned to {site.user}")
    related = page.get_by_role("list", name="Related tickets")
    await expect(related).to_contain_text("as a person says")
    await page.get_by_role("button", name="Close").click()
    await expect(page.get_by_role("region", name="Fields")).to_have_count(0)
    await page.goto(site.url + PANEL)
    await main.get_by_text("Find tickets").click()
    await filters.get_by_label("State").select_option("closed")
    await filters.get_by_label("Assigned to").fill(site.user)
    await filters.get_by_label("Assigned to").press("Enter")
    await expect(page.get_by_role("list", name="Tickets: closed")).to_contain_text("queue grows")
    found = await read_audit(site.harness.connection, AuditFilter(by=site.user), 50, verify=True)
    assert {each.proof and each.proof.state for each in found.entries} == {"unsealed"}
    assert any("assigned to" in each.why for each in found.entries)


@pytest.mark.slow
async def test_silences_and_invariants_of_people(site: Site, tmp_path: Path) -> None:
    cared = await add_service(site, tmp_path)
    site.troubles.allow(r"^\d\d\d POST .*/care/invariants", r"^\d\d\d POST .*/pins")
    page = await site.sign_in(path=cared.paths[1])
    main = page.get_by_role("main")
    await main.get_by_text("Add a silence").click()
    form = main.get_by_role("group").filter(has_text="Add a silence")
    await form.get_by_label("Invariant").select_option("up")
    await form.get_by_label("Reason").fill("The database moves.")
    await form.get_by_role("button", name="Silence").click()
    listed = page.get_by_role("list", name="Silences")
    await expect(listed).to_contain_text("The database moves.")
    await check_axe(page)
    await listed.get_by_role("button", name="End the silence of up").click()
    await expect(page.get_by_text("Nothing is silenced")).to_be_visible()
    await main.get_by_text("Add an invariant").click()
    form = main.get_by_role("group").filter(has_text="Add an invariant")
    await form.get_by_label("Name").fill("latency")
    await form.get_by_label("Condition: a query").fill("up")
    await form.get_by_label("Threshold").fill("0.5")
    await check_axe(page)
    await form.get_by_role("button", name="Add").click()
    await expect(form.get_by_role("alert")).to_be_visible()  # nobody serves metrics here
    await page.set_viewport_size({"width": 360, "height": 740})
    assert await page.evaluate(WIDE) == [], "scrolls sideways at 360 px"


@pytest.mark.slow
async def test_a_viewer_is_offered_nothing(site: Site) -> None:
    cared = await furnish_care(site)
    page = await site.sign_in(role=Role.VIEWER, path=cared.paths[1])
    await expect(page.get_by_text("Nothing is silenced")).to_be_visible()
    await expect(page.get_by_text(re.compile("^Add "))).to_have_count(0)
    await page.goto(site.url + PANEL)
    await expect(page.get_by_text("Find tickets")).to_be_visible()
    await expect(page.get_by_text("Open a ticket")).to_have_count(0)
