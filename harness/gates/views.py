"""What the API returns for gates."""

from __future__ import annotations

from pydantic import BaseModel

from harness.contracts.gate import Derived, GatePlace, GateVerdict


class GateView(BaseModel):
    """A gate that stands around the calls of all agents."""

    name: str
    places: list[GatePlace]
    does: str
    """What it does under the current profile."""


class GateList(BaseModel):
    """The gates of all agents. An agent's own stand after them."""

    profile: str
    seconds: float
    """How long one gate may take to decide."""
    gates: list[GateView]


class GatedCall(BaseModel):
    """A call of a run about which gates decided, or whose arguments come from untrusted content."""

    turn: int
    call: str | None = None
    """The id of the tool call; absent for a model call."""
    tool: str | None = None
    derived: list[Derived] = []
    """Arguments that neither the user nor the instructions named."""
    gates: list[GateVerdict] = []


class GatedRun(BaseModel):
    """What gates decided in a run, or would decide."""

    run: str
    profile: str | None = None
    """The profile that was tried; absent for what was recorded."""
    untrusted: list[str]
    """Ids of the tool calls whose results come from outside."""
    calls: list[GatedCall]
    checked: int
    """Tool calls of the run, in all."""
