"""Session: consecutive runs that share one transcript."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from temporalio.client import WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode
from typing_extensions import TypeVar

from harness.agent import Agent
from harness.contracts.errors import RunBusy, RunError, RunIdTaken
from harness.contracts.message import Message
from harness.contracts.run import Budget
from harness.conversations.turns import find_session_spec
from harness.history.written import check_written
from harness.prompts.prompt import Prompt
from harness.runs.start import new_id
from harness.runs.start_request import check_id
from harness.sdk.arguments import check_timeout, make_request
from harness.sdk.client import HarnessClient
from harness.sdk.handle import RunHandle
from harness.sdk.result import RunResult

Out = TypeVar("Out", default=Any)

MAX_ID = 240
"""Shorter than a run's id, which adds a number."""


class Session:
    """A session: consecutive runs that share one transcript.

    Their ids are `<session>.1`, `<session>.2`, …. Temporal accepts each id once, so of two runs
    started at the same moment only one gets the number."""

    id: str
    """The session's id."""

    def __init__(self, client: HarnessClient, id: str | None = None) -> None:
        self.id = new_id("session") if id is None else check_id(id, "session", MAX_ID)
        self._client = client
        self._sessions = client.connection.stores.sessions

    async def run(
        self,
        agent: Agent[Any, Out] | str,
        prompt: str | Message | Sequence[Message] | Prompt,
        *,
        model: str | None = None,
        budget: Budget | None = None,
        workspace: Path | None = None,
        priority: int | None = None,
        timeout: float | None = None,
    ) -> RunResult[Out]:
        """Start the next run and wait for its result.

        Args:
            agent: The agent to run, or the name of one that a worker has published.
            prompt: A text, a message, several, or a `Prompt`. It must not be empty.
            model: Replaces the agent's model, as provider/model.
            budget: Replaces the agent's limits.
            workspace: The folder that file tools work in.
            priority: From 1 (most urgent) to 5; by default 3.
            timeout: Seconds to wait for the result. The run continues when they have passed.

        Returns:
            The result; its `output` is the typed value.

        Raises:
            RunBusy: A run of the session is still open.
            InvalidValue: An argument is wrong; nothing was started.
            RunUnfinished: The run did not end in time; also a `TimeoutError`.
            HarnessError: The run could not start, or failed with this error.
        """
        check_timeout(timeout)
        handle = await self.start(
            agent, prompt, model=model, budget=budget, workspace=workspace, priority=priority
        )
        return await handle.result(timeout)

    async def start(
        self,
        agent: Agent[Any, Out] | str,
        prompt: str | Message | Sequence[Message] | Prompt,
        *,
        model: str | None = None,
        budget: Budget | None = None,
        workspace: Path | None = None,
        priority: int | None = None,
    ) -> RunHandle[Out]:
        """Start the next run. It continues where the last one ended.

        Args:
            agent: The agent to run, or the name of one that a worker has published.
            prompt: A text, a message, several, or a `Prompt`. It must not be empty.
            model: Replaces the agent's model, as provider/model.
            budget: Replaces the agent's limits.
            workspace: The folder that file tools work in.
            priority: From 1 (most urgent) to 5; by default 3.

        Returns:
            A handle to follow, steer and await the run.

        Raises:
            RunBusy: A run of the session is still open.
            RunForged: The last run ended with a transcript that it has not written.
        """
        request = make_request(
            agent, prompt, model=model, budget=budget, workspace=workspace, priority=priority,
            by_name=True,
        )  # fmt: skip
        number = await self._find_last_number()
        head = await self._find_head(number)
        request = replace(request, id=self._run_id(number + 1), session=self.id, head=head)
        try:
            handle = await self._client.begin(agent, request)
        except RunIdTaken:
            raise self._busy_error(number + 1) from None
        await self._sessions.advance_last(self.id, number + 1)
        return handle

    async def list_runs(self) -> list[str]:
        """List the session's runs.

        Returns:
            Their ids, oldest first.
        """
        return [self._run_id(number) for number in range(1, await self._find_last_number() + 1)]

    async def _find_head(self, number: int) -> str | None:
        if number == 0:
            return None
        connection = self._client.connection
        spec = await find_session_spec(connection, self.id, number)
        if spec is None:
            return await self._find_head(number - 1)  # a run of someone else took the id
        status = await self._read_status(number)
        if status is WorkflowExecutionStatus.RUNNING:
            raise self._busy_error(number)
        newest: RunHandle[Any] = self._client.get_run(self._run_id(number))
        result = await newest.outcome()
        await check_written(connection, newest.id, result.head, spec.head)
        # A terminated run does not report its transcript: continue where it had started.
        return result.head or await self._find_head(number - 1)

    async def _find_last_number(self) -> int:
        """Find the number of the newest run. After a crash, the stored number may be too low."""
        number = await self._sessions.find_last(self.id)
        while await self._read_status(number + 1) is not None:
            number += 1
        return number

    async def _read_status(self, number: int) -> WorkflowExecutionStatus | None:
        handle = self._client.connection.temporal.get_workflow_handle(self._run_id(number))
        try:
            return (await handle.describe()).status
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return None
            raise

    def _run_id(self, number: int) -> str:
        return f"{self.id}.{number}"

    def _busy_error(self, number: int) -> RunError:
        return RunBusy(f"Session {self.id!r} is busy with run {self._run_id(number)!r}.")
