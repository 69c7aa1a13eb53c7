"""A command says the same through a daemon as on the stack."""

from __future__ import annotations

import json

from harness import Agent, Harness
from harness.archive import sweep
from harness.contracts.run import RunState
from tests.fakes.model_server import ModelServer
from tests.fakes.runs import eventually, send
from tests.fakes.steps import call, say
from tests.integration.remote.conftest import Places

LETTER = {"to": "ann", "text": "hi"}


async def waiting_run(harness: Harness, model_server: ModelServer, name: str) -> str:
    """A run that waits for a decision, then answers."""
    agent = Agent(name, tools=[send])
    await harness.serve(agent)
    model_server.script(call("send", **LETTER), say("Sent."))
    handle = await harness.start(agent, "Write to ann.")
    status = await eventually(handle.status, lambda seen: seen.state is RunState.WAITING)
    assert status.pending
    return handle.id


async def test_a_run_is_read_and_decided(
    places: Places, harness: Harness, model_server: ModelServer, name: str
) -> None:
    run = await waiting_run(harness, model_server, name)
    left = await places.daemon("watch", run, "--json")
    assert (left.code, left.last["state"]) == (4, "waiting")
    watched = (await places.stack("watch", run, "--json")).lines
    assert left.lines == [*watched[:-1], {**watched[-1], "url": None}]
    digest = left.last["pending"][0]["digest"]
    stale = await places.daemon("approve", run, "--digest", "0123456789abcdef", "--json")
    assert stale.last["error"]["code"] == "steering.changed"
    edit = json.dumps({"text": "hello"})
    made = await places.daemon("approve", run, "--edit", edit, "--digest", digest, "--json")
    assert (made.code, made.last["arguments"]) == (0, {"to": "ann", "text": "hello"})
    assert (await places.daemon("watch", run, "--json")).last["state"] == "completed"
    late = await places.daemon("approve", run, "--json")
    assert late.last == (await places.stack("approve", run, "--json")).last
    await sweep.seal_run(harness.connection, run)
    reads = [
        ("list", "--agent", name), ("list", "--agent", "nobody"), ("trace", run),
        ("trace", run, "--kind", "tool_call_finished"), ("trace", run, "--follow"),
        ("trace", run, "--from", "3"), ("effects", run), ("diff", run, run), ("verify", run),
        ("undo", run, "--dry-run"), ("agents",), ("show", "no-such-run"), ("trace", "x/../y"),
        ("list", "--query", f"HarnessAgent = '{name}'"), ("verify", run, "--token", "0" * 64),
        ("list", "--query", "nonsense ="), ("undo", run, "--past", "call_9"),
    ]  # fmt: skip
    for words in reads:
        there, here = await places.daemon(*words, "--json"), await places.stack(*words, "--json")
        assert there == here, (words, there, here)
        plain = await places.daemon(*words)
        assert plain.code == here.code, words
    card = (await places.daemon("show", run, "--json")).last
    own = (await places.stack("show", run, "--json")).last
    assert len(own.pop("token")) == 64  # a daemon's cards have none: see harness verify
    assert card == {**own, "url": None}
    exported = [
        (await place("export", run, "-o", file, "--json")).last
        for place, file in ((places.daemon, "there.json"), (places.stack, "here.json"))
    ]
    for fact in ("run", "events", "executions", "nodes", "missing", "token"):
        assert exported[0][fact] == exported[1][fact]
    assert (await places.stack("trace", "there.json", "--json")).code == 0
