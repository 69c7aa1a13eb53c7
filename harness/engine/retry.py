"""Retry requests while Temporal is unavailable."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from temporalio.service import RPCError, RPCStatusCode

from harness.contracts.errors import RunError, RunNotFound, StackError, StackUnreachable

T = TypeVar("T")
RETRY_S = 0.2
GIVE_UP_S = 120.0
"""How long a reader retries while Temporal does not answer."""
AWAY = {
    RPCStatusCode.UNAVAILABLE,
    RPCStatusCode.DEADLINE_EXCEEDED,
    RPCStatusCode.CANCELLED,
    RPCStatusCode.UNKNOWN,  # "transport error": the connection broke in the middle of a call
    RPCStatusCode.INTERNAL,
    RPCStatusCode.RESOURCE_EXHAUSTED,
}
UNKNOWN_RUN = (RPCStatusCode.NOT_FOUND, RPCStatusCode.INVALID_ARGUMENT)


async def ask_patiently(run: str, ask: Callable[[], Awaitable[T]]) -> T:
    """Ask about `run`, retrying while Temporal is unavailable."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + GIVE_UP_S
    while True:
        try:
            return await ask()
        except RPCError as error:
            if error.status in UNKNOWN_RUN:
                raise run_not_found(run) from None
            if error.status not in AWAY or loop.time() > deadline:
                raise unreachable_error(error) from error
            await asyncio.sleep(RETRY_S)


def unreachable_error(error: RPCError) -> StackError:
    return StackUnreachable(f"Temporal does not answer: {error.message}")


def run_not_found(run: str) -> RunError:
    return RunNotFound(f"There is no run {run!r}.")
