"""The functions of `harness` that open a `Harness` for one run."""

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
from harness.prompts.prompt import Prompt
from harness.sdk.arguments import check_timeout, make_request
from harness.sdk.handle import RunHandle
from harness.sdk.local import Harness
from harness.sdk.result import RunResult

Out = TypeVar("Out")


async def run(
    agent: Agent[Any, Out],
    prompt: str | Message | Sequence[Message] | Prompt,
    *,
    id: str | None = None,
    model: str | None = None,
    budget: Budget | None = None,
    workspace: Path | None = None,
    labels: Mapping[str, str] | None = None,
    priority: int | None = None,
    timeout: float | None = None,
) -> RunResult[Out]:
    """Run an agent and return the result.

    Uses the Temporal and Postgres that are configured. If none are, it starts the project's own and
    stops them afterwards. For several runs, open `Harness.local()` once and call its `run`.

    Args:
        agent: The agent to run.
        prompt: A text, a message, a conversation, or a `Prompt`. It must not be empty.
        id: The run's id. Calls with the same id and arguments start one run and join it.
        model: Replaces the agent's model, as provider/model.
        budget: Replaces the agent's limits.
        workspace: The folder that file tools work in.
        labels: Stored with the run, to filter lists by.
        priority: From 1 (most urgent) to 5; by default 3. It decides whose calls are made first
            when they must wait.
        timeout: Seconds to wait for the result. The run is not cancelled when they have passed: it
            continues when its agent is served.

    Returns:
        The result; its `output` is the typed value.

    Raises:
        InvalidValue: An argument is wrong; nothing was started.
        RunUnfinished: The run did not end in time; also a `TimeoutError`.
        HarnessError: The run could not start, or failed with this error.
    """
    check_timeout(timeout)
    request = make_request(
        agent, prompt, id=id, model=model, budget=budget, workspace=workspace, labels=labels,
        priority=priority,
    )  # fmt: skip
    async with Harness.local() as harness:
        handle = await harness.begin(agent, request)
        return await handle.result(timeout)


def run_sync(
    agent: Agent[Any, Out],
    prompt: str | Message | Sequence[Message] | Prompt,
    *,
    id: str | None = None,
    model: str | None = None,
    budget: Budget | None = None,
    workspace: Path | None = None,
    labels: Mapping[str, str] | None = None,
    priority: int | None = None,
    timeout: float | None = None,
) -> RunResult[Out]:
    """Run an agent from a script that is not async, and return the result. See `run`.

    Args:
        agent: The agent to run.
        prompt: A text, a message, a conversation, or a `Prompt`. It must not be empty.
        id: The run's id. Calls with the same id and arguments start one run and join it.
        model: Replaces the agent's model, as provider/model.
        budget: Replaces the agent's limits.
        workspace: The folder that file tools work in.
        labels: Stored with the run, to filter lists by.
        priority: From 1 (most urgent) to 5; by default 3. It decides whose calls are made first
            when they must wait.
        timeout: Seconds to wait for the result. The run is not cancelled when they have passed: it
            continues when its agent is served.

    Returns:
        The result; its `output` is the typed value.

    Raises:
        InvalidUsage: Called inside a running event loop; use `await harness.run(...)` there.
        InvalidValue: An argument is wrong; nothing was started.
        RunUnfinished: The run did not end in time; also a `TimeoutError`.
        HarnessError: The run could not start, or failed with this error.
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
    running = run(
        agent,
        prompt,
        id=id,
        model=model,
        budget=budget,
        workspace=workspace,
        labels=labels,
        priority=priority,
        timeout=timeout,
    )
    return asyncio.run(running)


@asynccontextmanager
async def get_run(id: str, agent: Agent[Any, Out] | None = None) -> AsyncGenerator[RunHandle[Out]]:
    """Open a run by its id; the connection closes when the block ends.

    Uses the Temporal and Postgres that are configured. If none are, it starts the project's own and
    stops them afterwards. Inside an open `Harness`, use its `get_run`.

    Args:
        id: The run's id.
        agent: Its agent, for a typed `output`. This process then serves it.

    Returns:
        A handle to follow, steer and await the run.

    Raises:
        RunNotFound: The id is empty. An unknown id raises it when the handle is first used.
    """
    async with Harness.local() as harness:
        handle = harness.get_run(id, agent)
        if agent is not None:
            await harness.serve(agent)
        yield handle
