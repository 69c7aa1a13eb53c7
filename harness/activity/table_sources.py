"""Sources of acts: the tables of access, and what the chain of seals says of deletions. For admins
alone."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from typing import LiteralString

from harness.activity.merge import Item
from harness.activity.views import Act, time_of
from harness.activity.window import window_of
from harness.contracts.errors import HarnessError
from harness.engine.connection import Connection
from harness.history.reader import open_seals
from harness.journal.seal import hash_of, read_entry

# Who added a user or created a token is not recorded; who signed in is the user.
ACCESS: LiteralString = """
SELECT extract(epoch FROM at)::float8, kind, by, subject, detail FROM (
  SELECT created AS at, 'user_added' AS kind, NULL AS by, name AS subject, role AS detail
  FROM harness_access.user
  UNION ALL
  SELECT disabled, 'user_disabled', NULL, name, role FROM harness_access.user
  UNION ALL
  SELECT created, CASE kind WHEN 'browser' THEN 'signed_in' ELSE 'token_created' END,
    CASE kind WHEN 'browser' THEN user_name END, id, user_name || ', ' || role
  FROM harness_access.credential
  UNION ALL
  SELECT revoked, CASE kind WHEN 'browser' THEN 'session_ended' ELSE 'token_revoked' END,
    NULL, id, user_name || ', ' || role
  FROM harness_access.credential
) AS acts
WHERE at IS NOT NULL AND at >= to_timestamp(%(since)s)
  AND (%(before)s::float8 IS NULL OR at <= to_timestamp(%(before)s))
ORDER BY at DESC LIMIT %(limit)s
"""
DELETIONS: LiteralString = """
SELECT seq, hash, entry FROM harness.seal
WHERE kind IN ('deleted', 'forgotten') AND namespace = %(namespace)s
  AND sealed >= to_timestamp(%(since)s)
  AND (%(before)s::float8 IS NULL OR sealed <= to_timestamp(%(before)s))
  AND (%(run)s::text IS NULL OR run = %(run)s)
ORDER BY seq DESC LIMIT %(limit)s
"""


async def list_access(connection: Connection, before: float, since: float) -> AsyncGenerator[Item]:
    """What became of users, tokens and browser sessions."""
    for at, kind, by, subject, detail in await connection.database.fetch(
        ACCESS, window_of(before, since)
    ):
        act = Act(
            id=f"{kind}/{subject}", at=time_of(at), kind=kind, by=by, subject=subject,
            detail=detail,
        )  # fmt: skip
        yield _item_of(act)


async def list_deletions(
    connection: Connection, run: str | None, before: float, since: float
) -> AsyncGenerator[Item]:
    """Whose content was forgotten, or deleted from the archive. Only what this project signed."""
    seals = open_seals(connection)
    window = {
        **window_of(before, since),
        "run": run,
        "namespace": connection.endpoints.namespace,
    }
    for seq, hash, data in await connection.database.fetch(DELETIONS, window):
        try:
            entry = read_entry(bytes(data))
        except HarnessError:  # `verify` reports it
            continue
        if hash_of(bytes(data)) != hash or entry.seq != seq or not seals.is_proven(entry):
            continue
        kind = "forgotten" if entry.kind == "forgotten" else "content_deleted"
        yield _item_of(
            Act(id=f"seal/{seq}", at=time_of(entry.at), kind=kind, by=entry.by, run=entry.run)
        )


def _item_of(act: Act) -> Item:
    async def load() -> Sequence[Act]:
        return (act,)

    return Item(act.at.timestamp(), load)
