"""The id of a database, which tells stores apart that share a Temporal."""

from __future__ import annotations

import hashlib

from harness.contracts.errors import StoreError
from harness.store.database import Database

IDENTITY = """
SELECT s.system_identifier::text || '/' || d.oid::text
FROM pg_control_system() s, pg_database d WHERE d.datname = current_database()
"""


async def get_store_id(database: Database) -> str:
    """Return an id unique to this database: two stores that share a Temporal are swept apart.
    Raises StoreUnavailable if the database does not answer."""
    from psycopg.errors import InsufficientPrivilege

    try:
        rows = await database.fetch(IDENTITY)
    except StoreError as error:
        if not isinstance(error.__cause__, InsufficientPrivilege):
            raise
        rows = [(database.name,)]  # not every role has the privilege
    return hashlib.sha256(rows[0][0].encode()).hexdigest()[:8]
