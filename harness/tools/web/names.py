"""Resolve host names, in threads of their own.

The system's resolver blocks its thread until it gives up, and nothing can interrupt it. In the
threads that the event loop shares, a few names whose server never answers would hold up everything
else that runs there. So whoever asks has a few threads, and waits for them alone.
"""

from __future__ import annotations

import asyncio
import socket
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any
from weakref import WeakValueDictionary

THREADS = 4
"""How many names are resolved at a time for one asker."""

_resolvers: WeakValueDictionary[str, ThreadPoolExecutor] = WeakValueDictionary()
"""By asker. The threads end once no name is being resolved for them."""


async def resolve_name(host: str, port: int, asker: str) -> list[str]:
    """Resolve a name to its addresses, in the system's order.

    Args:
        host: The name, or an address.
        port: The port that will be connected to.
        asker: On whose behalf: a run, or what else asks for a user.

    Raises:
        OSError: The name cannot be resolved.
        UnicodeError: It is not a host name.
    """
    threads = _resolvers.get(asker)
    if threads is None:
        threads = _resolvers[asker] = ThreadPoolExecutor(THREADS, "resolve-name")
    found = threads.submit(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)

    def hold(_: Future[Any], _threads: ThreadPoolExecutor = threads) -> None:
        """Keep the threads as long as this one is busy, also after the caller has given up."""

    found.add_done_callback(hold)
    return list(dict.fromkeys(str(each[4][0]) for each in await asyncio.wrap_future(found)))
