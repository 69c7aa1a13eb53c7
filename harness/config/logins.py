"""The daemons that this user is logged in to, with an API token for each.

In a file of its own that only the user can read, replaced atomically. A token is stored for one
address and sent to no other.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from harness.commons.files import write_private
from harness.config._owned import read_own
from harness.config.server_address import parse_server
from harness.config.trust import hold_lock, user_folder
from harness.contracts.errors import InvalidServer, InvalidValue

MAX_TOKEN = 500


@dataclass(frozen=True)
class Server:
    """A daemon on another machine, and the token for it."""

    url: str
    token: str = field(repr=False)
    plain_http: bool = False
    """Whether the user accepts that the token is sent unencrypted."""


@dataclass(frozen=True)
class Logins:
    """The daemons by their address, and which one commands use by default."""

    servers: Mapping[str, Server] = field(default_factory=dict[str, Server])
    default: str | None = None


def logins_file() -> Path:
    """The file that holds the tokens."""
    return user_folder() / "servers.json"


def is_token(text: str) -> bool:
    """Whether the text can be a token: it goes into a header, and nowhere else."""
    return 0 < len(text) <= MAX_TOKEN and text.isascii() and text.isprintable() and " " not in text


def read_logins() -> Logins:
    """Read the file; without one, nothing is known.

    Raises:
        InvalidValue: Others can read or change it, or it is damaged.
    """
    file = logins_file()
    content = read_own(file, secret=True)
    if content is None:
        return Logins()
    try:
        data: Any = json.loads(content or b"{}")
        servers = {
            str(url): _read_server(str(url), each)
            for url, each in cast("dict[str, Any]", data["servers"]).items()
        }
        default = data["default"]
        return Logins(servers, default if default in servers else None)
    except (InvalidServer, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise _damaged(file) from None


def save_login(server: Server) -> None:
    """Store a token, in place of an earlier one for the address, which becomes the default."""
    _change(lambda known: Logins({**known.servers, server.url: server}, server.url))


def remove_login(url: str) -> None:
    """Forget the token for an address."""

    def remove(known: Logins) -> Logins:
        left = {each: server for each, server in known.servers.items() if each != url}
        return Logins(left, known.default if known.default in left else None)

    _change(remove)


def _read_server(url: str, data: Any) -> Server:
    token, plain = data["token"], data.get("plain_http") is True
    if parse_server(url, plain_http=plain) != url or not isinstance(token, str):
        raise ValueError
    if not is_token(token):
        raise ValueError
    return Server(url, token, plain)


def _change(change: Callable[[Logins], Logins]) -> None:
    file = logins_file()
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with hold_lock(file.with_name("servers.lock")):
            _save(file, change(read_logins()))
    except OSError as error:
        raise InvalidValue(
            f"{file} cannot be written: {error}",
            fix="Set XDG_CONFIG_HOME to a writable folder, or use HARNESS_TOKEN instead.",
        ) from None


def _save(file: Path, logins: Logins) -> None:
    servers = {
        url: {"token": each.token, **({"plain_http": True} if each.plain_http else {})}
        for url, each in logins.servers.items()
    }
    write_private(file, json.dumps({"default": logins.default, "servers": servers}, indent=1))


def _damaged(file: Path) -> InvalidValue:
    return InvalidValue(f"{file} is damaged.", fix="Remove it, and log in again: harness login URL")
