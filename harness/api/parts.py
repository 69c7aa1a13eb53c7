"""What capabilities keep in a daemon beside its routes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from harness.commons.log import get_logger

log = get_logger(__name__)


class Part(Protocol):
    """Something that lives as long as the daemon, once a request has needed it."""

    async def close(self) -> None:
        """End it."""
        ...


PartT = TypeVar("PartT", bound=Part)


class DaemonParts:
    """The parts of one daemon: each is made when first needed, and closed with the daemon."""

    def __init__(self) -> None:
        self._parts: dict[Any, Part] = {}
        self._closing = asyncio.Event()

    def find(self, kind: type[PartT], make: Callable[[], PartT]) -> PartT:
        """The part of this kind, which `make` makes if there is none yet."""
        part = self._parts.get(kind)
        if not isinstance(part, kind):
            part = self._parts[kind] = make()
        return part

    async def wait_closing(self) -> None:
        """Return when the daemon ends: whoever sends a stream ends it then."""
        await self._closing.wait()

    async def close(self) -> None:
        """End the streams, and close all parts, also those after one that fails."""
        self._closing.set()
        for part in self._parts.values():
            try:
                await part.close()
            except Exception:
                log.exception("a part of the daemon could not be closed", part=type(part).__name__)
        self._parts.clear()
