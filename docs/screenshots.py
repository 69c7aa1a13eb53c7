"""Takes the pictures of the web page from the running product: `python -m docs.screenshots`.

A stack of its own is started, agents of a small shop do their work with a scripted model, and
Debian's Chromium takes each main view in both themes, and at the width of a phone.

    python -m docs.screenshots [--only runs,chat] [--out docs/img]
"""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from playwright.async_api import Browser, Page, async_playwright, expect

from docs import desk
from harness import Harness
from harness.access.client import create_token, create_user
from harness.access.sign_in import COOKIE, create_sign_in_code, exchange_code
from harness.api.caller import Role
from harness.api.settings import ApiSettings
from harness.config.settings import settings_model
from harness_daemon.daemon import Address, open_daemon
from tests.fakes.model_server import ModelServer
from tests.fakes.steps import Step

OUT = Path(__file__).parent / "img"
USER = "ana"
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
DESK = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}
PATIENCE_S = 60


@dataclass
class Shop:
    """The product with its work."""

    api: httpx.AsyncClient
    model: ModelServer
    ids: dict[str, str]

    async def run(self, name: str, agent: str, prompt: str, steps: list[Step], until: str) -> None:
        """Start a run and wait for its state."""
        self.model.script(*steps)
        body = {"agent": agent, "prompt": prompt}
        started = (await self.api.post("/api/v1/runs", json=body)).raise_for_status()
        self.ids[name] = started.json()["id"]
        await self._wait(f"/api/v1/runs/{self.ids[name]}", lambda run: run["state"] == until)

    async def talk(self, name: str, agent: str, title: str, asked: list[str]) -> None:
        """Hold a conversation, one answer after the other."""
        body = {"agent": agent, "title": title}
        created = (await self.api.post("/api/v1/conversations", json=body)).raise_for_status()
        self.ids[name] = created.json()["id"]
        path = f"/api/v1/conversations/{self.ids[name]}"
        for number, text in enumerate(asked, start=1):
            sent = await self.api.post(f"{path}/messages", json={"content": text})
            sent.raise_for_status()
            answers = 2 * number

            def answered(found: dict[str, Any], answers: int = answers) -> bool:
                return len(found["messages"]) >= answers

            await self._wait(path, answered)

    async def _wait(self, path: str, holds: Callable[[dict[str, Any]], bool]) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not holds(  # noqa: ASYNC110 - over the network
                (await self.api.get(path)).raise_for_status().json()
            ):
                await asyncio.sleep(0.1)


async def do_work(shop: Shop) -> None:
    await shop.run(
        "long", "release-notes", "Write the notes for release 4.12.", desk.release_notes(),
        "completed",
    )  # fmt: skip
    await shop.run(
        "failed", "stock", "Reserve 40 boxes of paper for order SO-8120 in Bergen.",
        desk.stock_fails(), "failed",
    )  # fmt: skip
    shop.model.script(*desk.refund_answers())
    await shop.talk(
        "chat", "support", "Refunds of last week",
        ["Which orders did we refund last week, and why?", "Give me the query, by reason."],
    )  # fmt: skip
    await shop.run(
        "waiting", "accounts-payable", "Pay invoice 2026-1187.", desk.payment_waits(), "waiting"
    )


PICTURES = {
    "runs": "/runs",
    "run": "/runs/{waiting}",
    "run-failed": "/runs/{failed}",
    "run-long": "/runs/{long}",
    "inbox": "/inbox",
    "chat": "/chat/{chat}",
    "compare": "/compare?left={waiting}&right={failed}",
    "agents": "/agents",
    "prompts": "/prompts",
    "activity": "/activity",
    "health": "/health",
    "settings": "/settings",
}


async def take(browser: Browser, url: str, secret: str, shop: Shop, chosen: Any) -> None:
    for kind, viewport, scheme in (
        ("light", DESK, "light"), ("dark", DESK, "dark"), ("phone", PHONE, "light"),
    ):  # fmt: skip
        context = await browser.new_context(
            viewport=viewport, color_scheme=scheme, reduced_motion="reduce", locale="en-GB"
        )
        await context.add_cookies([{"name": COOKIE, "value": secret, "url": url}])
        page = await context.new_page()
        for name, path in PICTURES.items():
            if chosen.only and name not in chosen.only.split(","):
                continue
            await page.goto(url + path.format(**shop.ids))
            await settle(page)
            file = Path(chosen.out) / f"page-{name}-{kind}.png"
            await page.screenshot(path=file)
            print(f"{file} ({file.stat().st_size / 1024:.0f} kB)", flush=True)
        await context.close()


async def settle(page: Page) -> None:
    await expect(page.get_by_role("main")).to_be_visible()
    await page.wait_for_load_state("networkidle")
    await expect(page.get_by_role("status", name="Loading")).to_have_count(0)
    await page.evaluate("() => document.fonts.ready.then(() => undefined)")


@asynccontextmanager
async def open_shop() -> AsyncGenerator[tuple[str, str, Shop]]:
    """The address, the secret of a browser session, and the shop."""
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="harness-pictures-"))
        # What these agents trust is not recorded among what the person here has trusted.
        os.environ["XDG_CONFIG_HOME"] = os.environ["XDG_STATE_HOME"] = folder
        model = await stack.enter_async_context(ModelServer())
        provider = {"kind": "openai", "base_url": model.openai, "api_key": "none"}
        settings = settings_model().model_validate(
            {"model": "openai/gpt-5", "providers": {"openai": provider}}
        )
        opening = Harness.local(project=Path(folder), settings=settings)
        harness = await stack.enter_async_context(opening)
        for agent in desk.AGENTS:
            await harness.serve(agent)
        address = Address("127.0.0.1", 0)
        connection = harness.connection
        daemon = await stack.enter_async_context(open_daemon(connection, ApiSettings(), address))
        await create_user(connection, USER, Role.ADMIN)
        _, token = await create_token(connection, user=USER)
        headers = {"Authorization": f"Bearer {token}"}
        client = httpx.AsyncClient(base_url=daemon.url, headers=headers, timeout=PATIENCE_S)
        api = await stack.enter_async_context(client)
        _, secret = await exchange_code(connection, await create_sign_in_code(connection, USER))
        yield daemon.url, secret, Shop(api, model, {})


async def main(chosen: argparse.Namespace) -> None:
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
    if path is None:
        raise SystemExit("Chromium is not installed: apt-get install chromium")
    async with open_shop() as (url, secret, shop), async_playwright() as playwright:
        await do_work(shop)
        browser = await playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        await take(browser, url, secret, shop, chosen)
        await browser.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", default="")
    parser.add_argument("--out", default=str(OUT))
    asyncio.run(main(parser.parse_args()))
