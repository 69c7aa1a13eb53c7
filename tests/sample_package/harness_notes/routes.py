"""The route of notes."""

from __future__ import annotations

from harness.extensions import Context, Role, Route
from harness_notes.store import read_notes


async def count_notes(context: Context) -> dict[str, int]:
    """Count the notes."""
    return {"notes": len(await read_notes(context.connection.database))}


ROUTES = (Route("GET", "/notes/count", count_notes, Role.VIEWER),)
