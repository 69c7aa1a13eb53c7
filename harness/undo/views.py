"""What the API takes and returns for effects and undo."""

from __future__ import annotations

from pydantic import BaseModel, Field, StrictBool, StrictInt

from harness.api.body import Body
from harness.contracts.effect import EffectRow


class EffectList(BaseModel):
    """What a run did to the world."""

    effects: list[EffectRow]


class UndoBody(Body):
    """What to undo."""

    to_turn: StrictInt | None = Field(default=None, ge=0)
    """Undo only what the run did after this turn."""
    dry_run: StrictBool = False
    """Only report what would be undone, what cannot be, and what has changed since. Without a
    worker, it answers within seconds that targets could not be checked."""
    past: list[str] = Field(default_factory=list[str], max_length=1000)
    """Calls to leave as they are if they cannot be undone."""
