"""Store which capabilities this user has disabled.

Kept beside the list of trusted projects, not in a project: someone else's folder must not choose
what is loaded.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

MAX_BYTES = 100_000


def switches_file() -> str:
    """The file with the choice. A relative XDG_CONFIG_HOME would lie in a project: ignored."""
    base = os.environ.get("XDG_CONFIG_HOME", "")
    if not base.startswith("/"):
        base = os.path.expanduser("~/.config")  # noqa: PTH111 - pathlib is not loaded yet
    return f"{base}/harness/capabilities.json"


def read_disabled() -> frozenset[str]:
    """Read the names of disabled capabilities. A damaged file disables none."""
    try:
        with open(switches_file(), "rb") as file:  # noqa: PTH123
            text = file.read(MAX_BYTES)
    except OSError:
        return frozenset()
    import json  # most have no such file, and every command reads this

    try:
        found: Any = json.loads(text)
        return frozenset(str(name) for name in found["disabled"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return frozenset()


def write_disabled(names: Iterable[str]) -> None:
    """Replace the choice. It applies to processes that start later."""
    import json
    from pathlib import Path

    from harness.commons.files import write_atomic
    from harness.contracts.errors import InvalidValue

    file = Path(switches_file())
    text = json.dumps({"disabled": sorted(names)}, indent=1)
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_atomic(file, text + "\n", mode=0o600)
    except OSError as error:
        raise InvalidValue(
            f"{file} cannot be written: {error.strerror}.",
            fix="Give this user write access to its folder, or set XDG_CONFIG_HOME to another.",
        ) from error
