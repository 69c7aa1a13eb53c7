"""One change of a subject at a time: two deploys at once would take each other's processes down."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from harness.contracts.errors import ToolFailed
from harness.store.database import Database
from harness.store.locks import LockSession, lock_number, run_shielded

PATIENCE_S = 600.0
LOOK_EVERY_S = 0.5


@asynccontextmanager
async def taking_turn(database: Database, subject: str) -> AsyncGenerator[None]:
    """Wait until nobody changes the subject, and keep others waiting while the block runs. A
    process that dies gives its turn up.

    Raises:
        ToolFailed: Another change takes too long.
    """
    session, number = LockSession(database), lock_number(f"care change\0{subject}")
    try:
        until = time.monotonic() + PATIENCE_S
        while not await _try_lock(session, number):
            if time.monotonic() >= until:
                raise ToolFailed(
                    f"Another change of {subject} has been in progress for "
                    f"{PATIENCE_S / 60:g} minutes. Try again when it has ended."
                )
            await asyncio.sleep(LOOK_EVERY_S)
        session.hold(number)
        yield
    finally:
        await run_shielded(session.close())  # which releases the lock


async def _try_lock(session: LockSession, number: int) -> bool:
    [[is_mine]] = await session.fetch("SELECT pg_try_advisory_lock(%s)", (number,))
    return is_mine
