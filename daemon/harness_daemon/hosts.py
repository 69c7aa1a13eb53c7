"""The names under which the daemon is reached. A page of another site could otherwise point its own
name at this machine (DNS rebinding) and read what it answers."""

from __future__ import annotations

from collections.abc import Iterable

from harness.contracts.errors import WrongOrigin

LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
SHOWN = 100


def bracket_host(host: str) -> str:
    """A host as addresses write it: IPv6 in brackets."""
    return f"[{host}]" if ":" in host else host


class Hosts:
    """Checks the Host and Origin headers of requests."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names = frozenset(name.lower() for name in names)

    @classmethod
    def of_server(cls, host: str, port: int, configured: Iterable[str]) -> Hosts:
        """The names of a server that listens on `host` and `port`."""
        listening = (*LOOPBACK, bracket_host(host))
        return cls((*(f"{name}:{port}" for name in listening), *configured))

    def check_host(self, host: str | None) -> None:
        """Raise WrongOrigin unless a request's Host header names this daemon."""
        if host is None or host.lower() not in self._names:
            raise WrongOrigin(f"The request is for the host {(host or '')[:SHOWN]!r}.")

    def check_origin(self, origin: str | None) -> None:
        """Raise WrongOrigin if a request's Origin header names another site."""
        if origin is None:
            return
        scheme, _, name = origin.partition("://")
        if scheme not in ("http", "https") or name.lower() not in self._names:
            raise WrongOrigin(f"The request comes from a page of {origin[:SHOWN]!r}.")
