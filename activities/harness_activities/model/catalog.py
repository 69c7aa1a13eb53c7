"""Models that are known by name: what they can do and how much they read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.contracts.model import Capability


@dataclass(frozen=True)
class Known:
    ref: str
    capabilities: frozenset[Capability]
    context: int


KNOWN: dict[str, Known] = {}


def lacks(ref: str, requires: Sequence[Capability], min_context: int | None) -> str | None:
    """What the model is known to be unable to do; an unknown model is taken at its word."""
    known = KNOWN.get(ref)
    if known is None:
        return None
    missing = [need for need in requires if need not in known.capabilities]
    if missing:
        return f"cannot do what the plan requires: {', '.join(missing)}"
    if min_context is not None and known.context < min_context:
        return f"reads {known.context} tokens; the plan requires {min_context}"
    return None
