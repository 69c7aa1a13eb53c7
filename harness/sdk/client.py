"""HarnessClient: start runs, find them, ask many at once."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import temporalio.api.enums.v1 as enums
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest

from harness.agent import Agent
from harness.commons.log import get_logger
from harness.config.providers import check_models
from harness.contracts.message import FileRef, Image, Message
from harness.contracts.run import Budget
from harness.contracts.whatif import WhatIfReport
from harness.engine.connection import Connection
from harness.engine.retry import run_not_found
from harness.forks.fork import Change
from harness.forks.playback import Read
from harness.forks.whatif import Progress, Question
from harness.history.follow import Feeds
from harness.history.recording import Recording
from harness.runs.attachments import attach_file
from harness.runs.listing import RunRow, list_runs
from harness.runs.start import Request, as_messages, start_run
from harness.sdk.alternatives import ask_whatif, fork_run
from harness.sdk.handle import RunHandle
from harness.sdk.result import RunResult
from harness.sdk.scope import Scope

Out = TypeVar("Out")


class HarnessClient:
    """A connection to runs. It serves no agent; `Harness.local()` does."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._scope = Scope(connection, Feeds(connection), self.serve)

    async def run(
        self,
        agent: Agent[Any, Out],
        prompt: str | Message | Sequence[Message],
        *,
        id: str | None = None,
        model: str | None = None,
        budget: Budget | None = None,
        workspace: Path | None = None,
        labels: Mapping[str, str] | None = None,
    ) -> RunResult[Out]:
        """Start a run and wait for its result. When the caller is cancelled, the run goes on.

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
        handle = await self.start(
            agent, prompt, id=id, model=model, budget=budget, workspace=workspace, labels=labels
        )
        return await handle.result()

    async def start(
        self,
        agent: Agent[Any, Out],
        prompt: str | Message | Sequence[Message],
        *,
        id: str | None = None,
        model: str | None = None,
        budget: Budget | None = None,
        workspace: Path | None = None,
        labels: Mapping[str, str] | None = None,
    ) -> RunHandle[Out]:
        """Start a run and return at once.

        Args:
            agent: Who runs.
            prompt: What is asked: a text, a message, or a conversation.
            id: With the same id a run is started once, however often this is called.
            model: Another model than the agent's, as provider/model.
            budget: Other limits than the agent's.
            workspace: The folder that file tools work in.
            labels: Kept with the run; lists can be filtered by them.

        Returns:
            The run, to follow, steer and wait for.

        Raises:
            ConfigError: A value is not valid, or the key of the model's provider is missing.
            RunIdTaken: A run of that id was started by another request.
        """
        request = Request(
            messages=as_messages(prompt),
            id=id,
            model=model,
            budget=budget,
            workspace=workspace,
            labels=labels,
        )
        return await self.begin(agent, request)

    async def begin(self, agent: Agent[Any, Out], request: Request) -> RunHandle[Out]:
        """Start what a request describes; `start` and sessions come here.

        Args:
            agent: Who runs.
            request: All that the caller said.

        Returns:
            The run.
        """
        served = await self.serve(agent)
        if served:  # the calls are made from here, so it is known here whether they can be
            plan = agent.spec(self.connection.settings.model).plan.candidates
            models = [request.model] if request.model else [each.model for each in plan]
            check_models(self.connection.settings, models)
        id = await start_run(self.connection, agent, request, eager=served)
        if not served and not await self.has_worker(agent):
            await self.warn_unserved(id, agent.name)
        return RunHandle(self._scope, id, agent)

    def get_run(self, id: str, agent: Agent[Any, Out] | None = None) -> RunHandle[Out]:
        """The run with this id. Nothing is asked yet: a wrong id shows at the first question.

        Args:
            id: The run's id.
            agent: Its agent, where its typed value is wanted or this process shall serve it.

        Returns:
            The run, to follow, steer and wait for.

        Raises:
            RunNotFound: The id is empty.
        """
        if not id:
            raise run_not_found(id)
        return RunHandle(self._scope, id, agent)

    async def list_runs(self, query: str = "", limit: int | None = None) -> AsyncIterator[RunRow]:
        """List runs, newest first.

        Args:
            query: In Temporal's language, such as
                `HarnessState = 'waiting' AND HarnessAgent = 'calculator'`.
            limit: How many at most.

        Returns:
            An iterator over the runs.

        Raises:
            InvalidValue: Temporal refuses the query.
            StackUnreachable: Temporal does not answer.
        """
        async for row in list_runs(self.connection, query, limit):
            yield row

    async def attach(self, file: Path) -> Image | FileRef:
        """Store a file for a message. A picture is shown to the model; anything else is named to
        it, to be read with `read_result`.

        Args:
            file: The file to store.

        Returns:
            A part for a `Message`.

        Raises:
            ContentTooLarge: The file is too large.
        """
        return await attach_file(self.connection, file)

    async def fork(
        self,
        source: str | Recording,
        at: int,
        change: Change,
        *,
        agent: Agent[Any, Out] | None = None,
        id: str | None = None,
    ) -> RunHandle[Out]:
        """Start a run that goes on after turn `at` of another one, or of an exported one.

        Args:
            source: A run's id, or a recording read from a file.
            at: The last turn to keep; 0 keeps none.
            change: What the new run does otherwise.
            agent: Needed only where this process shall serve the new run.
            id: The id of the new run. With the same id it is started once.

        Returns:
            The new run.

        Raises:
            RunNotFound: No run has this id.
            TurnNotFound: It has no such turn.
        """
        forked = await fork_run(self._scope, source, at, change, agent=agent, id=id)
        return self.get_run(forked, agent)

    async def whatif(
        self,
        sources: Sequence[str | Recording],
        at: int,
        change: Change | None = None,
        *,
        n: int = 5,
        live_reads: bool = False,
        agent: Agent[Any, Any] | None = None,
        read: Read | None = None,
        progress: Progress | None = None,
    ) -> WhatIfReport:
        """Ask how past runs might have gone on: `n` forks of each after turn `at`, whose tools do
        not run. They are told what was recorded of the run; anything else is refused. Nothing
        reaches the world, and nobody is asked.

        Args:
            sources: Ids of runs, or recordings. One that cannot be asked stops no other: see
                `SourceOutcome.error`.
            at: The last turn to keep; 0 keeps none.
            change: What the forks do otherwise.
            n: How many forks of each run.
            live_reads: Let tools that only read run where nothing was recorded.
            agent: Needed only where this process shall serve the forks.
            read: How to find a run that is neither in Temporal nor in the archive.
            progress: Called for each fork that has ended.

        Returns:
            What came of each fork, beside what came of its source.

        Raises:
            InvalidValue: Too many forks, or none.
            NoWorker: No worker serves the agent.
        """
        question = Question(at=at, change=change or Change(), n=n, live_reads=live_reads)
        return await ask_whatif(
            self._scope, self.get_run, sources, question, agent=agent, read=read, progress=progress
        )

    async def serve(self, agent: Agent[Any, Any]) -> bool:  # noqa: ARG002 - for those who host
        """Serve the agent from this process until the harness is closed, where it hosts workers.

        Args:
            agent: Whose runs to serve.

        Returns:
            Whether it is served here: always with `Harness.local()`, never with `connect()`.
        """
        return False

    async def has_worker(self, agent: Agent[Any, Any]) -> bool:
        """Ask whether a worker has polled the agent's queue in the last minutes.

        Temporal does not notice at once that a worker has left: `RunHandle.is_served` is sure.

        Args:
            agent: Whose queue.

        Returns:
            Whether one has.
        """
        request = DescribeTaskQueueRequest(
            namespace=self.connection.temporal.namespace,
            task_queue=TaskQueue(name=agent.queue),
            task_queue_type=enums.TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
        )
        service = self.connection.temporal.workflow_service
        return bool((await service.describe_task_queue(request)).pollers)

    async def warn_unserved(self, id: str, agent: str) -> None:
        """Say that a run has started which nothing serves yet; commands say it in their own way.

        Args:
            id: The run's id.
            agent: The agent's name.
        """
        get_logger(__name__).warning(
            "nothing serves this agent yet; the run waits for a worker",
            run=id,
            agent=agent,
            fix="harness worker FILE.py",
        )
