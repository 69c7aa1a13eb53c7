"""Search a text with a regular expression."""

from __future__ import annotations

import json
import re


def search_text(content: bytes, *, pattern: str, ignore_case: bool) -> bytes:
    """Return whether the pattern matches somewhere in the text, as JSON."""
    try:
        found = re.search(pattern, content.decode(errors="replace"), re.I if ignore_case else 0)
    except (re.error, RecursionError, OverflowError) as error:
        raise ValueError(f"The regular expression is wrong: {error}.") from None
    return json.dumps(found is not None).encode()
