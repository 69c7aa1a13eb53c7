"""Marks: what proves that harness stored a subject.

Whoever can write to the database could plant another definition, and with it commands that workers
run. The mark is a MAC over the row, under the key that signs runs.
"""

from __future__ import annotations

from harness.care.acts import digest_subject
from harness.care.store import StoredSubject, make_unmarked
from harness.care.subjects.subject import Subject
from harness.contracts.errors import SubjectForged
from harness.engine.connection import Connection

PURPOSE = "care subject"


async def mark_subject(
    connection: Connection, subject: Subject, folder: str, digest: str, by: str
) -> StoredSubject:
    """A subject as a person adds it, with its mark."""
    stored = make_unmarked(subject, folder, digest, by)
    signer = await connection.signing.get_signer()
    return stored._replace(mark=signer.sign(PURPOSE, subject.name, digest_subject(stored)))


async def check_mark(connection: Connection, stored: StoredSubject) -> None:
    """Raise SubjectForged unless harness stored this row."""
    signer = await connection.signing.get_signer()
    name = stored.subject.name
    if not signer.is_signed(stored.mark, PURPOSE, name, digest_subject(stored)):
        why = "was not stored by harness" if stored.mark else "has no MAC"
        raise SubjectForged(f"The row of subject {name!r} {why}: nothing that it names is run.")
