"""Which capabilities this user has disabled.

Kept beside the list of trusted projects, not in a project: a folder that somebody else made must
not choose what is loaded.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

MAX_BYTES = 100_000


def switches_file() -> str:
    """Where the choice is kept. A relative XDG_CONFIG_HOME would be inside a project: ignored."""
    base = os.environ.get("XDG_CONFIG_HOME", "")
    if not base.startswith("/"):
        base = os.path.expanduser("~/.config")  # noqa: PTH111 - pathlib is not loaded yet
    return f"{base}/harness/capabilities.json"


def read_disabled() -> frozenset[str]:
    """The names of disabled capabilities. A file that is damaged disables nothing."""
    try:
        with open(switches_file(), "rb") as file:  # noqa: PTH123
            text = file.read(MAX_BYTES)
    except OSError:
        return frozenset()
    import json  # most have no such file, and every command reads this

    try:
        found: Any = json.loads(text)
        return frozenset(str(name) for name in found["disabled"])
    except (ValueError, KeyError, TypeError):
        return frozenset()


def write_disabled(names: Iterable[str]) -> None:
    """Replace the choice. It holds for processes that start from now on."""
    import json
    from pathlib import Path

    from harness.commons.files import write_atomic

    file = Path(switches_file())
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    text = json.dumps({"disabled": sorted(names)}, indent=1)
    write_atomic(file, text + "\n", mode=0o600)
