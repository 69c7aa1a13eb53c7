"""The address of a daemon on another machine, and whether a token may be sent there."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urlsplit

from harness.contracts.errors import InvalidServer

MAX_ADDRESS = 500
SCHEMES = {"https": 443, "http": 80}
_HOST = re.compile(r"[a-z0-9]([a-z0-9._-]{0,252}[a-z0-9])?")


def parse_server(text: str, *, plain_http: bool = False) -> str:
    """The address in its one form, such as `https://harness.example.org:8443`.

    Args:
        text: What a person or a variable says.
        plain_http: Also accept `http://` to another machine, where anyone on the way reads the
            token.

    Raises:
        InvalidServer: It is not an address, or a token must not be sent there.
    """
    shown = ascii(text[:100])
    if len(text) > MAX_ADDRESS or not text.isascii() or not text.isprintable() or " " in text:
        raise InvalidServer(f"{shown} is not an address: write host names in ASCII (punycode).")
    if "://" not in text:
        raise InvalidServer(
            f"{shown} is not an address: its scheme is missing.", fix=f"Try https://{text[:100]}"
        )
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise InvalidServer(f"{shown} is not an address: {error}.") from None
    host = (parts.hostname or "").rstrip(".")
    if parts.scheme not in SCHEMES or not _is_host(host) or port == 0:
        raise InvalidServer(f"{shown} is not an address of a daemon.")
    if "@" in parts.netloc:  # it would be shown, and stored with the address
        raise InvalidServer("The address contains a user name or a password.", fix="Omit them.")
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise InvalidServer(f"{shown} has a path.", fix="Give only scheme, host and port.")
    if parts.scheme == "http" and not (plain_http or is_loopback(host)):
        raise InvalidServer(
            f"{shown} is not encrypted: anyone on the network path could read the token.",
            fix=f"Use https://{host}. In a network that you trust: harness login --plain-http URL",
        )
    named = f"[{host}]" if ":" in host else host
    suffix = "" if port in (None, SCHEMES[parts.scheme]) else f":{port}"
    return f"{parts.scheme}://{named}{suffix}"


def is_loopback(host: str) -> bool:
    """Whether the name or address is this machine's own."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _is_host(host: str) -> bool:
    if ":" not in host:
        return bool(_HOST.fullmatch(host)) and ".." not in host
    try:
        return ipaddress.ip_address(host).version == 6 and "%" not in host
    except ValueError:
        return False
