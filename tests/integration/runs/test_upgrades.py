"""Two versions of an agent: runs that the first version started go on with the second."""

from __future__ import annotations

from harness import Agent, Harness, tool
from harness.contracts import event as e
from harness.history.recording import read_history
from harness.replay.check import check
from harness_workers import serve
from tests.fakes.model_server import ModelServer
from tests.fakes.runs import look, one, send, sent_results, waiting
from tests.fakes.steps import call, say

LETTER = {"to": "ann", "text": "hi"}


def first_version(name: str) -> Agent[None, str]:
    return Agent(name, instructions="Version one.", tools=[look, send])


def second_version(name: str) -> Agent[None, str]:
    """Without `look`, and with a newer `send` of the same name."""

    @tool(name="send", effect="write", approval="always")
    def send_by_post(to: str, text: str, urgent: bool = False) -> str:
        """Send a message by post."""
        return f"posted {text!r} to {to}{' at once' if urgent else ''}"

    return Agent(name, instructions="Version two.", tools=[send_by_post])


async def test_a_waiting_run_goes_on_with_the_next_version(
    remote: Harness, model_server: ModelServer, name: str
) -> None:
    """Its instructions and schemas are those of its start; the code of its tools is today's."""
    model_server.script(call("send", **LETTER), call("look", place="here"), say("Sent."))
    async with serve(remote.connection, first_version(name)):
        run = await remote.start(name, "Write to Ann.")
        await waiting(run)
    async with serve(remote.connection, second_version(name)):
        await run.approve()
        assert (await run.result()).output == "Sent."
        posted, missing = sent_results(model_server)
        assert posted == "posted 'hi' to ann"
        assert missing == 'There is no tool called "look". There are: read_result, send.'
        for body in (each.body for each in model_server.calls):
            assert "Version one." in str(body["instructions"])
            assert {each["name"] for each in body["tools"]} >= {"look", "send"}
            assert "urgent" not in str(body["tools"])

        model_server.script(call("send", **LETTER, urgent=True), say("Sent."))
        new = await remote.start(name, "Write to Ann.")
        await waiting(new)
        await new.approve()
        await new.result()
        assert sent_results(model_server)[-1] == "posted 'hi' to ann at once"
        assert "Version two." in str(model_server.calls[-1].body)
    # The gate before a deployment: the workflow code of today over both runs.
    for each in (run, new):
        await check(await read_history(remote.connection, each.id))


async def test_a_call_that_the_next_version_cannot_take(
    remote: Harness, model_server: ModelServer, name: str
) -> None:
    @tool(name="send", effect="write", approval="always")
    def send_to_many(recipients: list[str], text: str) -> str:
        """Send a message to several."""
        return f"sent {text!r} to {recipients}"

    model_server.script(call("send", **LETTER), say("Sent to all."))
    async with serve(remote.connection, first_version(name)):
        run = await remote.start(name, "Write to Ann.")
        await waiting(run)
    async with serve(remote.connection, Agent(name, tools=[send_to_many])):
        await run.approve()
        assert (await run.result()).output == "Sent to all."
    assert 'unknown "to"; known are: recipients, text' in sent_results(model_server)[0]
    refused = one(await run.trace(), e.ToolCallFinished)
    assert refused.error is not None
    assert refused.error.code == "tool.invalid_arguments"


async def test_a_version_with_a_name_of_its_own_leaves_older_runs_to_older_workers(
    remote: Harness, model_server: ModelServer, name: str
) -> None:
    model_server.script(call("send", **LETTER), say("Sent."))
    async with serve(remote.connection, first_version(name)):
        run = await remote.start(name, "Write to Ann.")
        await waiting(run)
        async with serve(remote.connection, second_version(f"{name}-2")):
            await run.approve()
            await run.result()
            assert sent_results(model_server) == ["sent 'hi' to ann"]

            model_server.script(call("send", **LETTER), say("Sent."))
            new = await remote.start(f"{name}-2", "Write to Ann.")
            await waiting(new)
            await new.approve()
            await new.result()
            assert sent_results(model_server) == ["posted 'hi' to ann"]
