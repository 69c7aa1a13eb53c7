"""Which hosts and addresses a tool may reach."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Sequence

from harness.contracts.errors import ToolError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# Networks that carry an IPv4 address inside: what they lead to counts.
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_UNICAST = ipaddress.ip_network("2000::/3")
"""All of IPv6 that has been given out to the public."""
# Public by its number, but inside Azure it is the host's own metadata service.
_AZURE = ipaddress.ip_address("168.63.129.16")


def host_allowed(host: str, allow: Sequence[str]) -> bool:
    """`host` is in the list, below a `*.domain` of it, or the list holds `*`."""
    for pattern in allow:
        wanted = pattern.lower().rstrip(".")
        if wanted in ("*", host) or (wanted.startswith("*.") and host.endswith(wanted[1:])):
            return True
    return False


def is_public(address: Address) -> bool:
    if isinstance(address, ipaddress.IPv6Address):
        inner = _inner(address)
        if inner is not None:
            return is_public(inner)
        if address not in _UNICAST:
            return False
    return address.is_global and not address.is_multicast and address != _AZURE


async def resolve(host: str, port: int, *, allow_private: bool) -> str:
    """An address of `host` that may be reached. Connect to this one and not to the name, which
    may lead elsewhere the next time it is looked up."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        gone = isinstance(error, socket.gaierror) and error.errno == socket.EAI_AGAIN
        raise ToolError(
            "temporary" if gone else "failed", f"The host {host} cannot be found: {error}."
        ) from None
    addresses = list(dict.fromkeys(str(each[4][0]) for each in found))
    if not allow_private:
        for text in addresses:
            # One private address refuses the whole name: it would be a way around.
            if not is_public(ipaddress.ip_address(text)):
                raise ToolError(
                    "confined",
                    f"{host} leads to {text}, which is not a public address. Whoever runs this "
                    "may allow it: allow_private = true under [http] in harness.toml.",
                )
    return addresses[0]


def _inner(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    teredo = address.teredo
    return address.ipv4_mapped or address.sixtofour or (teredo[1] if teredo else None)
