"""Runs are replayed on the daemon's code, over HTTP."""

from __future__ import annotations

import dataclasses
import os

import pytest
from temporalio.api.enums.v1 import EventType

from harness import Agent, Harness
from harness.archive.sweep import seal_run
from harness.contracts.errors import ReplayUnfinished
from harness.history.export import dump_recording
from harness.history.recording import read_history
from harness.replay import served
from harness.replay.child import replay_text
from tests.fakes.model_server import ModelServer
from tests.fakes.runs import add, eventually
from tests.fakes.steps import call, say
from tests.integration.api.conftest import Api
from tests.integration.api.conftest import api as api
from tests.integration.api.test_api_runs import start


async def test_the_same_and_the_first_difference(
    api: Api, harness: Harness, model_server: ModelServer, name: str
) -> None:
    await harness.serve(Agent(name, tools=[add]))
    model_server.script(call("add", a=1, b=2), say("3"))
    run = await start(api.operator, name)
    await harness.get_run(run).outcome()
    await seal_run(harness.connection, run)
    url = f"/api/v1/runs/{run}/replay"
    answer = await api.operator.post(url)
    found = answer.json()
    assert (answer.status_code, found["same"], found["run"]) == (200, True, run), found
    assert found["executions"][0]["steps"] > 2 and found["code"]
    for client, path, status in (
        (api.viewer, url, 403),
        (api.stranger, url, 404),
        (api.operator, "/api/v1/runs/none/replay", 404),
        (api.operator, "/api/v1/runs/..%2f..%2fetc%2fpasswd/replay", 404),
    ):
        assert (await client.post(path)).status_code == status

    # A history that today's code would not make: another argument of an activity.
    changed = 0
    known = await read_history(harness.connection, run)
    for entry in known.executions[0].entries:
        if entry.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:
            payload = entry.activity_task_scheduled_event_attributes.input.payloads[0]
            payload.data = payload.data.replace(b'"turn":1', b'"turn":7')
            changed = entry.event_id
            break
    differs = await replay_text(dump_recording(dataclasses.replace(known)))
    assert not differs.same and differs.executions[0].entry == changed
    assert '"turn": 7' in (differs.executions[0].difference or "")


async def test_a_replay_is_bounded(
    api: Api, harness: Harness, model_server: ModelServer, name: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    await harness.serve(Agent(name))
    model_server.always(say("Hello."))
    run = await start(api.operator, name)
    await harness.get_run(run).outcome()
    before = len(os.listdir("/proc/self/fd"))
    with pytest.raises(ReplayUnfinished, match=r"longer than 0\.01 s"):
        await served.replay_run(harness.connection, run, seconds=0.01)
    monkeypatch.setattr(served, "MODULE", "harness.no_such_module")
    refused = await api.operator.post(f"/api/v1/runs/{run}/replay")
    assert (refused.status_code, refused.json()["code"]) == (503, "run.replay_unfinished")
    assert "no_such_module" not in refused.text

    async def count_open() -> int:
        return len(os.listdir("/proc/self/fd"))

    await eventually(count_open, lambda open_: open_ <= before + 4)  # a connection or two
