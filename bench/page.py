"""The web page as a person meets it: how long until something is seen, in a real browser.

    python -m bench.page [--events 10000,100000] [--rounds 5]

Times are those of the browser's own clock, from the start of a navigation (or from the moment when
the provider wrote a token, or a button was pressed) until the document has what is waited for and a
frame after it was painted. All of it runs on this machine, the browser too.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import shutil
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import uvloop
from playwright.async_api import BrowserContext, Page, TimeoutError, async_playwright

from bench.agents import Ground, agent_of, ground
from bench.api import ApiClient, daemon
from bench.measure import lags, spread
from bench.work import PROMPT
from harness import Harness
from harness.access.sign_in import COOKIE, create_sign_in_code, exchange_code

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
WIDTH = 50
"""Calls of a turn in the long runs."""
EVENTS_PER_CALL = 2
ROWS = 50
FIRST_ROW = "main a[href*='/runs/']"
FIRST_STEP = "main [data-index], main li"
SEEN = """(selector) => {
    const look = () => {
        if (window.seenAt || !document.querySelector(selector)) return;
        requestAnimationFrame(() => setTimeout(() => { window.seenAt ??= performance.now(); }));
    };
    new MutationObserver(look).observe(document, {childList: true, subtree: true});
    look();
}"""
GROWN = """() => {
    let before;
    const look = () => {
        const size = document.querySelector("main [aria-setsize]")?.getAttribute("aria-setsize");
        if (size === before) return;
        before = size;
        window.grownAt = performance.now();
    };
    new MutationObserver(look).observe(
        document, {childList: true, subtree: true, attributeFilter: ["aria-setsize"]});
    window.longest = 0;
    new PerformanceObserver((list) => {
        for (const { duration } of list.getEntries()) window.longest = Math.max(longest, duration);
    }).observe({type: "longtask", buffered: true});
}"""
QUIET_S = 5.0
"""No step is added for so long: all have arrived."""
STAMPS = """() => {
    const known = new Set();
    window.stamps = [];
    const look = () => {
        const now = performance.timeOrigin + performance.now();
        const text = document.querySelector("main").textContent;
        for (const [stamp] of text.matchAll(/\\b\\d{10}\\.\\d{4}\\b/g)) {
            if (known.has(stamp)) continue;
            known.add(stamp);
            window.stamps.push(now / 1000 - Number(stamp));
        }
    };
    new MutationObserver(look).observe(
        document.querySelector("main"), {childList: true, subtree: true, characterData: true});
}"""
RESUMED = """() => {
    let pressed;
    addEventListener("click", () => { pressed = performance.now(); }, true);
    const look = () => {
        const text = document.querySelector("main").innerText;
        if (!pressed || /\\bwaiting\\b/i.test(text)) return;
        window.resumedIn ??= performance.now() - pressed;
    };
    new MutationObserver(look).observe(
        document, {childList: true, subtree: true, characterData: true});
}"""


@asynccontextmanager
async def signed_in(harness: Harness, url: str) -> AsyncGenerator[BrowserContext]:
    connection = harness.connection
    _, secret = await exchange_code(connection, await create_sign_in_code(connection))
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
    if path is None:
        raise SystemExit("Chromium is not installed: apt-get install chromium")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        context = await browser.new_context(viewport={"width": 1440, "height": 900})
        await context.add_cookies([{"name": COOKIE, "value": secret, "url": url}])
        yield context
        await browser.close()


async def measure_view(
    context: BrowserContext, url: str, selector: str, rounds: int
) -> list[float]:
    """Seconds until the first of what the view shows is painted; the files are in the cache."""
    found = list[float]()
    for number in range(rounds + 1):
        page = await context.new_page()
        await page.add_init_script(f"({SEEN})({selector!r})")
        await page.goto(url)
        seen = await read(page, "window.seenAt")
        await page.close()
        if number:  # the first one fills the cache
            found.append(seen / 1000)
    return found


async def read(page: Page, name: str, seconds: float = 60.0) -> float:
    """A number that the page will have. (`wait_for_function` is refused by its policy.)"""
    async with asyncio.timeout(seconds):
        while not (value := await page.evaluate(f"() => {name}")):  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    return float(value)


async def measure_whole(context: BrowserContext, url: str) -> tuple[float, float]:
    """Seconds until the last step is in the list, and the longest task on the way."""
    page = await context.new_page()
    await page.add_init_script(f"({GROWN})()")
    await page.goto(url)
    before, grown = -1.0, 0.0
    while grown != before:
        before = grown
        await asyncio.sleep(QUIET_S)
        grown = await read(page, "window.grownAt")
    longest = float(await page.evaluate("() => window.longest"))
    await page.close()
    return grown / 1000, longest / 1000


async def make_long_run(ground: Ground, api: ApiClient, events: int) -> tuple[str, int]:
    """A run that is over, and how many events it has."""
    calls = max(WIDTH, events // EVENTS_PER_CALL)
    name = f"calculator:turns-{calls}-{WIDTH}"
    async with ground.worker(name):
        run = await api.start(agent_of(name).name, PROMPT)
        count = 0
        async for _, cursor, _ in api.follow(run):
            count += bool(cursor)
    return run, count


async def measure_views(
    ground: Ground, context: BrowserContext, api: ApiClient, chosen: argparse.Namespace
) -> None:
    async with ground.worker("calculator"):
        runs = [await api.start("calculator", PROMPT) for _ in range(ROWS)]
        for run in runs:
            await api.follow_to_end(run)
    rows = await measure_view(context, f"{api.url}/runs", FIRST_ROW, chosen.rounds)
    print(f"first of {ROWS} runs in the list: {spread(rows)} s", flush=True)
    steps = await measure_view(context, f"{api.url}/runs/{runs[0]}", FIRST_STEP, chosen.rounds)
    print(f"first step of a short run: {spread(steps)} s", flush=True)
    for wanted in map(int, filter(None, chosen.events.split(","))):
        run, count = await make_long_run(ground, api, wanted)
        steps = await measure_view(context, f"{api.url}/runs/{run}", FIRST_STEP, chosen.rounds)
        print(f"first step of a run with {count:,} events: {spread(steps)} s", flush=True)
        whole, longest = await measure_whole(context, f"{api.url}/runs/{run}")
        print(f"  all of its steps: {whole:.1f} s; longest task {longest * 1e3:.0f} ms", flush=True)


async def measure_tokens(ground: Ground, context: BrowserContext, api: ApiClient) -> None:
    """From the provider's write to the document. The daemon and the worker pass tokens on in
    groups, which is most of it."""
    name = "clock:clock-100-50"
    async with ground.worker(name):
        page = await context.new_page()
        run = await api.start(agent_of(name).name, PROMPT)
        await page.goto(f"{api.url}/runs/{run}")
        await page.get_by_role("main").wait_for()
        await page.evaluate(STAMPS)
        await api.follow_to_end(run)
        delays = await page.evaluate("() => window.stamps")
        await page.close()
    # What was there when the page came is not live.
    print(f"a token on screen after the provider wrote it: {lags(delays[5:])}", flush=True)


async def measure_approvals(
    ground: Ground, context: BrowserContext, api: ApiClient, rounds: int
) -> None:
    took = list[float]()
    async with ground.worker("asking"):
        for _ in range(rounds):
            run = await api.start("asking", PROMPT)
            page = await context.new_page()
            await page.goto(f"{api.url}/runs/{run}")
            button = page.get_by_role("button", name=re.compile("^Approve"))
            try:
                await button.first.wait_for(timeout=10_000)
            except TimeoutError:
                print("approve to resumed: the run's view offers no button to approve")
                return
            await page.evaluate(RESUMED)
            await button.first.click()
            took.append(await read(page, "window.resumedIn") / 1000)
            await page.close()
    print(f"approve to resumed: {lags(took)}", flush=True)


async def main(chosen: argparse.Namespace) -> None:
    print(f"load average before: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    async with (
        ground() as base,
        base.client() as harness,
        daemon(base, harness) as (api, _),
        signed_in(harness, api.url) as context,
    ):
        await measure_tokens(base, context, api)
        await measure_approvals(base, context, api, chosen.rounds)
        await measure_views(base, context, api, chosen)
    print(f"load average after: {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--events", default="10000,100000")
    parser.add_argument("--rounds", type=int, default=5)
    uvloop.run(main(parser.parse_args()))
