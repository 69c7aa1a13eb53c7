"""The SQL of notes."""

from harness.extensions import Database


async def save_note(database: Database, id: str, text: str) -> None:
    """Save a note. The same id again changes nothing."""
    await database.fetch(
        "INSERT INTO harness_notes.note (id, text) VALUES (%s, %s) ON CONFLICT DO NOTHING",
        (id, text),
    )


async def read_notes(database: Database) -> list[str]:
    """All notes, by their ids."""
    rows = await database.fetch("SELECT text FROM harness_notes.note ORDER BY id")
    return [row[0] for row in rows]
