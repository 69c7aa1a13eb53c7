"""Decide which hosts and addresses a tool may connect to."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Sequence

from harness.contracts.errors import OutsideConfines, ToolFailed, ToolUnavailable
from harness.tools.web.names import resolve_name

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_SPECIAL = [
    ipaddress.ip_network(each)
    for each in (
        # https://www.iana.org/assignments/iana-ipv4-special-registry
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16",
        "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24",
        "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24",
        "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
        # https://www.iana.org/assignments/iana-ipv6-special-registry, as far as it is in 2000::/3.
        # 2001::/23 has Teredo, ORCHID and benchmarking; 2002::/16 is 6to4.
        "2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20",
    )
]  # fmt: skip
"""Special-purpose ranges, independent of the Python version."""
_UNICAST = ipaddress.ip_network("2000::/3")
"""The public part of IPv6. Outside are addresses that embed IPv4 (mapped, NAT64), and private,
local and multicast ones."""
# A public address, but inside Azure it is the host's metadata service.
_AZURE = ipaddress.ip_address("168.63.129.16")


def host_allowed(host: str, allow: Sequence[str]) -> bool:
    """Whether `host` is in the list, matches a `*.domain`, or the list contains `*`."""
    for pattern in allow:
        wanted = pattern.lower().rstrip(".")
        if wanted in ("*", host) or (wanted.startswith("*.") and host.endswith(wanted[1:])):
            return True
    return False


def is_public(address: Address) -> bool:
    if isinstance(address, ipaddress.IPv6Address) and address not in _UNICAST:
        return False
    return address != _AZURE and not any(
        address in network for network in _SPECIAL if network.version == address.version
    )


ADVICE = "To allow it, set allow_private = true under [http] in harness.toml."


async def resolve_host(
    host: str, port: int, *, allow_private: bool, asker: str, advice: str = ADVICE
) -> str:
    """Resolve `host` to an address that is allowed. Connect to this address, not to the name,
    which may resolve differently the next time. `asker`: see `resolve_name`."""
    try:
        addresses = await resolve_name(host, port, asker)
    except (OSError, UnicodeError) as error:
        gone = isinstance(error, socket.gaierror) and error.errno == socket.EAI_AGAIN
        kind = ToolUnavailable if gone else ToolFailed
        raise kind(f"The host {host} cannot be resolved: {error}.") from None
    # One private address refuses the whole name; otherwise it would be a loophole. Which one it is
    # stays here: names of an inner network are not for everyone who may ask.
    if not allow_private and not all(is_public(ipaddress.ip_address(each)) for each in addresses):
        raise OutsideConfines(f"{host} has an address that is not public. {advice}")
    return addresses[0]
