"""Forks and what-ifs of runs, by an agent that this process may serve."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from harness.agent import Agent
from harness.contracts.whatif import WhatIfReport
from harness.forks.fork import Change, start_fork
from harness.forks.playback import Read
from harness.forks.whatif import Progress, Question, StartedFork, WhatIf
from harness.history.recording import Recording
from harness.sdk.scope import Scope


async def fork_run(
    scope: Scope,
    source: str | Recording,
    at: int,
    change: Change,
    *,
    agent: Agent[Any, Any] | None,
    id: str | None,
) -> str:
    """Start a fork; returns its id."""
    served = agent is not None and await scope.serve(agent)
    name = agent.name if agent else None
    return await start_fork(scope.connection, source, at, change, id=id, agent=name, eager=served)


async def ask_whatif(
    scope: Scope,
    open_run: Callable[[str], StartedFork],
    sources: Sequence[str | Recording],
    question: Question,
    *,
    agent: Agent[Any, Any] | None,
    read: Read | None = None,
    progress: Progress | None = None,
) -> WhatIfReport:
    """Fork each source as often as the question says, and report what came of them."""
    served = agent is not None and await scope.serve(agent)
    name = agent.name if agent else None
    asking = WhatIf(scope.connection, open_run, question, agent=name, served=served)
    return await asking.ask(sources, read=read, progress=progress)
