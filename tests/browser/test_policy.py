"""What the page of another site can do to this one: nothing."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.async_api import BrowserContext, Page, expect

from tests.browser.site import Site
from tests.fakes.page_server import serve_page

SOCKET = """(url) => new Promise((done) => {
    const socket = new WebSocket(url);
    socket.onopen = () => done("open");
    socket.onclose = () => done("refused");
})"""
POST = """async ([url, body, type]) => {
    try {
        const answer = await fetch(url, {
            method: "POST", mode: "no-cors", credentials: "include", body,
            headers: {"content-type": type},
        });
        return answer.type;
    } catch (error) { return String(error); }
}"""


async def test_the_policy_of_the_page(site: Site) -> None:
    async with httpx.AsyncClient(base_url=site.url) as client:
        for path in ("/", "/runs", "/runs/some-run?tab=steps", "/no/such/view"):
            answer = await client.get(path, headers={"Accept": "text/html"})
            policy = {
                name: sources
                for name, *sources in (
                    part.split() for part in answer.headers["content-security-policy"].split(";")
                )
            }
            assert policy["default-src"] == ["'none'"]
            assert policy["script-src"] == policy["style-src"] == ["'self'"]
            assert policy["frame-ancestors"] == policy["base-uri"] == ["'none'"]
            assert "unsafe" not in str(policy) and "*" not in str(policy)
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.headers["referrer-policy"] in ("no-referrer", "same-origin")


@pytest.mark.slow
async def test_scripts_that_get_into_the_page_do_not_run(site: Site) -> None:
    """The second line of defence, should text ever become markup."""
    # The browser tells of requests that its policy refused before they left.
    site.troubles.allow("Content Security Policy", " csp$", "another host: (x:|https://elsewhere)")
    page = await site.sign_in()
    await page.evaluate(
        """() => {
            const script = document.createElement("script");
            script.textContent = "window.broken = 1";
            document.body.append(script);
            const image = document.createElement("div");
            image.innerHTML = "<img src=x: onerror='window.broken = 1'>" +
                "<a id=lure href='javascript:window.broken = 1'>x</a>" +
                "<img src='https://elsewhere.example/pixel'>" +
                "<form id=form action='https://elsewhere.example/form'></form>";
            document.body.append(image);
            document.getElementById("lure").click();
            document.getElementById("form").submit();
        }"""
    )
    await page.evaluate("() => fetch('https://elsewhere.example/').catch(() => {})")
    assert await page.evaluate("() => window.broken") is None
    assert page.url == f"{site.url}/runs"


@asynccontextmanager
async def another_site(site: Site, context: BrowserContext) -> AsyncGenerator[Page]:
    """A page of another origin, in a browser that is signed in here. It is of the same site as
    browsers see it, since ports do not count: cookies with SameSite are sent along."""
    site.troubles.allow("another host", "console ", "^403 ", "^404 .*favicon", "^failed: ")
    async with serve_page() as server:
        server.says("200 OK", "Content-Type: text/html", body=b"<title>Elsewhere</title>")
        page = await context.new_page()
        await page.goto(server.url)
        yield page


@pytest.mark.slow
async def test_another_page_cannot_act_for_a_person(site: Site) -> None:
    await site.serve()
    ours = await site.sign_in()
    body = json.dumps({"agent": site.name, "prompt": "x"})
    async with another_site(site, ours.context) as page:
        for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
            await page.evaluate(POST, [f"{site.url}/api/v1/runs", body, kind])
        await page.evaluate(POST, [f"{site.url}/api/v1/sign-out", "", "text/plain"])
        socket = f"ws://{urlsplit(site.url).netloc}/api/v1/live"
        assert await page.evaluate(SOCKET, socket) == "refused"
        await page.evaluate(
            """([url, body]) => {
                const form = document.createElement("form");
                form.method = "post"; form.enctype = "text/plain"; form.action = url;
                const field = document.createElement("input");
                field.name = body.slice(0, -1) + ', "x": "'; field.value = '"}';
                form.append(field); document.body.append(form); form.submit();
            }""",
            [f"{site.url}/api/v1/runs", body],
        )
        await expect(page).to_have_url(f"{site.url}/api/v1/runs")
        assert "api.wrong_origin" in await page.content()
    client = await site.client()
    assert (await client.get("/api/v1/runs")).json()["runs"] == []
    await ours.reload()  # still signed in
    await expect(ours.get_by_role("heading", name="Runs")).to_be_visible()


@pytest.mark.slow
async def test_the_page_cannot_be_framed_or_read(site: Site) -> None:
    ours = await site.sign_in()
    script = await ours.evaluate("() => document.querySelector('script[type=module]').src")
    async with another_site(site, ours.context) as page:
        for path in ("/", "/runs", "/api/v1/me", "/api/v1/runs"):
            await page.evaluate(
                """(url) => new Promise((done) => {
                    const frame = document.createElement("iframe");
                    frame.onload = done; frame.src = url; document.body.append(frame);
                })""",
                site.url + path,
            )
        for frame in page.frames[1:]:
            assert await frame.get_by_role("heading", name="Runs").count() == 0
            assert site.user not in await frame.content()
        loaded = await page.evaluate(
            """(url) => new Promise((done) => {
                const script = document.createElement("script");
                script.onload = () => done("ran"); script.onerror = () => done("refused");
                script.src = url; document.body.append(script);
            })""",
            script,
        )
        assert loaded == "refused"
        opened = await page.evaluate("(url) => window.open(url) === null", f"{site.url}/runs")
        del opened  # whether a window opens is the browser's business
        for context_page in page.context.pages:
            if context_page.url.startswith(site.url) and context_page is not ours:
                await expect(context_page.get_by_role("heading", name="Runs")).to_be_visible()
                assert await context_page.evaluate("() => window.opener") is None
