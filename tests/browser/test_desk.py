"""Agents, models, prompts, settings, activity and health, used by people of each role."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import expect

from harness.api.caller import Role
from tests.browser.site import Site
from tests.browser.views import finish
from tests.fakes.runs import send
from tests.fakes.steps import say

pytestmark = pytest.mark.slow
NEW_TEXT = "Write about {{ topic }}, briefly.\n"


async def test_a_template_from_its_first_version_to_a_run(site: Site) -> None:
    await site.serve()
    page = await site.sign_in(path="/prompts")
    template = f"note-{site.name}"
    await expect(page.get_by_role("button", name="New template")).to_be_visible()
    await page.keyboard.press("n")
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("Name").fill(template)
    await dialog.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("heading", name=template)).to_be_visible()
    await page.get_by_label("topic").fill("<img src=x onerror=alert(1)>")
    await page.get_by_role("button", name="Preview").click()
    await expect(page.get_by_text("Write about <img src=x onerror=alert(1)>.")).to_be_visible()
    await page.keyboard.press("Escape")
    await page.get_by_role("tab", name="Edit").click()
    field = page.get_by_label(re.compile("beginning with version 1"))
    text = await field.input_value()
    await field.fill(text.replace("Write about {{ topic }}.\n", NEW_TEXT))
    await page.get_by_role("button", name="Save as the next version").click()
    await expect(page.get_by_text("version 2,")).to_be_visible()
    await page.get_by_role("tab", name="Versions").click()
    await expect(page.get_by_text("version 1 → version 2")).to_be_visible()
    await page.get_by_role("button", name="Start a run").click()
    await expect(page.get_by_role("dialog").get_by_role("combobox", name="Template")).to_have_value(
        template
    )


async def test_a_token_is_shown_once_and_revoked(site: Site) -> None:
    page = await site.sign_in(path="/settings?tab=account")
    await page.get_by_role("button", name="New token").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog.get_by_label("Role")).to_have_value("viewer")
    await dialog.get_by_label("What it is for").fill("nightly")
    await dialog.get_by_role("button", name="Create").click()
    secret = await dialog.get_by_text(re.compile("^hnt_|^hn._")).inner_text()
    await page.keyboard.press("Escape")  # it could not be seen again
    await dialog.get_by_role("button", name="Keep it open").click()
    await dialog.get_by_role("button", name="Done").click()
    await expect(page.get_by_text(secret)).to_have_count(0)
    row = page.get_by_role("list", name="API tokens").get_by_role("listitem")
    await row.get_by_role("button", name=re.compile("^Revoke nightly")).click()
    await page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    await expect(page.get_by_text("You have no tokens.")).to_be_visible()
    await expect(page.get_by_text("This browser")).to_be_visible()


async def test_users_are_for_admins(site: Site) -> None:
    viewer = await site.sign_in(role=Role.VIEWER, path="/settings?tab=users")
    await expect(viewer.get_by_role("heading", name="Appearance")).to_be_visible()
    await expect(viewer.get_by_role("tab", name="Users")).to_have_count(0)
    admin = await site.sign_in(role=Role.ADMIN, path="/settings?tab=users")
    name = f"new-{site.name}"
    await admin.get_by_role("button", name="Add a user").click()
    await admin.get_by_role("dialog").get_by_label("Name").fill(name)
    await admin.get_by_role("dialog").get_by_role("button", name="Add").click()
    await admin.get_by_role("button", name=f"More for {name}").click()
    await admin.get_by_role("menuitem", name="Sign-in link").click()
    await admin.get_by_role("button", name="Make a link").click()
    link = await admin.get_by_role("dialog").get_by_text("/sign-in?code=").inner_text()
    other = await (await site.open_browser()).new_page()
    await other.goto(link)
    await expect(other.get_by_text(name).first).to_be_visible()


async def test_activity_and_agents_lead_to_runs(site: Site) -> None:
    await site.serve(tools=[send])
    site.model.script(say("Done."))
    run = await site.start("Hi")
    await finish(site, run)
    page = await site.sign_in(path="/activity")
    await page.get_by_role("link", name=run).click()
    await expect(page.get_by_role("heading", level=1)).to_be_visible()
    await page.goto(f"{site.url}/agents/{site.name}")
    await expect(page.get_by_text("served").first).to_be_visible()
    await expect(page.get_by_role("link", name=run)).to_be_visible()
    await page.get_by_role("button", name=f"Start a run of {site.name}").click()
    await expect(page.get_by_role("dialog", name="Start a run")).to_be_visible()


async def test_health_and_a_test_of_a_model(site: Site) -> None:
    admin = await site.sign_in(role=Role.ADMIN, path="/health")
    await expect(admin.get_by_role("list", name="Services").get_by_text("answers")).to_have_count(3)
    await expect(admin.get_by_role("button", name="Verify all")).to_be_visible()
    await admin.goto(f"{site.url}/models?find=offline")
    await admin.get_by_role("button", name="Test offline/demo").click()
    await expect(admin.get_by_text(re.compile("^answered in"))).to_be_visible()
    viewer = await site.sign_in(role=Role.VIEWER, path="/models")
    await expect(viewer.get_by_role("heading", name="Models")).to_be_visible()
    await expect(viewer.get_by_role("button", name=re.compile("^Test"))).to_have_count(0)
