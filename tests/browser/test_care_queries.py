"""Queries over metrics and logs in the page, as curves with their changes."""

from __future__ import annotations

import re
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from playwright.async_api import expect

from harness.care.invariants.slo import Slo
from tests.browser.axe import check_axe
from tests.browser.care import furnish_care
from tests.browser.conftest import on_one_loop
from tests.browser.site import Site
from tests.browser.test_care import nothing_left as nothing_left
from tests.browser.test_every_view import WIDE
from tests.fakes.http import Exchange
from tests.fakes.metrics_server import MetricsServer, serving_metrics
from tests.fakes.telemetry import Telemetry, serve_telemetry, succeed

SLO = Slo(
    name="answered", objective=99.9, ratio="bad_share[{window}]", summary="Orders are answered.",
)  # fmt: skip
pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("nothing_left")]


@on_one_loop
async def metrics() -> AsyncIterator[MetricsServer]:
    async with serving_metrics() as server:
        yield server


HOSTILE = [
    "\x1b[2Jerror",
    "\u202egnp.exe",
    "<img src=x onerror=alert(1)>",
    "a\u200bb\x00",
    "x" * 9_000,
]


@on_one_loop
async def logs() -> AsyncIterator[Telemetry]:
    async def handle(exchange: Exchange) -> None:
        if "nothing" in server.asked[-1]["query"]:
            exchange.answer(400, "text/plain", b"parse error \x1b[31m: {", {})
            return
        values = [[str(10**18 + at * 10**9), text] for at, text in enumerate(HOSTILE)]
        data = {"resultType": "streams", "result": [{"stream": {"a": "b"}, "values": values}]}
        exchange.answer(200, "application/json", succeed(data), {})

    async with serve_telemetry(handle) as server:
        yield server


@pytest.fixture
def options(options: dict[str, Any], metrics: MetricsServer, logs: Telemetry) -> dict[str, Any]:
    return {**options, "care": {"metrics": {"url": metrics.url}, "logs": {"url": logs.url}}}


async def test_a_query_draws_where_the_level_changed(site: Site, metrics: MetricsServer) -> None:
    now = time.time()
    metrics.curves["latency"] = [
        (now - 3_600 + 15 * number, (0.2 if number < 120 else 4.0) + 0.01 * (number % 3))
        for number in range(240)
    ]
    cared = await furnish_care(site)
    page = await site.sign_in(path=cared.paths[1])
    box = page.get_by_label("Query", exact=True)
    await expect(box).to_have_value('{job="api"}')
    await box.fill("latency")
    await page.keyboard.press("Control+Enter")
    curves = page.get_by_role("list", name="Curves").get_by_role("listitem")
    await expect(curves).to_have_count(1)
    await expect(curves).to_contain_text("Level changed at")
    await expect(curves).to_contain_text(re.compile(r"from 0\.2\d* to 4\.0"))
    await expect(curves.locator("line.care-mark-level")).to_have_count(1)
    await check_axe(page)
    await page.set_viewport_size({"width": 360, "height": 740})
    assert await page.evaluate(WIDE) == []
    await box.fill("nothing")
    await page.get_by_role("button", name="Query").click()
    await expect(page.get_by_text("The query matches nothing in this time.")).to_be_visible()


async def test_hostile_lines_are_shown_as_text(site: Site) -> None:
    cared = await furnish_care(site)
    page = await site.sign_in(path=cared.paths[1])
    await page.get_by_label("Source").select_option("logs")
    await page.get_by_role("button", name="Query").click()
    lines = page.get_by_role("list", name="Lines").get_by_role("listitem")
    await expect(lines).to_have_count(len(HOSTILE))
    shown = [await lines.nth(at).inner_text() for at in range(len(HOSTILE))]
    assert shown[4].endswith("[U+001B][2Jerror") and shown[3].endswith("[U+202E]gnp.exe")
    assert shown[2].endswith("<img src=x onerror=alert(1)>") and "a[U+200B]b[U+0000]" in shown[1]
    assert len(shown[0]) < 5_000
    assert await page.locator("img[src=x]").count() == 0
    await check_axe(page)
    await page.set_viewport_size({"width": 360, "height": 740})
    assert await page.evaluate(WIDE) == []


async def test_a_query_that_cannot_be_answered(site: Site) -> None:
    site.troubles.allow(r"^\d{3} POST .*/care/query")
    cared = await furnish_care(site)
    page = await site.sign_in(path=cared.paths[1])
    await page.get_by_label("Source").select_option("logs")
    await expect(page.get_by_label("Query", exact=True)).to_have_value('{service="api"}')
    await page.get_by_label("Query", exact=True).fill('{a="nothing"')
    await page.get_by_role("button", name="Query").click()
    await expect(page.get_by_role("alert")).to_contain_text("Loki refused the query: parse error")
    await page.get_by_label("Query", exact=True).fill(" ")
    await page.get_by_role("button", name="Query").click()
    await expect(page.get_by_role("alert")).to_have_text("Write a query first.")


async def test_error_budgets_and_what_happened(site: Site) -> None:
    """Deploys and tickets stand on the axis of the curves; a budget without data is unknown."""
    cared = await furnish_care(site, slos=(SLO,))
    page = await site.sign_in(path=cared.paths[1], height=1_600)
    slos = page.get_by_role("list", name="SLOs").get_by_role("listitem")
    await expect(slos).to_contain_text("99.9 % of the last 30 days")
    await expect(slos).to_contain_text("unknown")
    await expect(slos).to_contain_text("burn rate over 1 h and 5 min: unknown, at most 14.4")
    happened = page.get_by_role("list", name="What happened").get_by_role("listitem")
    await expect(happened.first).to_be_visible()
    texts = [" ".join((await each.inner_text()).split()) for each in await happened.all()]
    assert texts[0].startswith("1 deploy") and "undone: Set the limit" in texts[0], texts
    assert any("ticket" in each and "error-ratio is broken" in each for each in texts), texts
    curve = page.get_by_role("list", name="Invariants").get_by_role("img").first
    await expect(curve.locator("line.care-mark-change")).to_have_count(2)
    await check_axe(page)
    await page.set_viewport_size({"width": 360, "height": 740})
    assert await page.evaluate(WIDE) == []
