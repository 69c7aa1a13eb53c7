"""Proof of how a run was started, which workers check without asking Temporal."""

from __future__ import annotations

from harness.contracts.base import Word
from harness.contracts.budget import Budget
from harness.contracts.tool import Playback, Workspace


class Above(Word):
    """What rules of policies see of the runs above one that an agent called as a tool. Children
    started before it existed are matched as runs of their own."""

    origins: tuple[str, ...]
    """First run ids of their chains of executions, the calling run's first."""
    session: str | None = None
    """Of the run at the top."""
    cost_micros: int | None = None
    """What they had cost when they made the calls."""


class Pinned(Word):
    """The parts of a run's spec that its steps carry along."""

    agent: str
    spec: str
    model: str | None = None
    salt: str | None = None
    session: str | None = None
    workspace: Workspace | None = None
    playback: Playback | None = None
    owner: str | None = None
    root: str | None = None
    priority: int | None = None
    budget: Budget | None = None
    """Only a shared one."""
    above: Above | None = None


class Started(Word):
    """Sent with the first model call of a run; later calls and other workers know or request it."""

    mac: str
    """The MAC of the run's permit."""
    whole: str
    """Digest of the whole spec."""
    agent: str
    session: str | None = None
    workspace: Workspace | None = None
    playback: Playback | None = None
    owner: str | None = None
    root: str | None = None
    priority: int | None = None
    budget: Budget | None = None
    """Only a shared one."""
    above: Above | None = None
