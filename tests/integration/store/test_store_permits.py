"""A permit is bound to the first execution that uses it."""

from __future__ import annotations

from harness.store.migrate import open_database
from harness.store.permits import bind_permit, is_bound

pytest_plugins = ("tests.fakes.postgres",)


async def test_a_permit_is_bound_once(database_url: str) -> None:
    database = await open_database(database_url)
    assert not await is_bound(database, "one")
    assert await bind_permit(database, "one", "first") == "first"
    assert await is_bound(database, "one")
    assert not await is_bound(database, "another")
    assert await bind_permit(database, "one", "second") == "first"
    await database.close()
