"""The worker is killed while a message is on its way: nothing is lost, and nothing reordered."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness import Harness
from harness.runs.published import store_agent
from harness.runs.start import start_run
from harness.runs.start_request import Request, as_messages
from harness.webhooks import client as webhooks
from tests.fakes.fixtures import forge as forge
from tests.fakes.fixtures import worker as worker
from tests.fakes.model_server import ModelServer
from tests.fakes.steps import call, say
from tests.fakes.webhook_receiver import Receiver
from tests.fakes.worker_process import WorkerProcess, agent

KINDS = ("run_started", "model_called", "model_replied", "tool_call_finished", "run_ended")


@pytest.mark.slow
async def test_a_worker_killed_in_the_middle_of_a_message(
    remote: Harness,
    worker: WorkerProcess,
    receiver: Receiver,
    model_server: ModelServer,
    name: str,
    tmp_path: Path,
) -> None:
    model_server.always(
        lambda body: say("Looked.") if "function_call_output" in str(body["input"][-1])
        else call("look", place="north")
    )  # fmt: skip
    connection = remote.connection
    stored = await store_agent(connection, agent(name, tmp_path))
    await webhooks.add_webhook(connection, receiver.url, events=KINDS, everyone=True, agent=name)
    receiver.gate.clear()
    worker.start()
    run = await start_run(connection, stored, Request(messages=as_messages("Look.")), eager=False)
    for count in (1, 2):  # killed twice: before the first answer, and after it was given
        await receiver.until(lambda found, count=count: len(found) == count)
        worker.replace()
    receiver.gate.set()
    found = await receiver.until(lambda found: found[-1].kind == "run_ended")
    assert {each.message["data"]["run"] for each in found} == {run}
    first = list(dict.fromkeys(each.id for each in found))  # in the order of first arrival
    wanted = [each for each in KINDS[:3]] + ["tool_call_finished", "model_called",
              "model_replied", "run_ended"]  # fmt: skip
    kinds = {each.id: each.kind for each in found}
    assert [kinds[id] for id in first] == wanted
    assert len(found) > len(first)  # the killed attempts' messages were repeated
