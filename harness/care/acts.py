"""Record what people do: each act is a workflow, whose history is the record and gets sealed. The
table is a copy of it, for lists."""

from __future__ import annotations

import hashlib
import json
import time
import uuid
from typing import Any, cast

from harness.care.capability import CARE
from harness.care.contracts import ACT_WORKFLOW, ActKind, CareAct
from harness.care.invariants.invariant import Invariant
from harness.care.store import StoredSubject
from harness.care.tickets.rows import ChangeRow, Note
from harness.care.views import SilenceView
from harness.care.workflow_ids import find_act_workflow
from harness.contracts.errors import StackUnreachable
from harness.engine.connection import Connection
from harness.engine.signed_start import start_workflow
from harness.store.database import Database

MAX_WHY = 2_000
LARGE = 10**16
"""From here on, JSON is written with an exponent."""
SAVE = """
INSERT INTO harness_care.act (id, kind, subject, ticket, name, by, why, digest, at)
VALUES (%(id)s, %(kind)s, %(subject)s, %(ticket)s, %(name)s, %(by)s, %(why)s, %(digest)s, %(at)s)
ON CONFLICT DO NOTHING
"""


class ActStore:
    """The table of acts."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def save(self, act: CareAct) -> None:
        """Save an act; again changes nothing."""
        await self._database.fetch(SAVE, act.model_dump())


async def record_act(
    connection: Connection,
    kind: ActKind,
    subject: str,
    by: str,
    *,
    ticket: str | None = None,
    name: str | None = None,
    why: str = "",
    digest: str | None = None,
) -> CareAct:
    """Record an act, before it is carried out: nothing is changed without a record.

    Raises:
        StackUnreachable: Temporal does not answer. Nothing was changed; the act may be recorded.
    """
    act = CareAct(
        id=uuid.uuid4().hex, kind=kind, subject=subject, ticket=ticket, name=name, by=by,
        why=why[:MAX_WHY], digest=digest, at=time.time(),
    )  # fmt: skip
    id = await find_act_workflow(connection, act.id)
    summary = f"{kind} by {by}"[:200]
    try:
        await start_workflow(connection, CARE, ACT_WORKFLOW, act, id=id, static_summary=summary)
    except StackUnreachable as error:
        raise StackUnreachable(
            f"{error.message.rstrip('.')}. Nothing was changed, but the request may already be in "
            "the audit.",
            fix="Repeat it: that is safe.",
        ) from error
    await ActStore(connection.database).save(act)
    return act


def digest_content(content: Any) -> str:
    """The digest of what was added, as JSON: the same when it has been read from the database."""
    text = json.dumps(as_stored(content), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def as_stored(content: Any) -> Any:
    """Content as it comes from the database: numbers with an exponent are whole ones there."""
    if isinstance(content, dict):
        fields = cast("dict[str, Any]", content)
        return {key: as_stored(value) for key, value in fields.items()}
    if isinstance(content, list | tuple):
        return [as_stored(each) for each in cast("list[Any]", content)]
    is_large = isinstance(content, int) and abs(content) >= LARGE
    return float(content) if is_large else content


def digest_subject(stored: StoredSubject) -> str:
    """The digest of a subject, where it is and who added it."""
    return digest_content([stored.definition, stored.folder, stored.digest, stored.added_by])


def digest_invariant(invariant: Invariant, by: str) -> str:
    """The digest of an invariant that a person added."""
    return digest_content([invariant.model_dump(mode="json"), by])


def digest_silence(silence: SilenceView) -> str:
    """The digest of a silence. The database keeps times in microseconds."""
    told = silence.model_dump(mode="json", exclude={"until"})
    return digest_content({**told, "until": round(silence.until, 3)})


def digest_change(change: ChangeRow) -> str:
    """The digest of what stays of a change whatever becomes of it, and why it failed."""
    return digest_content(
        [
            change.subject, change.ticket, change.kind, change.commit, change.summary,
            change.held, change.unsure, change.message, change.by,
        ]
    )  # fmt: skip


def digest_note(note: Note) -> str:
    """The digest of a note."""
    return digest_content([note.kind, note.text, note.by, note.evidence])
