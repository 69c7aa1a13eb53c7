"""Start forks and what-ifs, and serve their agent if this process hosts workers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from harness.agent import Agent
from harness.contracts.whatif import WhatIfReport
from harness.forks.fork import Change, start_fork
from harness.forks.playback import Read
from harness.forks.whatif import Progress, Question, StartedFork, WhatIf
from harness.history.recording import Recording
from harness.sdk.handle_context import HandleContext


async def fork_run(
    context: HandleContext,
    source: str | Recording,
    at: int,
    change: Change,
    *,
    agent: Agent[Any, Any] | None,
    id: str | None,
) -> str:
    """Start a fork and return its id."""
    served = agent is not None and await context.serve(agent)
    name = agent.name if agent else None
    return await start_fork(context.connection, source, at, change, id=id, agent=name, eager=served)


async def ask_whatif(
    context: HandleContext,
    open_run: Callable[[str], StartedFork],
    sources: Sequence[str | Recording],
    question: Question,
    *,
    agent: Agent[Any, Any] | None,
    read: Read | None = None,
    progress: Progress | None = None,
) -> WhatIfReport:
    """Fork each source as often as the question says, and report the outcomes."""
    served = agent is not None and await context.serve(agent)
    name = agent.name if agent else None
    asking = WhatIf(context.connection, open_run, question, agent=name, served=served)
    return await asking.ask(sources, read=read, progress=progress)
