"""`harness mcp login` and `logout`: sign in to an MCP server with the browser, and out again."""

from __future__ import annotations

import asyncio
import os
import sys
import webbrowser
from argparse import Namespace
from contextlib import suppress
from functools import partial
from pathlib import Path

from harness.agent.mcp_server import McpServer
from harness.cli.out import Out
from harness.cli.parser import UsageError
from harness.mcp_tools.servers import Servers
from harness.mcp_tools.sign_in.login import Person, sign_in, sign_out
from harness.mcp_tools.sign_in.status import describe_status, read_status
from harness.terminal import exit_codes
from harness.terminal.input.keyboard import read_line


async def log_in(
    servers: Servers, server: McpServer, project: Path, args: Namespace, out: Out
) -> int:
    """Sign in, then connect to see that it works."""
    _check_server(server)
    show = partial(_show_link, server, out, not args.no_browser)
    await sign_in(server, project, Person(show, _read_pasted, out.note))
    async with servers.connect(server).use() as (_, declared):
        pass
    status = read_status(project, server)
    if out.json:
        out.line({"name": server.name, "tools": len(declared), "sign_in": status})
        return exit_codes.DONE
    words = describe_status(server, status) or "signed in"
    out.raw(f"{server.name}: {words}. It declares {len(declared)} tools.")
    return exit_codes.DONE


async def log_out(server: McpServer, project: Path, out: Out) -> int:
    _check_server(server)
    revoked = await sign_out(server, project)
    if out.json:
        out.line({"name": server.name, "state": "signed out", "revoked": revoked})
    elif revoked is None:
        out.note(f"You were not signed in to {server.name}.")
    elif revoked:
        out.raw(f"Signed out of {server.name}: its tokens are revoked and removed.")
    else:
        out.raw(f"Signed out of {server.name}: its tokens are removed here.")
        out.note("They were not revoked there: they count until they expire.")
    return exit_codes.DONE


def _check_server(server: McpServer) -> None:
    if not server.url:
        raise UsageError(
            f"{server.name} is a program on this machine, which needs no sign-in.",
            "Pass secrets to it with env.",
        )
    if server.auth is not None:
        raise UsageError(
            f"{server.name} has a fixed secret, auth.", "Remove auth to sign in instead."
        )
    if server.oauth.grant == "client_credentials":
        raise UsageError(
            f"Workers sign in to {server.name} by themselves, with client credentials.",
            f"Check them: harness mcp check {server.name}",
        )


def _show_link(server: McpServer, out: Out, use_browser: bool, url: str) -> None:
    if out.json:
        out.line({"name": server.name, "open": url})
    else:
        out.raw(f"Sign in to {server.name} in your browser:\n\n{url}\n")
    opened = use_browser and _open_browser(url)
    if not out.json and not opened and sys.stdin.isatty():
        out.note(
            "If the browser runs on another machine, it ends at an address that it cannot load. "
            "Paste that address here:"
        )


def _open_browser(url: str) -> bool:
    """Open the link where there is a browser with windows: one in this terminal would take it."""
    if sys.platform == "darwin" or any(
        os.environ.get(each) for each in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")
    ):
        with suppress(webbrowser.Error, OSError):
            return webbrowser.open(url)
    return False


async def _read_pasted() -> str | None:
    """Read what a person pastes. Without a terminal there is only the browser."""
    if not sys.stdin.isatty():
        await asyncio.Event().wait()
    return await read_line()
