"""What gates decide about calls, and which arguments come from untrusted content."""

from __future__ import annotations

from typing import Literal

from harness.contracts.base import Flag, Word

GatePlace = Literal["model_call", "model_reply", "tool_call", "tool_result"]
"""Where a gate stands: before or after a call of a model or a tool."""

ValueKind = Literal["email", "url", "path", "id", "amount", "name", "text"]
"""What an argument looks like. A name is any short text."""


class GateVerdict(Word):
    """What a gate decided about a call. That a call may pass is not recorded."""

    gate: str
    place: GatePlace
    verdict: Literal["change", "stop", "ask", "note"]
    """`ask` of a call that ran: a person overruled the gate. `note`: the call passed."""
    reason: str


class Derived(Word):
    """An argument whose value neither the user nor the instructions named."""

    argument: str
    """Its path, such as `to` or `items.0.url`."""
    kind: ValueKind
    calls: tuple[str, ...]
    """Ids of the calls whose untrusted results hold the value. Empty: nothing that the model read
    holds it, at least not in one piece."""
    instructed: Flag = None
    """The value stands only beside text that gives the model orders."""
