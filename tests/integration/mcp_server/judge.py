"""The conformance suite of MCP, run against a daemon. It sends no token: one is added."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from harness.access.authenticate import authenticate
from harness.access.revocations import Revocations
from harness.api.context import ApiContext
from harness.api.counts import Counts
from harness.api.settings import ApiSettings
from harness.engine.connection import Connection
from harness_daemon.app import make_app
from harness_daemon.hosts import Hosts
from harness_daemon.page.page import Page
from harness_daemon.server import listen_on, serve_app
from tests.fakes.npm import run_node

SUITE = "node_modules/@modelcontextprotocol/conformance/dist/index.js"
PASSED = ("SUCCESS", "INFO", "SKIPPED")


class WithToken:
    """Adds the token that the suite does not send, before the gate sees the request."""

    def __init__(self, app: ASGIApp, token: str) -> None:
        self._app = app
        self._header = (b"authorization", f"Bearer {token}".encode())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app({**scope, "headers": [*scope["headers"], self._header]}, receive, send)


@asynccontextmanager
async def open_signed_in(
    connection: Connection, token: str
) -> AsyncGenerator[tuple[str, ApiContext]]:
    """A daemon whose clients are all signed in: its address, and what its requests share."""
    settings = ApiSettings()
    listening = listen_on("localhost", 0)
    port = listening.getsockname()[1]
    revocations = Revocations(connection)
    context = ApiContext.of(connection, settings, revocations.wait_revoked)
    hosts = Hosts.of_server("localhost", port, ())
    app = make_app(context, partial(authenticate, connection), hosts, Page(None))
    serving = serve_app(WithToken(app, token), listening, 20.0, 20.0, Counts())
    try:
        async with serving:
            yield f"http://localhost:{port}", context
            await context.parts.close()
    finally:
        await revocations.close()
        listening.close()


@dataclass(frozen=True)
class Check:
    """One thing that the suite checks."""

    scenario: str
    id: str
    status: str
    message: str

    @property
    def failed(self) -> bool:
        return self.status not in PASSED


async def judge(url: str, scenario: str, version: str, results: Path) -> list[Check]:
    """Run one scenario of the suite."""
    folder = results / f"{scenario}-{version}"
    code, out, err = await run_node(
        SUITE, "server", "--url", url, "--scenario", scenario, "--spec-version", version,
        "--output-dir", str(folder),
    )  # fmt: skip
    files = list(folder.rglob("checks.json"))
    assert files, (scenario, code, out[-2000:], err[-2000:])
    found: list[dict[str, Any]] = json.loads(files[0].read_text())
    return [
        Check(scenario, each["id"], each["status"], each.get("errorMessage") or "")
        for each in found
    ]
