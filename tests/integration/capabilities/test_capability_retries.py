"""A capability whose Temporal or database is not there yet is served later."""

from __future__ import annotations

import asyncio

import pytest
from temporalio.service import RPCError, RPCStatusCode

from harness import Harness
from harness.contracts.capability import Capability
from harness.contracts.errors import StoreUnavailable
from harness.engine.connection import Connection
from harness.store import AttemptWriter
from harness_workers import capabilities

FAILURES: list[Exception] = []
SERVED = asyncio.Event()


async def serve_late(_connection: Connection) -> None:
    """The service: fails as often as a test wants."""
    if FAILURES:
        raise FAILURES.pop(0)
    SERVED.set()


RECORD = Capability(name="late", summary="Is late.", service=f"{__name__}:serve_late")


async def _serve(harness: Harness) -> None:
    attempts = AttemptWriter(harness.connection.database, harness.connection.vault)
    try:
        await capabilities._serve_capability(harness.connection, attempts, RECORD)  # pyright: ignore[reportPrivateUsage]
    finally:
        await attempts.close()


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(capabilities, "DELAY_S", 0.01)
    FAILURES.clear()
    SERVED.clear()


async def test_it_is_served_once_its_namespace_is_found(harness: Harness) -> None:
    FAILURES[:] = [
        RPCError("Namespace default is not found.", RPCStatusCode.NOT_FOUND, b""),
        RPCError("connection refused", RPCStatusCode.UNAVAILABLE, b""),
        StoreUnavailable("the database restarts"),
        RuntimeError("Worker validation failed: Namespace default is not found"),
    ]
    serving = asyncio.create_task(_serve(harness))
    async with asyncio.timeout(30):
        await SERVED.wait()
    assert not FAILURES and not serving.done()
    serving.cancel()
    await asyncio.wait([serving])


async def test_it_is_given_up_if_its_code_fails(harness: Harness) -> None:
    FAILURES[:] = [ValueError("a mistake"), ValueError("never raised")]
    await _serve(harness)
    assert len(FAILURES) == 1 and not SERVED.is_set()
