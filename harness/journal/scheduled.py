"""What a projector remembers of activities between their scheduling and their end."""

from __future__ import annotations

from dataclasses import dataclass

from harness.contracts.model import CallModel
from harness.contracts.tool import RunTool


@dataclass(frozen=True, slots=True)
class Scheduled:
    at: float
    input: CallModel | RunTool
    model: str = ""


@dataclass(frozen=True, slots=True)
class Started:
    at: float
    attempt: int
    last_failure: str | None
