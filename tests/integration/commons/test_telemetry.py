"""One trace goes from the starter through the run to the provider call, and replay adds nothing."""

from __future__ import annotations

import subprocess
import sys
import uuid
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from temporalio import activity, workflow
from temporalio.client import Client, WorkflowFailureError
from temporalio.common import RetryPolicy
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Replayer, Worker

from harness.commons.redact import MASK
from harness.commons.telemetry import (
    annotate,
    current_trace_id,
    span,
    start_traces,
    stop_traces,
    tracing_interceptors,
)
from tests.fakes.traces import Collector, collector

__all__ = ["collector"]

KEY = "sk-abcdefghijklmnop1234"


@activity.defn
async def traced_call(fail: bool) -> str | None:
    with span("provider call", {"gen_ai.request.model": "offline/demo"}):
        annotate({"gen_ai.usage.output_tokens": 7, "note": f"key {KEY}"})
        if fail:
            raise ValueError(f"refused {KEY}")
        return current_trace_id()


@workflow.defn
class TracedRun:
    @workflow.run
    async def run(self, fail: bool) -> str | None:
        return await workflow.execute_activity(
            traced_call,
            fail,
            start_to_close_timeout=timedelta(seconds=10),
            retry_policy=RetryPolicy(maximum_attempts=1),
        )


@pytest.fixture
async def address() -> AsyncIterator[str]:
    binary = Path(sys.executable).parent / "temporal"
    async with await WorkflowEnvironment.start_local(dev_server_existing_path=str(binary)) as env:
        yield env.client.service_client.config.target_host


def ancestry(collector: Collector, found: Span) -> list[str]:
    names = [found.name]
    while parent := collector.parent_of(found):
        names.append(parent.name)
        found = parent
    return names


async def test_one_trace_from_starter_to_provider_call(address: str, collector: Collector) -> None:
    start_traces(collector.endpoint, "harness-test")
    client = await Client.connect(address, interceptors=tracing_interceptors())
    queue = uuid.uuid4().hex
    async with Worker(client, task_queue=queue, workflows=[TracedRun], activities=[traced_call]):
        with span("starter"):
            handle = await client.start_workflow(TracedRun.run, False, id=queue, task_queue=queue)
            mine = current_trace_id()
        assert await handle.result() == mine
    stop_traces()

    call = collector.named("provider call")
    assert ancestry(collector, call) == [
        "provider call",
        "RunActivity:traced_call",
        "StartActivity:traced_call",
        "StartWorkflow:TracedRun",
        "starter",
    ]
    assert ancestry(collector, collector.named("RunWorkflow:TracedRun"))[-1] == "starter"
    assert {found.trace_id.hex() for found in collector.spans} == {mine}
    assert collector.services == {"harness-test"}
    attributes = {a.key: a.value for a in call.attributes}
    assert attributes["gen_ai.usage.output_tokens"].int_value == 7
    assert attributes["note"].string_value == f"key {MASK}"

    count = len(collector.spans)
    start_traces(collector.endpoint)
    replayer = Replayer(workflows=[TracedRun], interceptors=tracing_interceptors())
    await replayer.replay_workflow(await handle.fetch_history())
    stop_traces()
    assert len(collector.spans) == count


async def test_no_secret_leaves_in_the_trace_of_an_error(
    address: str, collector: Collector
) -> None:
    start_traces(collector.endpoint)
    client = await Client.connect(address, interceptors=tracing_interceptors())
    queue = uuid.uuid4().hex
    async with Worker(client, task_queue=queue, workflows=[TracedRun], activities=[traced_call]):
        with span("starter"), pytest.raises(WorkflowFailureError):
            await client.execute_workflow(TracedRun.run, True, id=queue, task_queue=queue)
    stop_traces()
    call = collector.named("provider call")
    assert any("refused ***" in str(event) for event in call.events)
    assert KEY not in str(collector.spans)
    assert MASK in collector.named("RunActivity:traced_call").status.message


async def test_a_collector_that_is_away_disturbs_nobody(collector: Collector) -> None:
    collector.close()
    start_traces(f"{collector.endpoint}/v1/traces")
    with span("work"):
        assert current_trace_id()
    stop_traces()
    assert current_trace_id() is None


def test_off_means_that_nothing_is_loaded() -> None:
    script = (
        "import sys\n"
        "from harness.commons import telemetry as t\n"
        "t.start_traces(None)\n"
        "with t.span('x', {'a': 1}): t.annotate({'b': 2})\n"
        "assert t.tracing_interceptors() == [] and t.current_trace_id() is None\n"
        "t.stop_traces()\n"
        "print(sorted(m for m in sys.modules if m.startswith(('opentelemetry', 'temporalio'))))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout == "[]\n", done.stderr
