"""What the workflows and activities of care exchange. Pure."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

WATCH_WORKFLOW = "CareWatch"
EVALUATE = "evaluate_invariants"


class Evaluate(BaseModel):
    """Evaluate invariants now."""

    model_config = ConfigDict(frozen=True)

    subject: str | None = None
    """Only those of this subject."""


class Evaluated(BaseModel):
    """How many invariants are in which state."""

    model_config = ConfigDict(frozen=True)

    states: dict[str, int] = {}
    seconds: float = 0.0
