"""The page of one test: its daemon, its agents, and people who are signed in."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import httpx
from playwright.async_api import Browser, BrowserContext, Page

from harness import Agent, Harness
from harness.access.client import create_token, create_user
from harness.access.sign_in import COOKIE, create_sign_in_code, exchange_code
from harness.api.caller import Role
from tests.browser.troubles import Troubles
from tests.fakes.model_server import ModelServer

PATIENCE_MS = 25_000
"""A busy machine is no failure."""


@dataclass
class Site:
    """The page as a daemon serves it, and who uses it."""

    url: str
    harness: Harness
    model: ModelServer
    """What all agents ask: `site.model.script(say("Hello."))`."""
    browser: Browser
    troubles: Troubles
    name: str
    """Of an agent, and with it a queue, that no other test uses."""
    _stack: AsyncExitStack
    _users: set[str] = field(default_factory=set[str])
    _clients: dict[tuple[str, Role], httpx.AsyncClient] = field(
        default_factory=dict[tuple[str, Role], httpx.AsyncClient]
    )

    @property
    def user(self) -> str:
        """Who signs in unless another name is given. People see only their own runs, so nothing of
        other tests."""
        return f"user-{self.name}"

    async def serve(self, **declared: Any) -> Agent[Any, Any]:
        """Serve an agent of the test's name: `await site.serve(tools=[send])`."""
        agent = Agent(declared.pop("name", self.name), **declared)
        await self.harness.serve(agent)
        return agent

    async def start(self, prompt: str, user: str | None = None, **more: Any) -> str:
        """Start a run as a user; its id."""
        client = await self.client(user)
        answer = await client.post(
            "/api/v1/runs", json={"agent": self.name, "prompt": prompt, **more}
        )
        assert answer.status_code == 201, answer.text
        return answer.json()["id"]

    async def client(
        self, user: str | None = None, role: Role = Role.OPERATOR
    ) -> httpx.AsyncClient:
        """A program that calls the API as a user."""
        user = await self._known(user, role)
        if (user, role) in self._clients:
            return self._clients[user, role]
        _, token = await create_token(self.harness.connection, user=user, role=role)
        headers = {"Authorization": f"Bearer {token}"}
        opened = httpx.AsyncClient(base_url=self.url, headers=headers, timeout=30)
        self._clients[user, role] = await self._stack.enter_async_context(opened)
        return opened

    async def make_link(self, user: str | None = None, role: Role = Role.OPERATOR) -> str:
        """A link that signs a browser in, once."""
        user = await self._known(user, role)
        return f"{self.url}/sign-in?code={await create_sign_in_code(self.harness.connection, user)}"

    async def open_browser(
        self, *, dark: bool = False, width: int = 1280, height: int = 900, **more: Any
    ) -> BrowserContext:
        """A browser of its own that nobody is signed in to. Its troubles fail the test."""
        context = await self.browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
            **more,
        )
        context.set_default_timeout(PATIENCE_MS)
        self._stack.push_async_callback(context.close)
        self.troubles.watch(context, urlsplit(self.url).netloc)
        return context

    async def sign_in(
        self,
        user: str | None = None,
        role: Role = Role.OPERATOR,
        *,
        path: str = "/runs",
        **browser: Any,
    ) -> Page:
        """A page in a browser of its own that a user is signed in to. More tabs of the same
        browser: `await page.context.new_page()`."""
        user = await self._known(user, role)
        context = await self.open_browser(**browser)
        connection = self.harness.connection
        _, secret = await exchange_code(connection, await create_sign_in_code(connection, user))
        await context.add_cookies(
            [
                {
                    "name": COOKIE,
                    "value": secret,
                    "url": self.url,
                    "httpOnly": True,
                    "sameSite": "Strict",
                }
            ]
        )
        page = await context.new_page()
        await page.goto(self.url + path)
        return page

    async def _known(self, user: str | None, role: Role) -> str:
        if user is None:
            user = self.user if role is Role.OPERATOR else f"{role}-{self.name}"
        if user != "local" and user not in self._users:
            self._users.add(user)
            await create_user(self.harness.connection, user, role)
        return user


@asynccontextmanager
async def open_site(**parts: Any) -> AsyncGenerator[Site]:
    """A site until the block ends; then every browser is closed and their troubles are judged."""
    async with AsyncExitStack() as stack:
        site = Site(**parts, _stack=stack)
        yield site
    site.troubles.check()
