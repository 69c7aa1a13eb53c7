"""Read the request log: what commands, routes and the panel call. `by` is who asks."""

from __future__ import annotations

import json
from typing import Any

from harness.api.caller import LOCAL, Caller, Role
from harness.api.paging import decode_cursor, encode_cursor
from harness.contracts.errors import RequestNotFound
from harness.engine.connection import Connection
from harness.request_log.reading import Content, ContentReader, Search
from harness.request_log.rows import EntryRow, RequestFilter
from harness.request_log.settings import RequestLogSettings, read_keep
from harness.request_log.store import RequestStore
from harness.request_log.views import (
    RecordedRequest,
    RequestDetail,
    RequestPage,
    RequestPart,
    detail_of,
)

SEARCHED = 300
"""Entries that one page of a search looks at."""


async def list_requests(
    connection: Connection,
    which: RequestFilter,
    *,
    limit: int = 50,
    cursor: str | None = None,
    by: Caller = LOCAL,
) -> RequestPage:
    """List requests, the newest first. Callers see those of their own runs; admins see all.

    Raises:
        CursorUnknown: The cursor belongs to another list.
    """
    sees_all = by.role is Role.ADMIN
    signer = await connection.signing.get_signer()
    since = which.since.timestamp() if which.since else None
    bound_to = "requests\0" + json.dumps(
        [by.user, by.role, which.run, which.turn, which.model, which.status, since, which.search]
    )
    token = decode_cursor(signer, cursor, bound_to)
    before_at, before_id = json.loads(token) if token else (None, None)
    if not all(text.isprintable() for text in (which.run, which.model, which.status) if text):
        return RequestPage(requests=[])  # nothing has such a name, and Postgres refuses NUL
    wanted: dict[str, Any] = {
        "owner": None if sees_all else by.user, "run": which.run, "turn": which.turn,
        "model": which.model,
        "status": "rate_limit" if which.status == "429" else which.status, "since": since,
        "before_at": before_at, "before_id": before_id, "keep": _keep_of(connection),
        "limit": (SEARCHED if which.search else limit) + 1,
    }  # fmt: skip
    store = RequestStore(connection.database, connection.vault)
    entries = await store.list_entries(wanted)
    most = wanted["limit"] - 1
    more, entries = len(entries) > most, entries[:most]
    found, last = list[EntryRow](), entries[-1][0] if entries else None
    if which.search is None:
        found = [row for row, _ in entries]
    else:
        search = Search(store, which.search)
        for place, (row, stored) in enumerate(entries):
            if await search.matches(row, stored):
                found.append(row)
            if len(found) == limit or search.is_tired:
                last, more = row, more or place + 1 < len(entries)
                break
    token = json.dumps([last.at, last.id]).encode() if last and more else b""
    return RequestPage(
        requests=[RecordedRequest.of(row) for row in found],
        next=encode_cursor(signer, token, bound_to),
    )


async def show_request(connection: Connection, id: str, *, by: Caller = LOCAL) -> RequestDetail:
    """Show a request, the answer, and what it adds to the run's previous request.

    Raises:
        RequestNotFound: There is none, or it belongs to someone else.
        StoreError: Its content was changed, or forgotten.
    """
    store, keep = RequestStore(connection.database, connection.vault), _keep_of(connection)
    found = await store.find(id, keep) if id.isprintable() else None
    if found is None or not (by.role is Role.ADMIN or found[0].owner == by.user):
        raise RequestNotFound(f"The request log has no request {id[:40]!r}.")
    row, stored = found
    content = Content.parse(await store.read_content(row, stored))
    previous = await store.find_previous(row, keep)
    before = set[bytes]()
    if previous is not None:
        before = set(Content.parse(await store.read_content(*previous)).digests)
    values = await ContentReader(store).read_values(row, content.digests)
    parts = [
        RequestPart.model_validate(
            {"kind": kind, "added": digest not in before, "value": values.get(digest)}
        )
        for kind, digest in content.parts
    ]
    return detail_of(
        row,
        **content.rest,
        parts=parts,
        previous=previous[0].id if previous else None,
        added=sum(each.added for each in parts),
        removed=len(before - set(content.digests)),
    )


def _keep_of(connection: Connection) -> float:
    return read_keep(connection.settings.section(RequestLogSettings).keep).total_seconds()
