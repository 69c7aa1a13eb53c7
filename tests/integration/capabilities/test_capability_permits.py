"""Activities of capabilities, and functions of agents, do not run for whoever reaches Temporal."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from temporalio import activity, workflow
from temporalio.api.common.v1 import DataBlob, WorkflowExecution
from temporalio.api.enums.v1 import EventType
from temporalio.api.workflowservice.v1 import (
    DeleteWorkflowExecutionRequest,
    ResetWorkflowExecutionRequest,
)
from temporalio.client import WorkflowFailureError
from temporalio.common import RetryPolicy
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from harness import Agent, Harness, RunContext
from harness.contracts.capability import Capability
from harness.contracts.queues import capability_queue
from harness.contracts.run import RunSpec
from harness.engine.signed_start import start_workflow
from harness.store.store_id import get_store_id
from harness_activities.capability_guard import CapabilityGuard
from harness_activities.failures import Failures
from tests.fakes.model_server import ModelServer
from tests.fakes.puppet import Strings, puppets
from tests.fakes.runs import eventually
from tests.fakes.steps import say

CAPABILITY = Capability(name="paying", summary="Pay.")
ONCE = RetryPolicy(maximum_attempts=1)


@workflow.defn(name="Pay")
class Pay:
    @workflow.run
    async def run(self, whom: str) -> str:
        return await workflow.execute_activity(
            "pay", whom, start_to_close_timeout=timedelta(seconds=20), retry_policy=ONCE,
            result_type=str,
        )  # fmt: skip


@workflow.defn(name="PayByChild")
class PayByChild:
    @workflow.run
    async def run(self, whom: str) -> str:
        id = f"{workflow.info().workflow_id}-child"
        return await workflow.execute_child_workflow("Pay", whom, id=id, result_type=str)


@workflow.defn(name="PayTwice")
class PayTwice:
    @workflow.run
    async def run(self, whom: str) -> str:
        if not whom.endswith("!"):
            workflow.continue_as_new(f"{whom}!")
        return await Pay().run(whom)


@workflow.defn(name="Pay")
class Stolen:
    """Answers the task of a genuine execution, and continues with an input of its own."""

    @workflow.run
    async def run(self, whom: str) -> str:
        workflow.continue_as_new("the thief")


class Till:
    """The queue of the capability, and what was paid there."""

    def __init__(self, harness: Harness, queue: str) -> None:
        self.connection, self.queue = harness.connection, queue
        self.paid: list[str] = []

    @asynccontextmanager
    async def serve(self, *workflows: type) -> AsyncGenerator[None]:
        @activity.defn(name="pay")
        async def pay(whom: str) -> str:
            self.paid.append(whom)
            return whom

        guard = CapabilityGuard(self.connection, CAPABILITY)
        attempts: Any = type("Nowhere", (), {"add": lambda *_: None})()
        async with Worker(
            self.connection.temporal, task_queue=self.queue, workflows=workflows,
            activities=[pay], interceptors=[Failures(attempts), guard], max_cached_workflows=0,
            workflow_runner=UnsandboxedWorkflowRunner(), build_id="paying",
        ):  # fmt: skip
            yield

    async def start(self, kind: str, id: str) -> Any:
        return await start_workflow(self.connection, CAPABILITY, kind, "bob", id=id)

    async def reset(self, id: str) -> str:
        handle = self.connection.temporal.get_workflow_handle(id)
        completed = EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED
        entries = [each async for each in handle.fetch_history_events()]
        task = next(each.event_id for each in entries if each.event_type == completed)
        client = self.connection.temporal
        request = ResetWorkflowExecutionRequest(
            namespace=client.namespace,
            workflow_execution=WorkflowExecution(workflow_id=id),
            workflow_task_finish_event_id=task,
            reason="again",
            request_id=f"{id}-reset",
        )
        answer = await client.workflow_service.reset_workflow_execution(request)
        return answer.run_id

    async def outcome(self, id: str) -> str:
        """The result of the newest execution, or the code that it failed with."""
        handle = self.connection.temporal.get_workflow_handle(id)
        try:
            return await handle.result()
        except WorkflowFailureError as error:
            inner: Any = error.cause
            while inner.__cause__ is not None:
                inner = inner.__cause__
            return inner.type


@pytest.fixture(autouse=True)
def _refuse_resets(options: dict[str, Any]) -> None:
    options["worker"] |= {"accept_resets": False}


@pytest.fixture
async def till(harness: Harness) -> Till:
    return Till(
        harness, capability_queue("paying", await get_store_id(harness.connection.database))
    )


@pytest.mark.parametrize("kind", ["Pay", "PayByChild", "PayTwice"])
async def test_what_harness_started_is_served(till: Till, name: str, kind: str) -> None:
    async with till.serve(Pay, PayByChild, PayTwice):
        handle = await till.start(kind, name)
        assert (await handle.result()).rstrip("!") == "bob"
    assert len(till.paid) == 1


async def test_what_was_started_by_hand_is_refused(till: Till, name: str) -> None:
    temporal = till.connection.temporal
    async with till.serve(Pay):
        await temporal.start_workflow("Pay", "eve", id=name, task_queue=till.queue)
        assert await till.outcome(name) == "run.unsigned"
    assert till.paid == []


async def test_a_permit_serves_once(till: Till, name: str) -> None:
    temporal = till.connection.temporal
    async with till.serve(Pay):
        first = await till.start("Pay", name)
        await first.result()
        memo = await (await first.describe()).memo()
        await temporal.start_workflow("Pay", "bob", id=name, task_queue=till.queue, memo=memo)
        assert await till.outcome(name) == "run.replayed"
    assert till.paid == ["bob"]


@pytest.mark.parametrize("kind", ["Pay", "PayByChild"])
async def test_a_reset_pays_no_second_time(till: Till, name: str, kind: str) -> None:
    async with till.serve(Pay, PayByChild):
        await (await till.start(kind, name)).result()
        paying = name if kind == "Pay" else f"{name}-child"
        await till.reset(paying)
        assert await till.outcome(paying) == "run.replayed"
    assert till.paid == ["bob"]


@pytest.mark.parametrize("is_deleted", [False, True])
async def test_a_reset_that_continues_with_another_input_is_refused(
    till: Till, name: str, is_deleted: bool
) -> None:
    """Somebody resets what has ended, answers for a worker, and deletes the traces."""
    async with till.serve(Pay):
        await (await till.start("Pay", name)).result()
    again = await till.reset(name)
    temporal = till.connection.temporal
    async with Worker(
        temporal, task_queue=till.queue, workflows=[Stolen], build_id="evil",
        workflow_runner=UnsandboxedWorkflowRunner(), max_cached_workflows=0,
    ):  # fmt: skip

        async def has_continued() -> bool:
            found = await temporal.get_workflow_handle(name).describe()
            return found.run_id != again

        assert await eventually(has_continued)
    if is_deleted:
        await temporal.workflow_service.delete_workflow_execution(
            DeleteWorkflowExecutionRequest(
                namespace=temporal.namespace,
                workflow_execution=WorkflowExecution(workflow_id=name, run_id=again),
            )
        )
    async with till.serve(Pay):
        refused = {"run.replayed", "run.not_found"} if is_deleted else {"run.replayed"}
        assert await till.outcome(name) in refused
    assert till.paid == ["bob"]


@pytest.mark.parametrize("request_", [None, b"bytes", DataBlob(data=b"x")], ids=str)
@pytest.mark.parametrize("function", ["write_instructions", "check_output", "run_tool"])
async def test_what_decodes_as_something_else_is_refused(
    harness: Harness, model_server: ModelServer, name: str, request_: Any, function: str
) -> None:
    """A payload says how it is encoded, and whoever starts a workflow chooses that."""
    called: list[str] = []

    def write(ctx: RunContext[None]) -> str:
        called.append(ctx.run)
        return "Be brief."

    model_server.script(say("Hello."))
    agent = Agent(name, instructions=write)
    await (await harness.start(agent, "Hello?")).result()
    called.clear()

    async def script(strings: Strings) -> str:
        return await strings.refused(function, request_)

    spec = RunSpec(agent=name, spec="s", model="p/m", messages=())
    async with puppets(harness, agent.queue) as play:
        assert await play(f"{name}-forged", spec, script) == "run.forged"
    assert called == []
