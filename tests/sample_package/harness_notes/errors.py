"""How notes can fail."""

from harness.extensions import HarnessError


class EmptyNote(HarnessError):
    """A note has no text."""

    code = "notes.empty"
    fix = "Write something: harness note TEXT"
