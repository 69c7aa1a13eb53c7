"""`harness login` and `logout`: which daemon commands use, and the API token for it."""

from __future__ import annotations

import getpass
import os
import sys
from argparse import Namespace
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any

from harness.cli.context import open_daemon
from harness.cli.out import Out
from harness.cli.parser import UsageError
from harness.config.logins import (
    MAX_TOKEN,
    Logins,
    Server,
    is_token,
    read_logins,
    remove_login,
    save_login,
)
from harness.config.server_address import parse_server
from harness.contracts.errors import NotLoggedIn
from harness.terminal import exit_codes
from harness.terminal.input.keyboard import at_terminal
from harness.version import __version__


def log_in(args: Namespace, out: Out) -> int | Coroutine[Any, Any, int]:
    """Read the token before any event loop runs, which would swallow a Ctrl-C at the prompt."""
    if args.list:
        if args.url is not None:
            raise UsageError("--list takes no URL.", "Omit it.")
        return _list_logins(read_logins(), out)
    if args.url is None:
        raise UsageError("No daemon is named.", "harness login https://harness.example.org")
    url = parse_server(args.url, plain_http=args.plain_http)
    token = _read_token(url, out, piped=args.token_stdin)
    return _log_in(Server(url, token, args.plain_http), out)


async def _log_in(server: Server, out: Out) -> int:
    url = server.url
    async with open_daemon(server) as backend:
        me, version = await backend.read_me(), await backend.read_version()
    save_login(server)
    if out.json:
        out.line({"server": url, "user": me.user, "role": me.role.value, "default": True})
        return exit_codes.DONE
    out.raw(f"Logged in to {url} as {me.user} ({me.role.value}).")
    out.note("Commands use it from now on. For this machine's stack: --server local")
    if version != __version__:
        out.note(
            f"The daemon is version {version[:50]}, this is {__version__}: upgrade the older one."
        )
    if os.environ.get("HARNESS_SERVER"):
        out.note("HARNESS_SERVER is set and takes precedence.")
    return exit_codes.DONE


async def log_out(args: Namespace, out: Out) -> int:
    logins = read_logins()
    url = logins.default if args.url is None else _known_url(args.url, logins)
    if url is None or url not in logins.servers:
        raise NotLoggedIn(
            f"You are not logged in{f' to {url}' if url else ''}.",
            fix="See where you are: harness login --list",
        )
    remove_login(url)
    if out.json:
        out.line({"server": url, "state": "logged out"})
        return exit_codes.DONE
    out.raw(f"Logged out of {url}: its token is deleted here.")
    out.note("The token stays valid until it expires or is revoked: harness token revoke ID")
    return exit_codes.DONE


def _known_url(text: str, logins: Logins) -> str:
    """The address in its one form. One that is stored was accepted before."""
    return parse_server(text, plain_http=any(each.plain_http for each in logins.servers.values()))


def _read_token(url: str, out: Out, *, piped: bool) -> str:
    """The token, from the terminal without showing it, or from stdin. Never from the command line,
    which other users of the machine can read."""
    text = ""
    if at_terminal() and not piped and not out.json:
        with suppress(EOFError):
            text = getpass.getpass(f"API token for {url}: ", stream=sys.stderr)
    else:
        with suppress(UnicodeDecodeError):
            text = sys.stdin.read(MAX_TOKEN + 2)
    token = text.strip()
    if not is_token(token):
        raise UsageError(
            "No API token was given." if not token else "This is not an API token.",
            "Create one on the daemon's machine: harness token create",
        )
    return token


def _list_logins(logins: Logins, out: Out) -> int:
    for url in sorted(logins.servers):
        default = url == logins.default
        if out.json:
            out.line({"server": url, "default": default})
        else:
            out.raw(f"{url}  (default)" if default else url)
    if not logins.servers:
        out.note("You are not logged in anywhere. To log in: harness login URL")
    return exit_codes.DONE
