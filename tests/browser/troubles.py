"""What may not happen in a browser that shows the page: errors, refusals of its policy, requests
that fail or that leave for another host."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from playwright.async_api import (
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    Response,
    WebError,
    WebSocket,
)

INSIDE = ("data:", "blob:", "about:")
LEFT = "net::ERR_ABORTED"
"""A request whose page has gone elsewhere, or that the page itself gave up."""
SHOWN_TWICE = "Failed to load resource"
"""Chromium says it of an answer that `_take_response` sees with its address."""


class Troubles:
    """Watches contexts of one test. What the test brings about itself is allowed by name:
    `troubles.allow("401 GET .*/me")`, a regular expression that is searched for."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.sockets: list[str] = []
        """The addresses of all WebSockets that were opened."""
        self._allowed: list[re.Pattern[str]] = []

    def allow(self, *patterns: str) -> None:
        self._allowed += [re.compile(pattern) for pattern in patterns]

    def watch(self, context: BrowserContext, host: str) -> None:
        """Watch all pages of a context, which may talk to this host alone."""

        def check_address(url: str) -> None:
            if not url.startswith(INSIDE) and urlsplit(url).netloc != host:
                self.seen.append(f"request to another host: {url[:300]}")

        def take_socket(socket: WebSocket) -> None:
            self.sockets.append(socket.url)
            check_address(socket.url)

        def take_page(page: Page) -> None:
            page.on("websocket", take_socket)
            page.on("crash", lambda _: self.seen.append("the page crashed"))

        context.on("request", lambda request: check_address(request.url))
        context.on("requestfailed", self._take_failure)
        context.on("response", self._take_response)
        context.on("console", self._take_console)
        context.on("weberror", self._take_error)
        context.on("page", take_page)

    def check(self) -> None:
        """Fail for what was seen and is not allowed."""
        left = [
            trouble
            for trouble in dict.fromkeys(self.seen)
            if not any(pattern.search(trouble) for pattern in self._allowed)
        ]
        assert not left, "\n".join(["troubles in the browser:", *left])

    def _take_failure(self, request: Request) -> None:
        if request.failure != LEFT:
            self.seen.append(f"failed: {request.method} {request.url[:300]} {request.failure}")

    def _take_response(self, response: Response) -> None:
        if response.status >= 400:
            self.seen.append(f"{response.status} {response.request.method} {response.url[:300]}")

    def _take_console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not message.text.startswith(SHOWN_TWICE):
            self.seen.append(f"console {message.type}: {message.text[:1000]}")

    def _take_error(self, error: WebError) -> None:
        self.seen.append(f"page error: {error.error}")
