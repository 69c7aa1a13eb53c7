"""What the suite needs of a provider, and how a case is run."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Literal, Protocol

from harness.providers.adapter import Adapter
from harness.testing.conformance.steps import Step

LIMIT_S = 120.0
"""For one case, which may load an SDK: an adapter that waits for ever must not hold up others."""

Trait = Literal["raw_arguments", "retry_after", "tools"]


class Provider(Protocol):
    """An adapter, and the server that it is connected to."""

    @property
    def adapter(self) -> Adapter:
        """Made by its class, with the key `KEY` and the address of the server."""
        ...

    @property
    def received(self) -> Sequence[str]:
        """The body of each request so far, as text."""
        ...

    def play(self, *steps: Step) -> None:
        """Answer the next requests with these, one each.

        Args:
            steps: What to answer.
        """
        ...

    async def wait_until_closed(self) -> None:
        """Return once the client has closed the connection of the newest request, before its answer
        was over."""
        ...


OpenProvider = Callable[[], AbstractAsyncContextManager[Provider]]


@dataclass(frozen=True, kw_only=True)
class Case:
    """One thing that agents count on from every provider."""

    name: str
    check: Callable[[Provider], Awaitable[None]]
    """Raises AssertionError if it does not hold."""
    needs: frozenset[Trait] = frozenset()
    """What the protocol must have for the case to make sense."""

    def __str__(self) -> str:
        return self.name


def check_adapter(
    case: Case, open_provider: OpenProvider, *, lacks: Collection[Trait] = ()
) -> bool:
    """Run one case against an adapter, in an event loop of its own.

    Args:
        case: One of `PROVIDER_CASES`.
        open_provider: Opens the adapter and a server that plays steps in its protocol.
        lacks: What the protocol does not have: `raw_arguments` (arguments of calls as text that may
            be anything), `retry_after` (a header that says when to try again), `tools`.

    Returns:
        False if the case needs something that the protocol lacks; nothing was checked.

    Raises:
        AssertionError: The adapter does not do what agents count on.
    """
    if not case.needs.isdisjoint(lacks):
        return False
    asyncio.run(_run_case(case, open_provider))
    return True


async def _run_case(case: Case, open_provider: OpenProvider) -> None:
    async with asyncio.timeout(LIMIT_S), open_provider() as provider:
        await case.check(provider)
