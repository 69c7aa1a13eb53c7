"""The idempotency key of a tool call."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from harness.contracts.transcript import digest


def idempotency_key(
    origin: str, turn: int, tool: str, arguments: Mapping[str, Any], ordinal: int = 1
) -> str:
    """Compute a call's key: the same after retries, continue-as-new and resets; another in forks.

    `origin` is the first run id of the chain, `ordinal` the call's number among equal calls of
    the turn. The provider's call id is not part of it: it changes when the model is asked again.
    """
    parts = [origin, turn, tool, arguments, ordinal]
    return digest(json.dumps(parts, sort_keys=True, separators=(",", ":")).encode())


def sent_key(key: str, undos: int) -> str:
    """The key that other services receive. It changes after an undo: a service that remembers keys
    would answer with the old result and do nothing."""
    return digest(f"{key} {undos}".encode()) if undos else key


def undo_key(key: str, undos: int) -> str:
    """The key of an undo, the same for all of its attempts."""
    return sent_key(digest(f"undo {key}".encode()), undos)
