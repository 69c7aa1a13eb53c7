"""How notes can fail."""

from harness.extensions import HarnessError


class EmptyNote(HarnessError):
    """A note has no text."""

    code = "notes.empty"
    fix = "Write something: harness note TEXT"


class TextTooLong(HarnessError):
    """A text is longer than 10,000 characters."""

    code = "notes.too_long"
    fix = "Write less."
