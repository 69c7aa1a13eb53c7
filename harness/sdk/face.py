"""What `harness` itself offers beside its classes: run an agent without opening anything first."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

from harness.agent import Agent
from harness.contracts.errors import InvalidUsage
from harness.contracts.message import Message
from harness.contracts.run import Budget
from harness.sdk.handle import RunHandle
from harness.sdk.local import Harness
from harness.sdk.result import RunResult

Out = TypeVar("Out")


async def run(
    agent: Agent[Any, Out],
    prompt: str | Message | Sequence[Message],
    *,
    id: str | None = None,
    model: str | None = None,
    budget: Budget | None = None,
    workspace: Path | None = None,
    labels: Mapping[str, str] | None = None,
) -> RunResult[Out]:
    """Run an agent and return the result.

    Uses the Temporal and Postgres that are configured; without any, those of this project are
    started for as long as this takes. For more than one run open `Harness.local()` once, and call
    its `run`.

    Args:
        agent: Who runs.
        prompt: What is asked: a text, a message, or a conversation.
        id: With the same id a run is started once, however often this is called.
        model: Another model than the agent's, as provider/model.
        budget: Other limits than the agent's.
        workspace: The folder that file tools work in.
        labels: Kept with the run; lists can be filtered by them.

    Returns:
        The result; its `output` is the typed value.

    Raises:
        HarnessError: The run could not be started, or it failed; this is its error.
    """
    async with Harness.local() as harness:
        return await harness.run(
            agent, prompt, id=id, model=model, budget=budget, workspace=workspace, labels=labels
        )


def run_sync(
    agent: Agent[Any, Out],
    prompt: str | Message | Sequence[Message],
    *,
    id: str | None = None,
    model: str | None = None,
    budget: Budget | None = None,
    workspace: Path | None = None,
    labels: Mapping[str, str] | None = None,
) -> RunResult[Out]:
    """Run an agent from a script that is not async, and return the result.

    Args:
        agent: Who runs.
        prompt: What is asked: a text, a message, or a conversation.
        id: With the same id a run is started once, however often this is called.
        model: Another model than the agent's, as provider/model.
        budget: Other limits than the agent's.
        workspace: The folder that file tools work in.
        labels: Kept with the run; lists can be filtered by them.

    Returns:
        The result; its `output` is the typed value.

    Raises:
        InvalidUsage: Called inside a running event loop: use `await harness.run(...)` there.
        HarnessError: The run could not be started, or it failed; this is its error.
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        pass
    else:
        raise InvalidUsage(
            "harness.run_sync() was called inside a running event loop.",
            fix="Write: await harness.run(...)",
        )
    return asyncio.run(
        run(agent, prompt, id=id, model=model, budget=budget, workspace=workspace, labels=labels)
    )


@asynccontextmanager
async def get_run(id: str, agent: Agent[Any, Out] | None = None) -> AsyncGenerator[RunHandle[Out]]:
    """Open a run by its id, and close the connection with the block.

    Uses the Temporal and Postgres that are configured; without any, those of this project are
    started for as long as this takes. Inside of an open `Harness` use its `get_run`.

    Args:
        id: The run's id.
        agent: Its agent, where its typed value is wanted. It is served from here.

    Returns:
        The run, to follow, steer and wait for.

    Raises:
        RunNotFound: The id is empty. A wrong id shows at the first question.
    """
    async with Harness.local() as harness:
        handle = harness.get_run(id, agent)
        if agent is not None:
            await harness.serve(agent)
        yield handle
