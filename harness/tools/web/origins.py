"""Origins of requests: scheme, host and port, which decide what a request may carry."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from harness.contracts.errors import (
    InvalidAgent,
    OutsideConfines,
    ToolError,
    ToolFailed,
)

_PORTS = {"https": 443, "http": 80}
# Stricter than parsers, which disagree about the rest: a backslash, an encoded host, other digits.
_ADDRESS = re.compile(
    r"(?P<scheme>https?)://(?P<host>\[[0-9a-f:.]+\]|[^\s/?#\\@:%*\[\]{}]+)(?::(?P<port>[0-9]{1,5}))?"
    r"(?=[/?#]|$)",
    re.IGNORECASE,
)
_BARE = re.compile(r"[^\s/?#\\@:%*\[\]{}]+", re.IGNORECASE)


class Origin(NamedTuple):
    scheme: str
    host: str
    """Lower case, in ASCII, without a trailing dot."""
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == _PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{host}{port}"


def origin_of(url: str) -> Origin:
    """The origin that a request to `url` reaches; ToolError where parsers could disagree."""
    import httpx

    if "@" in re.split("[/?#]", url.partition("://")[2], maxsplit=1)[0]:
        raise OutsideConfines("An address with a user name or password is refused.")
    found = _ADDRESS.match(url)
    if found is None:
        raise ToolFailed(f"{url!r} is not a valid http or https address.")
    try:
        host = httpx.URL(url).raw_host.decode().strip("[]").lower().rstrip(".")
    except (httpx.InvalidURL, UnicodeError) as error:
        raise ToolFailed(f"{url!r} is not a valid http or https address: {error}.") from None
    scheme = found["scheme"].lower()
    port = int(found["port"]) if found["port"] else _PORTS[scheme]
    if not host or not 0 < port < 65_536:
        raise ToolFailed(f"{url!r} is not a valid http or https address.")
    return Origin(scheme, host, port)


def declared_origin(text: str) -> Origin:
    """An origin as the author of a tool writes it: `https://host[:port]`, or a host alone, which
    means https on port 443."""
    url = f"https://{text}" if _BARE.fullmatch(text) else text
    found = _ADDRESS.fullmatch(url)
    try:
        if found is not None:
            return origin_of(url)
    except ToolError:
        pass
    raise InvalidAgent(
        f"{text!r} is not an origin.",
        fix="Write https://host or https://host:port, without a path.",
    )


class Trust(NamedTuple):
    """What the author of a tool wrote about origins."""

    headers: Mapping[Origin, Mapping[str, str]]
    """Headers by the origin they are for."""
    undo: frozenset[Origin]
    """Where an undo may go besides the origin of the request that it undoes."""

    @classmethod
    def declared(cls, headers: Mapping[str, Mapping[str, str]], undo: Iterable[str]) -> Trust:
        return cls(
            {declared_origin(name): own for name, own in headers.items()},
            frozenset(declared_origin(name) for name in undo),
        )

    def headers_for(self, url: str, *, plain: bool) -> Mapping[str, str]:
        """The headers of the origin of `url`. `plain`: whether they may go over http."""
        origin = origin_of(url)
        own = self.headers.get(origin)
        if origin.scheme == "https":
            return own or {}
        if own and not plain:
            raise OutsideConfines(f"Headers for {origin} are sent over https only.")
        secured = next((o for o in self.headers if o.host == origin.host and o != origin), None)
        if own is None and secured is not None:
            # Sent without its headers, it would fail in a way that nobody understands.
            raise OutsideConfines(
                f"Headers for {secured} are sent over https only, not to {origin}. "
                f"Use {secured}, or declare headers for {origin}.",
            )
        return own or {}

    def check_undo(self, url: str, undone: str, *, answered: bool = False) -> None:
        """Refuse an undo at `url` of a request to `undone` that would leave its origin.

        `answered`: the answer named the address, so that even a declared origin is refused."""
        target, own = origin_of(url), origin_of(undone)
        if target == own or (target in self.undo and not answered):
            return
        raise OutsideConfines(
            f"The undo may not reach {target}: it stays at {own}, where the request went. Whoever "
            "wrote the agent may allow other origins: http_tools(undo_origins=[...]).",
        )
