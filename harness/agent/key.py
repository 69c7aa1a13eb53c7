"""The idempotency key of a tool call."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from harness.contracts.transcript import digest


def idempotency_key(
    origin: str, turn: int, tool: str, arguments: Mapping[str, Any], ordinal: int = 1
) -> str:
    """The same on every attempt, after continue-as-new and after a reset; another in a fork.

    `origin` is the first run id of the chain, `ordinal` which one this is among equal calls of
    the turn. The provider's call id is no part of it: it differs whenever the model is asked again.
    """
    parts = [origin, turn, tool, arguments, ordinal]
    return digest(json.dumps(parts, sort_keys=True, separators=(",", ":")).encode())


def sent_key(key: str, undos: int) -> str:
    """What is handed to others. Made anew after an undo it is another effect to them: whoever keeps
    to such keys would answer the old one, and do nothing."""
    return digest(f"{key} {undos}".encode()) if undos else key


def undo_key(key: str, undos: int) -> str:
    """The same for every attempt of one undo."""
    return sent_key(digest(f"undo {key}".encode()), undos)
