"""Origins of requests: scheme, host and port, which decide on headers and undo."""

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
# Stricter than parsers, which disagree about backslashes, encoded hosts and non-ASCII digits.
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
    """Return the origin of `url`; raises ToolError if parsers could disagree."""
    import httpx

    if "@" in re.split("[/?#]", url.partition("://")[2], maxsplit=1)[0]:
        raise OutsideConfines("Addresses with a user name or password are refused.")
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
    """Parse an origin that the author of a tool declared: `https://host[:port]`, or a host alone,
    which means https on port 443."""
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
    """What the author of a tool declared about origins."""

    headers: Mapping[Origin, Mapping[str, str]]
    """Headers by origin."""
    undo: frozenset[Origin]
    """Origins that an undo may access besides that of the request it undoes."""

    @classmethod
    def from_declarations(
        cls, headers: Mapping[str, Mapping[str, str]], undo: Iterable[str]
    ) -> Trust:
        return cls(
            {declared_origin(name): own for name, own in headers.items()},
            frozenset(declared_origin(name) for name in undo),
        )

    def headers_for(self, url: str, *, plain: bool) -> Mapping[str, str]:
        """Return the headers for the origin of `url`. `plain`: whether they may be sent over
        http."""
        origin = origin_of(url)
        own = self.headers.get(origin)
        if origin.scheme == "https":
            return own or {}
        if own and not plain:
            raise OutsideConfines(f"Headers for {origin} are sent over https only.")
        secured = next((o for o in self.headers if o.host == origin.host and o != origin), None)
        if own is None and secured is not None:
            # Without its headers, the request would fail for an obscure reason.
            raise OutsideConfines(
                f"Headers for {secured} are sent over https only, not to {origin}. "
                f"Use {secured}, or declare headers for {origin}.",
            )
        return own or {}

    def check_undo(self, url: str, undone: str, *, answered: bool = False) -> None:
        """Refuse an undo at `url` that would leave the origin of the undone request.

        `answered`: the answer supplied the URL, so that even declared origins are refused."""
        target, own = origin_of(url), origin_of(undone)
        if target == own or (target in self.undo and not answered):
            return
        raise OutsideConfines(
            f"The undo may not access {target}, only {own}, where the request was sent. The "
            "agent's author can allow other origins: http_tools(undo_origins=[...]).",
        )
