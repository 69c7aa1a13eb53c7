"""Subjects as rows, without a folder."""

from __future__ import annotations

from harness.care.store import CareStore
from harness.care.subjects.marks import mark_subject
from harness.care.subjects.subject import Subject
from harness.engine.connection import Connection


async def save_subject(
    connection: Connection, subject: Subject, folder: str = "/srv/nowhere", by: str = "ada"
) -> None:
    """Store a subject as if a person had added it."""
    stored = await mark_subject(connection, subject, folder, "0" * 64, by)
    await CareStore(connection.database).add_subject(stored)
