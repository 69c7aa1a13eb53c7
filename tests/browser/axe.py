"""axe-core in the page, which finds what people who use other means than eyes and a mouse cannot
use."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

from playwright.async_api import Page, expect

SOURCE = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"
# The levels of headings in Markdown are its author's: only from our own is an order asked.
RUN = """axe.run(document, {resultTypes: ["violations"]}).then((found) => JSON.stringify(
    found.violations.map(({id, impact, help, nodes}) => {
        const ours = nodes.filter((node) => id !== "heading-order" ||
            !document.querySelector(node.target[0])?.closest("[data-markdown]"));
        const at = ours.slice(0, 3).map((node) => [node.html, node.failureSummary]);
        return {id, impact, help, at};
    }).filter(({at}) => at.length > 0)))"""
PREFERS_DARK = "() => matchMedia('(prefers-color-scheme: dark)').matches"
# Not waiting for their end: Chromium stops those of elements that are scrolled out of sight. The
# end of one may begin others, of what inherits its colour.
SETTLE = """async () => {
    for (let round = 0; round < 20; round += 1) {
        const finite = document.getAnimations()
            .filter((animation) => Number.isFinite(animation.effect.getComputedTiming().endTime));
        if (finite.length === 0 && round > 0) return;
        for (const animation of finite) animation.finish();
        await new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)));
    }
}"""


@cache
def _source() -> str:
    return SOURCE.read_text(encoding="utf-8")


async def check_axe(page: Page) -> None:
    """Fail if axe finds anything in what is shown, in either theme."""
    before = "dark" if await page.evaluate(PREFERS_DARK) else "light"
    for theme in ("light", "dark"):
        await page.emulate_media(color_scheme=theme, reduced_motion="reduce")
        dark = page.locator("html.dark")
        await expect(dark).to_have_count(1 if theme == "dark" else 0)
        await page.evaluate(SETTLE)  # a colour in the middle of a transition has no contrast
        found = await _run(page)
        assert found == [], f"{theme} {page.url}: {json.dumps(found, indent=2)}"
    await page.emulate_media(color_scheme=before, reduced_motion="null")


async def _run(page: Page) -> list[object]:
    """The debugger may evaluate what the page's policy refuses."""
    debugger = await page.context.new_cdp_session(page)
    await debugger.send("Runtime.evaluate", {"expression": _source()})
    answer = await debugger.send(
        "Runtime.evaluate", {"expression": RUN, "awaitPromise": True, "returnByValue": True}
    )
    await debugger.detach()
    return json.loads(answer["result"]["value"])
