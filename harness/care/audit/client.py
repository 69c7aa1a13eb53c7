"""Read the audit, check it against histories, and find what was removed: what commands and routes
call."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import astuple

from harness.api.paging import decode_cursor, encode_cursor
from harness.care.audit.check import Checker
from harness.care.audit.gaps import find_gaps
from harness.care.audit.sources import Sources
from harness.care.audit.store import AuditFilter, AuditStore
from harness.care.audit.views import AuditEntry, AuditGaps, AuditPage
from harness.care.workflow_ids import find_prefix
from harness.engine.connection import Connection


async def read_audit(
    connection: Connection,
    which: AuditFilter,
    limit: int,
    cursor: str | None = None,
    *,
    verify: bool = False,
) -> AuditPage:
    """Read a page of what people and agents did, the newest first. `verify`: say of each entry
    whether its source holds, and says the same.

    Raises:
        CursorUnknown: The cursor belongs to other filters.
    """
    signer = await connection.signing.get_signer()
    bound_to = "care audit\0" + json.dumps(list(map(str, astuple(which))))
    token = decode_cursor(signer, cursor, bound_to)
    after = tuple(json.loads(token)) if token else None
    store, prefix = AuditStore(connection.database), await find_prefix(connection)
    found = await store.list(which, prefix, limit + 1, after)
    shown = found[:limit]
    more = json.dumps([shown[-1].at, shown[-1].id]).encode() if len(found) > limit else b""
    if verify:
        shown = await _check_all(connection, prefix, shown)
    return AuditPage(entries=shown, next=encode_cursor(signer, more, bound_to))


async def read_gaps(connection: Connection, which: AuditFilter) -> AuditGaps:
    """Read the histories of care, and find what they have and the lists do not have."""
    prefix = await find_prefix(connection)
    sources = Sources(connection, prefix)
    return await find_gaps(connection, sources, AuditStore(connection.database), which)


async def _check_all(
    connection: Connection, prefix: str, entries: Sequence[AuditEntry]
) -> list[AuditEntry]:
    checker = Checker(Sources(connection, prefix), AuditStore(connection.database))
    return [
        each.model_copy(update={"proof": await checker.check(each)})
        for each in entries
    ]  # fmt: skip
