"""A session: several runs in one conversation, one after another, on one transcript."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

from temporalio.client import WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from harness.agent import Agent
from harness.contracts.errors import RunBusy, RunError, RunIdTaken
from harness.contracts.message import Message
from harness.contracts.run import Budget
from harness.runs.start import Request, as_messages, check_id, new_id
from harness.sdk.client import HarnessClient
from harness.sdk.handle import RunHandle
from harness.sdk.result import RunResult

Out = TypeVar("Out")

MAX_ID = 240
"""Its runs add their number."""


class Session:
    """A conversation: several runs, one after another, on one transcript.

    They are called `<session>.1`, `<session>.2`, …: Temporal lets one of them exist once, so two
    that are started at the same moment cannot both win."""

    id: str
    """The session's id."""

    def __init__(self, client: HarnessClient, id: str | None = None) -> None:
        self.id = new_id("session") if id is None else check_id(id, "session", MAX_ID)
        self._client = client
        self._sessions = client.connection.stores.sessions

    async def run(
        self,
        agent: Agent[Any, Out],
        prompt: str | Message | Sequence[Message],
        *,
        model: str | None = None,
        budget: Budget | None = None,
        workspace: Path | None = None,
    ) -> RunResult[Out]:
        """Start the next run, and wait for its result.

        Args:
            agent: Who runs.
            prompt: What is said: a text, a message, or several.
            model: Another model than the agent's, as provider/model.
            budget: Other limits than the agent's.
            workspace: The folder that file tools work in.

        Returns:
            The result; its `output` is the typed value.

        Raises:
            RunBusy: A run of the session is still open.
            HarnessError: The run failed; this is its error.
        """
        handle = await self.start(agent, prompt, model=model, budget=budget, workspace=workspace)
        return await handle.result()

    async def start(
        self,
        agent: Agent[Any, Out],
        prompt: str | Message | Sequence[Message],
        *,
        model: str | None = None,
        budget: Budget | None = None,
        workspace: Path | None = None,
    ) -> RunHandle[Out]:
        """Start the next run, which goes on where the last one ended.

        Args:
            agent: Who runs.
            prompt: What is said: a text, a message, or several.
            model: Another model than the agent's, as provider/model.
            budget: Other limits than the agent's.
            workspace: The folder that file tools work in.

        Returns:
            The run, to follow, steer and wait for.

        Raises:
            RunBusy: A run of the session is still open.
        """
        number = await self._last()
        head = await self._head(number)
        request = Request(
            messages=as_messages(prompt),
            id=self._run(number + 1),
            session=self.id,
            head=head,
            model=model,
            budget=budget,
            workspace=workspace,
        )
        try:
            handle = await self._client.begin(agent, request)
        except RunIdTaken:
            raise self._busy(number + 1) from None
        await self._sessions.advance_last(self.id, number + 1)
        return handle

    async def list_runs(self) -> list[str]:
        """List the session's runs.

        Returns:
            Their ids, oldest first.
        """
        return [self._run(number) for number in range(1, await self._last() + 1)]

    async def _head(self, number: int) -> str | None:
        if number == 0:
            return None
        status = await self._status(number)
        if status is WorkflowExecutionStatus.RUNNING:
            raise self._busy(number)
        newest: RunHandle[Any] = self._client.get_run(self._run(number))
        result = await newest.outcome()
        # A run that was terminated says nothing of its transcript: go on where it had started.
        return result.head or await self._head(number - 1)

    async def _last(self) -> int:
        """The newest run. The stored number may lag behind by what a crash cut off."""
        number = await self._sessions.find_last(self.id)
        while await self._status(number + 1) is not None:
            number += 1
        return number

    async def _status(self, number: int) -> WorkflowExecutionStatus | None:
        handle = self._client.connection.temporal.get_workflow_handle(self._run(number))
        try:
            return (await handle.describe()).status
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return None
            raise

    def _run(self, number: int) -> str:
        return f"{self.id}.{number}"

    def _busy(self, number: int) -> RunError:
        return RunBusy(f"Session {self.id!r} is busy with run {self._run(number)!r}.")
