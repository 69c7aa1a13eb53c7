"""Check for `harness doctor` that the tables of capabilities fit their packages."""

from __future__ import annotations

import asyncio
from pathlib import Path

from harness.config.settings import Settings
from harness.contracts.errors import StoreError
from harness.stack import Check, find_stack
from harness.store.database import Database
from harness.store.migrate import find_outdated

DATABASE_S = 10.0


async def check_schemas(settings: Settings, project: Path) -> list[Check]:
    """Check the schemas; other problems of the database have their own check."""
    endpoints = await find_stack(settings, project)
    if endpoints is None:
        return []
    database = Database(endpoints.database_url, pool_size=1)
    try:
        async with asyncio.timeout(DATABASE_S):
            problems = await find_outdated(database)
    except (StoreError, TimeoutError):
        return []
    finally:
        await database.close()
    return [
        Check(
            name=f"capability {name}",
            ok=False,
            detail=problem,
            fix="Migrate it: harness doctor --fix. If that fails, upgrade or repair its package, "
            f"or run: harness capabilities disable {name}",
        )
        for name, problem in problems.items()
    ]
