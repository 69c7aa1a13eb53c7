"""Show file names to models and people."""

from __future__ import annotations

import json

from harness.contracts.clean_text import clean_line


def show_name(name: str) -> str:
    """Return the name, or a JSON string if it is ambiguous: if it contains a newline, an invisible
    character, a separator of the list, or bytes that are not UTF-8."""
    plain = (
        name == clean_line(name)
        and name == name.strip()
        and not any(part in name for part in ("  ", ":", '"', "\\", "\u00a0", "\t"))
    )
    return name if plain else json.dumps(name)
