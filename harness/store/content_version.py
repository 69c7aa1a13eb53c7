"""Tells processes that what they remember of runs may no longer be read."""

from __future__ import annotations

from typing import LiteralString, NamedTuple

from harness.store.database import Database

READ = """
SELECT coalesce((SELECT max(branch) FROM harness.epoch WHERE namespace = %s), -1),
  (SELECT times FROM harness.forgetting)
"""
NOTE_FORGETTING: LiteralString = "UPDATE harness.forgetting SET times = times + 1"
"""Belongs to the transaction that deletes content."""


class ContentVersion(NamedTuple):
    """Whoever remembers content under another version drops it."""

    branch: int
    """Of the epoch: it changes when an older copy of a store was restored."""
    forgettings: int


async def read_content_version(database: Database, namespace: str) -> ContentVersion:
    """Read the present version."""
    return ContentVersion(*(await database.fetch(READ, (namespace,)))[0])
