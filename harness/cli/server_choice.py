"""Which daemon a command uses: as --server, HARNESS_SERVER or `harness login` say; or none."""

from __future__ import annotations

import os
from argparse import Namespace

from harness.cli.spec import Command
from harness.config.logins import Logins, Server, is_token, read_logins
from harness.config.server_address import parse_server
from harness.contracts.clean_text import clean_line
from harness.contracts.errors import InvalidValue, NotLoggedIn, NotRemote

LOCAL = "local"
"""In place of an address: the project's own stack."""


def choose_server(command: Command, option: str | None) -> Server | None:
    """The daemon that the command is to use, with its token; None for the project's own stack.

    Raises:
        NotRemote: A daemon was chosen, and the command works on the stack alone.
        NotLoggedIn: No token is known for the daemon.
        InvalidServer: The address is not one that a token may be sent to.
    """
    named = option or os.environ.get("HARNESS_SERVER") or None
    if named == LOCAL:
        return None
    logins = read_logins()
    chosen = named or logins.default
    if chosen is None:
        return None
    if command.works == "stack":
        raise NotRemote(
            f"`harness {command.name}` works only on the project's own stack, not through a daemon "
            f"({clean_line(chosen[:100])})."
        )
    return _find_server(named, logins) if named else logins.servers[chosen]


def _find_server(named: str, logins: Logins) -> Server:
    """The daemon at an address. HARNESS_TOKEN belongs to HARNESS_SERVER; without that variable, to
    the address on the command line."""
    plain = named.startswith("http://") and any(
        each.plain_http for each in logins.servers.values() if each.url == named.rstrip("/")
    )
    url = parse_server(named, plain_http=plain)
    meant, token = os.environ.get("HARNESS_SERVER"), os.environ.get("HARNESS_TOKEN")
    if token and (not meant or (meant != LOCAL and parse_server(meant, plain_http=plain) == url)):
        if not is_token(token):
            raise InvalidValue("HARNESS_TOKEN is not an API token.", fix="Correct or unset it.")
        return Server(url, token, plain)
    if url not in logins.servers:
        raise NotLoggedIn(f"No API token is stored for {url}.", fix=f"Log in: harness login {url}")
    return logins.servers[url]


def refuse_remote(args: Namespace, *names: str) -> None:
    """Refuse options that work on a stack alone, if a daemon was chosen."""
    if args.server is None:
        return
    for name in names:
        if getattr(args, name):
            raise NotRemote(
                f"--{name.replace('_', '-')} works only on the project's own stack, "
                f"not through a daemon ({args.server.url})."
            )
