"""What proves to a worker how a run was started, without asking the engine for it."""

from __future__ import annotations

from harness.contracts.base import Word
from harness.contracts.tool import Playback, Workspace


class Pinned(Word):
    """What a run was started with, as far as its steps bring it along."""

    agent: str
    spec: str
    model: str | None = None
    salt: str | None = None
    session: str | None = None
    workspace: Workspace | None = None
    playback: Playback | None = None


class Started(Word):
    """Goes with the first model call of a run; later calls, and other workers, know or ask."""

    mac: str
    """Of the run's permit."""
    whole: str
    """Digest of the whole spec."""
    agent: str
    session: str | None = None
    workspace: Workspace | None = None
    playback: Playback | None = None
