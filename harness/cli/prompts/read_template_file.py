"""Reads the file of a prompt template."""

from __future__ import annotations

import sys
from pathlib import Path

from harness.cli.parser import UsageError
from harness.prompts.template import MAX_TEMPLATE


def read_template_file(name: str) -> str:
    """The text of a file, or of stdin for `-`; no more of it than a template may have."""
    try:
        if name == "-":
            content = sys.stdin.buffer.read(MAX_TEMPLATE + 1)
        else:
            with Path(name).open("rb") as file:
                content = file.read(MAX_TEMPLATE + 1)
    except OSError as error:
        raise UsageError(f"{name} cannot be read: {error.strerror}.", "Name a file.") from None
    if len(content) > MAX_TEMPLATE:
        raise UsageError(f"{name} has more than {MAX_TEMPLATE:,} bytes.", "Shorten the template.")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(
            f"{name} is not valid UTF-8 at byte {error.start}.", "Convert it first."
        ) from None
