"""The keys of the sections [notes] and [note_count]."""

from pydantic import Field

from harness.extensions import Harmless, Section


class NotesSettings(Section):
    prefix: Harmless[str] = ""
    """Put before each note."""


class NoteCountSettings(Section):
    every_minutes: Harmless[int] = Field(default=60, ge=1)
    """How often the notes are counted."""
