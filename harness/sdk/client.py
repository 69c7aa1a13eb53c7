"""HarnessClient: start runs, find them, steer many at once."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import temporalio.api.enums.v1 as enums
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from harness.agent import Agent
from harness.commons.log import get_logger
from harness.config.providers import check_models
from harness.contracts.errors import InvalidValue
from harness.contracts.message import FileRef, Image, Message
from harness.contracts.run import WORKFLOW, Budget, RunState
from harness.contracts.whatif import WhatIfReport
from harness.engine.connection import Connection
from harness.engine.retry import not_found, unreachable
from harness.forks.fork import Change, fork
from harness.forks.playback import Read
from harness.forks.whatif import Progress, Question, WhatIf
from harness.history.follow import Feeds
from harness.history.recording import Recording
from harness.runs.attachments import attach
from harness.runs.start import Request, as_messages, start
from harness.sdk.handle import RunHandle

Out = TypeVar("Out")


@dataclass(frozen=True)
class RunRow:
    """A run as lists show it, from the engine's index."""

    id: str
    agent: str
    state: RunState
    model: str
    session: str | None
    started: float
    ended: float | None
    tokens: int | None
    cost_micros: int | None
    fork_of: str | None = None
    """The run that it is a fork of."""


class HarnessClient:
    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._feeds = Feeds(connection)

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
        """Start a run. With an `id` it is started once, however often this is called."""
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
        served = await self.serve(agent)
        if served:  # the calls are made from here, so it is known here whether they can be
            plan = agent.spec(self.connection.settings.model).plan.candidates
            models = [request.model] if request.model else [each.model for each in plan]
            check_models(self.connection.settings, models)
        id = await start(self.connection, agent, request, eager=served)
        if not served and not await self.has_worker(agent):
            await self.warn_unserved(id, agent.name)
        return RunHandle(self.connection, self._feeds, id, agent, self.serve)

    async def serve(self, agent: Agent[Any, Any]) -> bool:  # noqa: ARG002 - for those who host
        """Whether a worker in this process serves the agent; a client hosts none."""
        return False

    async def warn_unserved(self, id: str, agent: str) -> None:
        """Say that a run has started which nothing serves yet."""
        get_logger(__name__).warning(
            "nothing serves this agent yet; the run waits for a worker",
            run=id,
            agent=agent,
            fix="harness worker FILE.py",
        )

    async def has_worker(self, agent: Agent[Any, Any]) -> bool:
        """Whether anything polls the agent's queue, or has done so in the last minutes: the
        engine does not notice at once that a worker has left. `RunHandle.is_served` is sure."""
        request = DescribeTaskQueueRequest(
            namespace=self.connection.temporal.namespace,
            task_queue=TaskQueue(name=agent.queue),
            task_queue_type=enums.TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
        )
        service = self.connection.temporal.workflow_service
        return bool((await service.describe_task_queue(request)).pollers)

    async def attach(self, file: Path) -> Image | FileRef:
        """Store a file for a message: a picture is shown to the model, anything else is named to
        it, to be read with `read_result`."""
        return await attach(self.connection, file)

    def run(self, id: str, agent: Agent[Any, Out] | None = None) -> RunHandle[Out]:
        """The run with this id. Nothing is asked yet: a wrong id shows at the first question."""
        if not id:
            raise not_found(id)
        return RunHandle(self.connection, self._feeds, id, agent, self.serve)

    async def fork(
        self,
        source: str | Recording,
        at: int,
        change: Change,
        *,
        agent: Agent[Any, Out] | None = None,
        id: str | None = None,
    ) -> RunHandle[Out]:
        """A new run that goes on after turn `at` of another one, or of an exported one. The agent
        is needed only where this process shall serve it. See `RunHandle.fork`."""
        served = agent is not None and await self.serve(agent)
        name = agent.name if agent else None
        forked = await fork(self.connection, source, at, change, id=id, agent=name, eager=served)
        return self.run(forked, agent)

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
        """What would have come of past runs: `n` forks of each after turn `at`, whose tools do not
        run. They are told what was recorded of the run; what is not recorded is refused, but for
        tools that only read where `live_reads` allows them. Nothing reaches the world, and nobody
        is asked. A run that cannot be asked stops no other: see `SourceOutcome.error`.

        `agent` is needed only where this process shall serve the forks, `read` where runs are
        known from elsewhere than from the engine and the archive."""
        question = Question(at=at, change=change or Change(), n=n, live_reads=live_reads)
        served = agent is not None and await self.serve(agent)
        name = agent.name if agent else None
        asking = WhatIf(self.connection, self.run, question, agent=name, served=served)
        return await asking.ask(sources, read=read, progress=progress)

    async def runs(self, query: str = "", limit: int | None = None) -> AsyncIterator[RunRow]:
        """Runs, newest first. `query` is the engine's own language, such as
        `HarnessState = 'waiting' AND HarnessAgent = 'calculator'`."""
        ours = f"WorkflowType = '{WORKFLOW}'"
        whole = f"{ours} AND ({query})" if query.strip() else ours
        try:
            async for row in self.connection.temporal.list_workflows(whole, limit=limit):
                if row.status is not WorkflowExecutionStatus.CONTINUED_AS_NEW:
                    yield _row(row)
        except RPCError as error:
            if error.status is not RPCStatusCode.INVALID_ARGUMENT:
                raise unreachable(error) from error
            raise InvalidValue(
                f"Temporal refuses the query {query!r}: {error.message}",
                fix="Write it like: HarnessState = 'waiting' AND HarnessAgent = 'calculator'",
            ) from None


ENDED: dict[WorkflowExecutionStatus, RunState] = {
    WorkflowExecutionStatus.CANCELED: RunState.ABORTED,
    WorkflowExecutionStatus.FAILED: RunState.FAILED,
    WorkflowExecutionStatus.TERMINATED: RunState.FAILED,
    WorkflowExecutionStatus.TIMED_OUT: RunState.FAILED,
}


def _row(row: Any) -> RunRow:
    found = {pair.key.name: pair.value for pair in row.typed_search_attributes}
    state = ENDED.get(row.status) or RunState(found.get("HarnessState", "pending"))
    return RunRow(
        id=row.id,
        agent=found.get("HarnessAgent", ""),
        state=state,
        model=found.get("HarnessModel", ""),
        session=found.get("HarnessSession"),
        started=row.start_time.timestamp(),
        ended=row.close_time.timestamp() if row.close_time else None,
        tokens=found.get("HarnessTokens"),
        cost_micros=found.get("HarnessCostMicros"),
        fork_of=found.get("HarnessForkOf"),
    )
