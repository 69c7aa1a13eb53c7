"""An agent as its workers publish it, so that processes without its code can start its runs."""

from __future__ import annotations

from typing import Any

from harness.contracts.base import Flag, Word
from harness.contracts.model import ModelRef
from harness.contracts.run import Budget, Compaction
from harness.contracts.tool import ToolPolicy, Workspace


class PublishedAgent(Word):
    """All that the start of a run needs of its agent."""

    name: str
    spec: str
    """Hash of its `AgentSpec`: instructions, tool schemas, model plan."""
    models: tuple[ModelRef, ...]
    """In the order in which they are tried."""
    model_queue: str | None = None
    """The own task queue of the first model's provider, if it has one."""
    tools: dict[str, ToolPolicy]
    """The policies of its tools."""
    budget: Budget
    """The limits of each run that sets no others."""
    output: dict[str, Any] | None = None
    """JSON schema of the typed result."""
    parallel: Flag = None
    """See `RunSpec.parallel`."""
    undo: Flag = None
    """A run that fails undoes its effects."""
    instructs: Flag = None
    """A worker writes the instructions from the agent's deps."""
    checks: Flag = None
    """It has output validators."""
    compaction: Compaction | None = None
    """See `RunSpec.compaction`."""
    remembers: Flag = None
    """See `RunSpec.remembers`."""
    learns: Flag = None
    """See `RunSpec.learns`."""
    workspace: Workspace | None = None
    """The folder of runs that name no other, if a tool needs one."""

    @property
    def asks(self) -> bool:
        """Whether a tool may write, so that a person may have to say what became of a call."""
        return any(each.effect != "read" for each in self.tools.values())
