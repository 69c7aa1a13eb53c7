"""Whatever models, tools, people and files say is text, in every view that shows it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from playwright.async_api import BrowserContext, Page, expect

from harness import Agent, tool
from tests.browser.corpus import ATTACKS, WORDS, make_attacks
from tests.browser.live import TALL
from tests.browser.site import Site
from tests.browser.test_every_view import settle
from tests.browser.views import finish, share_budget, until_state
from tests.fakes.steps import Say, say

FOLDED = "[aria-expanded=false]:not([aria-haspopup])"
INJECTED = """() => [...document.querySelectorAll(`script:not([src]), iframe, object, embed, base,
    form[action], link[href*=elsewhere], img[src*=elsewhere], img[src=x], foreignObject, math,
    template, animate, [onerror], [onload], [onclick], [onmouseover], [ontoggle], #root style,
    #root meta`)].map((element) => element.outerHTML.slice(0, 200))"""
LINKS = """() => [...document.querySelectorAll("a[href], area[href], [action], [formaction]")]
    .map((element) => element.getAttribute("href") ?? element.getAttribute("action") ?? "")
    .filter((address) => !/^(https?:|mailto:|\\/|#|\\?)/i.test(address.trim()))"""


@tool(effect="read")
async def fetch(url: str, note: str = "") -> str:
    """Fetch a page."""
    return RESULT


@tool(effect="write", approval="always")
def upload(name: str, content: str) -> str:
    """Upload a file."""
    return f"uploaded {name}"


ATTACK_TEXTS = list(make_attacks().values())
ALL = "\n\n".join(ATTACK_TEXTS)
RESULT = ALL


async def set_canary(context: BrowserContext) -> list[str]:
    """What ran, by the address of its page."""
    ran = list[str]()
    await context.expose_function("canary", lambda: ran.append("the canary was called"))
    return ran


async def expect_text(page: Page, ran: list[str], where: str) -> None:
    await settle(page)
    assert ran == [], where
    assert await page.evaluate(INJECTED) == [], where
    assert await page.evaluate(LINKS) == [], where
    assert await page.evaluate("() => ({}).polluted ?? ({}).canary") is None, where


async def attack(site: Site) -> dict[str, str]:
    """Runs whose every text is hostile; their ids by what they are for."""
    await site.harness.serve(Agent(site.name, tools=[fetch, upload]))
    site.model.script(
        Say(
            text=ALL, thinking=ALL, calls=(("fetch", {"url": "javascript:canary()", "note": ALL}),)
        ),
        Say(text="", calls=((ATTACKS["image"], {ATTACKS["script"]: ATTACKS["svg"]}),)),
        Say(text="", calls=(("fetch", '{"__proto__": {"polluted": 1}, "url": 1}'),)),
        say(ALL),
    )
    done = await site.start(ALL)
    await finish(site, done)
    site.model.script(
        Say(text=ALL, calls=(("upload", {"name": ATTACKS["leaves an attribute"], "content": ALL}),))
    )
    waiting = await site.start(ATTACKS["image"] + ATTACKS["direction"])
    await until_state(site, waiting, "waiting")
    client = await site.client()
    for text in ATTACK_TEXTS:
        await client.post("/api/v1/memories", json={"text": text[:2_000]})
    await share_budget(site, f"session:{ATTACKS['script']}")
    return {"done": done, "waiting": waiting}


async def test_a_run_of_hostile_text(site: Site) -> None:
    runs = await attack(site)
    page = await site.sign_in(**TALL)
    ran = await set_canary(page.context)
    await page.goto(f"{site.url}/runs")
    await expect_text(page, ran, "list")
    await page.goto(f"{site.url}/runs/{runs['done']}")
    await expect_text(page, ran, "run")
    # The prompt stands there whole.
    await expect(page.get_by_role("main")).to_contain_text(WORDS[-1])
    text = await page.get_by_role("main").inner_text()
    assert [word for word in WORDS if word not in text] == []
    assert ATTACKS["script"] in text


@pytest.mark.slow
@pytest.mark.parametrize(
    "path",
    [
        "/runs/{waiting}", "/inbox", "/agents", "/activity", "/prompts", "/settings", "/chat",
        "/health",
        "/compare?left={done}&right={waiting}", "/runs/{done}?tab=time", "/runs/{done}?tab=effects",
        "/runs/{done}?tab=undo", "/memory", "/cost", "/cost?tab=budgets",
        "/safety?tab=remembered", "/runs/{waiting}?tab=safety", "/runs/{done}?tab=about",
    ],
)  # fmt: skip
async def test_hostile_text_elsewhere(site: Site, path: str) -> None:
    runs = await attack(site)
    page = await site.sign_in(**TALL)
    ran = await set_canary(page.context)
    await page.goto(site.url + path.format(**runs))
    await expect_text(page, ran, path)
    for button in await page.get_by_role("main").locator(FOLDED).all():
        if await button.is_visible():
            await button.click()
    await expect_text(page, ran, path)


@pytest.mark.slow
async def test_a_conversation_of_hostile_text(site: Site) -> None:
    await site.harness.serve(Agent(site.name, tools=[fetch]))
    client = await site.client()
    title = ATTACKS["image"]
    created = await client.post("/api/v1/conversations", json={"agent": site.name, "title": title})
    assert created.status_code == 201, created.text
    conversation = created.json()["id"]
    site.model.script(Say(text=ALL, calls=(("fetch", {"url": ALL}),)), say(ALL, pieces=40))
    sent = await client.post(
        f"/api/v1/conversations/{conversation}/messages", json={"content": ALL}
    )
    assert sent.status_code == 202, sent.text
    await site.model.called(2)
    page = await site.sign_in(**TALL)
    ran = await set_canary(page.context)
    for path in (f"/chat/{conversation}", "/chat"):
        await page.goto(site.url + path)
        await expect_text(page, ran, path)


@pytest.mark.slow
async def test_hostile_text_while_it_streams(site: Site) -> None:
    """Half of a tag or of a link is closed by the page itself, for what is shown in between."""
    await site.serve()
    site.model.script(say(ALL, pieces=150, delay=0.01))
    page = await site.sign_in(**TALL)
    ran = await set_canary(page.context)
    run = await site.start("Go.")
    await page.goto(f"{site.url}/runs/{run}")
    for _ in range(20):
        assert await page.evaluate(INJECTED) == []
        assert await page.evaluate(LINKS) == []
    await expect(page.get_by_text("completed").first).to_be_visible()
    await expect_text(page, ran, "streamed")


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["line", "json", "markdown"])
async def test_a_million_characters(site: Site, kind: str) -> None:
    """The view stays usable: it answers to a key at once."""

    @tool(effect="read")
    async def dump() -> str:
        """Dump all."""
        return LONG[kind]

    await site.harness.serve(Agent(site.name, tools=[dump]))
    site.model.script(Say(calls=(("dump", {}),)), say("Done."))
    run = await site.start("Dump it.")
    await finish(site, run)
    page = await site.sign_in(path=f"/runs/{run}")
    await expect(page.get_by_text("Done.").first).to_be_visible()
    await page.keyboard.press("Control+k")
    await expect(page.get_by_role("combobox")).to_be_focused(timeout=5_000)


LONG: dict[str, Any] = {
    "line": "x" * 1_000_000,
    "json": json.dumps([{"number": number, "text": "x" * 40} for number in range(15_000)]),
    "markdown": "- [a](https://example.com) **b** `c`\n" * 25_000,
}


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(">" * 6_000, id="levels"),
        pytest.param("*a_" * 2_000, id="delimiters", marks=pytest.mark.slow),
    ],
)
@pytest.mark.slow
async def test_markdown_that_breaks_parsers(site: Site, text: str) -> None:
    await site.harness.serve(Agent(site.name, tools=[upload]))
    site.model.script(Say(text=text, calls=(("upload", {"name": "a\u3164b", "content": "x"}),)))
    run = await site.start("Hi")
    await until_state(site, run, "waiting")
    page = await site.sign_in(path=f"/runs/{run}", **TALL)
    # What the model said stands there as it is, and the run can be decided and stopped.
    await expect(page.get_by_role("main").get_by_text(text[:3_000]).first).to_be_visible()
    await expect(page.get_by_text("U+3164").first).to_be_visible()
    for name in ("Approve", "Abort"):
        await expect(page.get_by_role("button", name=name).first).to_be_enabled()
