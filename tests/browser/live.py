"""A run that goes on when a test says so, and how often its words stand in a page."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from typing import Any

import httpx
from playwright.async_api import Page

from harness import tool
from tests.browser.site import Site
from tests.fakes.steps import Say, Step

MARK = re.compile(r"mark-\d{3}")


@tool(effect="read")
async def look(place: str) -> str:
    """Look at a place."""
    return f"nothing at {place}"


END = "That was the last one."


class Marks:
    """A run of many turns that say `mark-000`, `mark-001` and so on, and in the end `END`: a view
    may show the last words of a run twice. The turn that is given waits for `release`."""

    def __init__(self, count: int, hold_at: int) -> None:
        self.all = [f"mark-{number:03}" for number in range(count)]
        self.held = self.all[hold_at]
        self.release = asyncio.Event()
        self._hold_at = hold_at

    def steps(self) -> list[Step]:
        marks: list[Step] = [
            Say(
                text=f"This is {mark}.",
                calls=(("look", {"place": f"place {number}"}),),
                until=self.release if number == self._hold_at else None,
            )
            for number, mark in enumerate(self.all)
        ]
        return [*marks, Say(text=END)]


async def start_marks(site: Site, marks: Marks) -> str:
    await site.serve(tools=[look])
    site.model.script(*marks.steps())
    return await site.start("Say your marks.")


async def count_marks(page: Page) -> Counter[str]:
    """How often each mark stands in the view."""
    return Counter(MARK.findall(await page.get_by_role("main").inner_text()))


async def count_sockets(client: httpx.AsyncClient) -> int:
    """The WebSockets that the daemon serves now."""
    metrics = (await client.get("/metrics")).text
    found = re.search(r'^harness_open_streams\{kind="websocket"\} (\S+)$', metrics, re.M)
    assert found, metrics
    return int(float(found[1]))


TALL: dict[str, Any] = {"height": 6000}
"""A window in which all steps of a run are in sight, so that all are in the document."""
