"""The keys of the section [notes]."""

from harness.extensions import Harmless, Section


class NotesSettings(Section):
    prefix: Harmless[str] = ""
    """Put before each note."""
