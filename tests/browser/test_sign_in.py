"""Who gets in, and how a session ends."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import expect

from harness.access.client import disable_user, list_browser_sessions, revoke_token
from harness.api.caller import Role
from tests.browser.site import Site
from tests.fakes.runs import send
from tests.fakes.steps import call

SIGN_IN = "Sign in to harness"
SIGNED_OUT = (r"^401 GET .*/api/v1/", r"WebSocket connection to .* failed")
NO_ROW = "button:not([aria-expanded]), button[aria-haspopup]"
"""Rows that unfold a step are named by its tool, which may be called `send`."""
ACTIONS = re.compile(
    r"\b(start|new run|pause|resume|abort|hint|approve|reject|deny|undo|fork|delete|forget|create"
    r"|archive|rename|send)\b",
    re.I,
)


async def test_a_link_works_once_and_leaves_no_trace(site: Site) -> None:
    site.troubles.allow(*SIGNED_OUT)
    link = await site.make_link()
    code = link.partition("code=")[2]
    context = await site.open_browser()
    asked: list[str] = []
    context.on("request", lambda request: asked.append(str(request.headers)))
    page = await context.new_page()
    await page.goto(link)
    await expect(page.get_by_role("heading", name="Runs")).to_be_visible()
    assert page.url == f"{site.url}/runs"
    # Neither another page, nor the address bar, nor a script of the page can find it.
    seen = await page.evaluate(
        "() => [document.referrer, location.href, document.cookie, JSON.stringify({...localStorage,"
        " ...sessionStorage}), ...performance.getEntries().map((entry) => entry.name)].join(' ')"
    )
    assert code not in seen
    assert not any(code in headers for headers in asked), "sent on as a referrer"
    assert "harness_session" not in seen
    await page.go_back()
    assert page.url == "about:blank", "the link is not in the history"
    other = await (await site.open_browser()).new_page()
    await other.goto(link)
    await expect(other.get_by_role("heading", name=SIGN_IN)).to_be_visible()
    await expect(other.get_by_role("alert")).to_contain_text("used before")


async def test_a_browser_without_a_session(site: Site) -> None:
    site.troubles.allow(*SIGNED_OUT)
    page = await (await site.open_browser()).new_page()
    for path in ("/", "/runs", "/runs/any", "/settings"):
        await page.goto(site.url + path)
        await expect(page.get_by_role("heading", name=SIGN_IN)).to_be_visible()
    assert site.troubles.sockets == [], "nobody's page opens a stream"


@pytest.mark.slow
async def test_signing_out(site: Site) -> None:
    site.troubles.allow(*SIGNED_OUT)
    page = await site.sign_in()
    await expect(page.get_by_text("Online").first).to_be_visible()
    await page.keyboard.press("Control+k")
    await page.get_by_role("combobox").fill("sign out")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name=SIGN_IN)).to_be_visible()
    await page.reload()
    await expect(page.get_by_role("heading", name=SIGN_IN)).to_be_visible()
    [session] = await list_browser_sessions(site.harness.connection, site.user)
    assert session.revoked is not None


@pytest.mark.slow
@pytest.mark.parametrize("way", ["revoked", "disabled"])
async def test_a_session_that_ends_elsewhere(site: Site, way: str) -> None:
    site.troubles.allow(*SIGNED_OUT)
    page = await site.sign_in()
    await expect(page.get_by_text("Online").first).to_be_visible()
    connection = site.harness.connection
    if way == "revoked":
        [session] = await list_browser_sessions(connection, site.user)
        await revoke_token(connection, session.id)
    else:
        await disable_user(connection, site.user)
    # Without a click or a reload: what is on screen may be old from here on.
    await expect(page.get_by_role("heading", name=SIGN_IN)).to_be_visible()


@pytest.mark.slow
async def test_a_viewer_is_offered_nothing_and_refused_everything(site: Site) -> None:
    site.troubles.allow(r"^403 POST .*/api/v1/")
    await site.serve(tools=[send])
    viewer = f"viewer-{site.name}"
    page = await site.sign_in(viewer, Role.VIEWER)
    assert (await page.evaluate(POST, ["/api/v1/runs", {"agent": site.name, "prompt": "x"}])) == 403
    # Their own run, from before their role was lowered.
    site.model.script(call("send", to="ana", text="hello"))
    run = await start_as(site, viewer)
    for path in ("/runs", f"/runs/{run}", "/inbox", "/chat", "/agents", "/settings"):
        await page.goto(site.url + path)
        await expect(page.get_by_role("navigation", name="Views").first).to_be_visible()
        await page.wait_for_load_state("networkidle")
        main = page.get_by_role("main")
        buttons = main.get_by_role("button", name=ACTIONS).and_(main.locator(NO_ROW))
        offered = await buttons.all()
        names = [await each.text_content() for each in offered if await each.is_enabled()]
        assert names == [], path
    for what, body in {
        "hint": {"text": "x"},
        "pause": {},
        "resume": {},
        "abort": {},
        "decide": {"id": "x", "approve": True},
        "fork": {},
        "undo": {},
    }.items():
        assert await page.evaluate(POST, [f"/api/v1/runs/{run}/{what}", body]) == 403, what


POST = """async ([path, body]) => (await fetch(path, {
    method: "POST", headers: {"content-type": "application/json"}, body: JSON.stringify(body)
})).status"""


async def start_as(site: Site, user: str) -> str:
    """Start a run of a user who may only read by now."""
    from harness.access.client import set_role

    connection = site.harness.connection
    await set_role(connection, user, Role.OPERATOR)
    run = await site.start("Write to Ana.", user)
    await set_role(connection, user, Role.VIEWER)
    return run
