"""An editor, with the official client of the protocol, and the agent that it talks to."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import acp
import pytest
from acp import schema
from acp.helpers import embedded_text_resource, image_block, resource_block, text_block

from harness import Agent, Harness
from harness.acp.agent import AcpAgent
from harness.tools import ask_human
from tests.fakes.model_server import ModelServer
from tests.fakes.runs import Gate, send
from tests.fakes.steps import Hang, call, say

LETTER = {"to": "ann", "text": "hi"}


class Editor:
    """What the person sees, and what they choose."""

    def __init__(self, choice: str | None = None) -> None:
        self.choice = choice
        self.updates: list[Any] = []
        self.asked: list[tuple[Any, list[str]]] = []
        self.arrived = asyncio.Event()

    def on_connect(self, conn: Any) -> None:
        pass

    async def session_update(self, session_id: str, update: Any, **_: Any) -> None:
        self.updates.append(update)

    async def request_permission(
        self, session_id: str, tool_call: Any, options: list[Any], **_: Any
    ) -> schema.RequestPermissionResponse:
        self.asked.append((tool_call, [option.option_id for option in options]))
        self.arrived.set()
        if self.choice is None:
            return schema.RequestPermissionResponse(
                outcome=schema.DeniedOutcome(outcome="cancelled")
            )
        chosen = schema.AllowedOutcome(outcome="selected", option_id=self.choice)
        return schema.RequestPermissionResponse(outcome=chosen)

    @property
    def text(self) -> str:
        return "".join(
            each.content.text
            for each in self.updates
            if each.session_update == "agent_message_chunk"
        )


@asynccontextmanager
async def editing(
    harness: Harness, agent: Agent[Any, Any], editor: Editor
) -> AsyncIterator[acp.ClientSideConnection]:
    ours, theirs = socket.socketpair()
    reader, writer = await asyncio.open_connection(sock=ours)
    serving: Any = AcpAgent(harness, agent)
    task = asyncio.create_task(acp.run_agent(serving, writer, reader))
    output, input = await asyncio.open_connection(sock=theirs)
    connection = acp.connect_to_agent(editor, input, output)  # type: ignore[arg-type]
    try:
        said = await connection.initialize(protocol_version=1)
        assert (said.protocol_version, said.agent_capabilities.load_session) == (1, True)
        yield connection
    finally:
        await connection.close()
        input.close()
        await task
        writer.close()


async def open_session(editor: acp.ClientSideConnection, folder: Path) -> str:
    return (await editor.new_session(cwd=str(folder), mcp_servers=[])).session_id


async def test_two_prompts_and_the_session_again(
    harness: Harness, model_server: ModelServer, name: str, tmp_path: Path
) -> None:
    agent = Agent(name, tools=[send])
    model_server.script(call("send", **LETTER), say("Sent."), say("You are welcome."))
    person = Editor("approve")
    async with editing(harness, agent, person) as editor:
        session = await open_session(editor, tmp_path)
        letter = resource_block(embedded_text_resource("file:///letter.txt", "Dear Ann"))
        done = await editor.prompt(session_id=session, prompt=[text_block("Send it."), letter])
        assert (done.stop_reason, person.text) == ("end_turn", "Sent.")
        ((asked, options),) = person.asked
        assert (asked.title, asked.raw_input, options) == ("send", LETTER, ["approve", "reject"])
        kinds = [each.session_update for each in person.updates]
        assert kinds.count("tool_call") == 1
        calls = [each for each in person.updates if each.session_update == "tool_call_update"]
        assert calls[-1].status == "completed"
        await editor.prompt(session_id=session, prompt=[text_block("Thanks.")])
        assert person.text == "Sent.You are welcome."
        for bad in ([], [text_block(" ")], [image_block("AAAA", "image/png")]):
            with pytest.raises(acp.RequestError):
                await editor.prompt(session_id=session, prompt=bad)
    again = Editor()
    async with editing(harness, agent, again) as editor:
        await editor.load_session(cwd=str(tmp_path), session_id=session, mcp_servers=[])
        shown = [each for each in again.updates if each.session_update == "user_message_chunk"]
        assert "Dear Ann" in shown[0].content.text and shown[1].content.text == "Thanks."
        assert again.text == person.text
        for bad_id in ("no-such-session", "x" * 300, ""):
            with pytest.raises(acp.RequestError):
                await editor.load_session(cwd=str(tmp_path), session_id=bad_id, mcp_servers=[])
        with pytest.raises(acp.RequestError):
            await editor.prompt(session_id="no-such-session", prompt=[text_block("x")])
        for folder in ("relative", "/no/such/folder", "/\0"):
            with pytest.raises(acp.RequestError):
                await editor.new_session(cwd=folder, mcp_servers=[])


async def test_a_question_is_answered_by_the_next_prompt(
    harness: Harness, model_server: ModelServer, name: str, tmp_path: Path
) -> None:
    model_server.script(call("ask_human", question="Which colour?"), say("Blue it is."))
    person = Editor()
    async with editing(harness, Agent(name, tools=[ask_human]), person) as editor:
        session = await open_session(editor, tmp_path)
        done = await editor.prompt(session_id=session, prompt=[text_block("Paint.")])
        assert (done.stop_reason, person.text.strip()) == ("end_turn", "Which colour?")
        await editor.prompt(session_id=session, prompt=[text_block("Blue.")])
        assert person.text.endswith("Blue it is.")
        assert len(await harness.session(session).list_runs()) == 1


async def test_dismissing_decides_nothing_and_cancelling_aborts(
    harness: Harness, model_server: ModelServer, name: str, tmp_path: Path
) -> None:
    model_server.script(call("send", **LETTER), Hang())
    person = Editor()
    async with editing(harness, Agent(name, tools=[send]), person) as editor:
        session = await open_session(editor, tmp_path)
        done = await editor.prompt(session_id=session, prompt=[text_block("Send it.")])
        assert done.stop_reason == "end_turn"
        run = harness.get_run(f"{session}.1")
        assert (await run.status()).state.value == "waiting"
        person.choice = "approve"
        going_on = asyncio.create_task(
            editor.prompt(session_id=session, prompt=[text_block("All right, do it.")])
        )
        await model_server.called(2)
        with pytest.raises(acp.RequestError):
            await editor.prompt(session_id=session, prompt=[text_block("And this?")])
        await editor.cancel(session_id=session)
        assert (await going_on).stop_reason == "cancelled"
        assert (await run.outcome()).state.value == "aborted"
        assert len(person.asked) == 2


async def test_a_paused_run_ends_the_prompt(
    harness: Harness, model_server: ModelServer, name: str, tmp_path: Path
) -> None:
    gate = Gate()
    model_server.script(call("hold", what="it"), say("Done."))
    person = Editor()
    async with editing(harness, Agent(name, tools=[gate.tool]), person) as editor:
        session = await open_session(editor, tmp_path)
        prompted = asyncio.create_task(
            editor.prompt(session_id=session, prompt=[text_block("Work.")])
        )
        await gate.entered.wait()
        run = harness.get_run(f"{session}.1")
        await run.pause("lunch")
        gate.left.set()
        async with asyncio.timeout(20):
            assert (await prompted).stop_reason == "end_turn"
            assert f"{run.id} is paused" in person.text
            said = await editor.prompt(session_id=session, prompt=[text_block("And?")])
        assert (said.stop_reason, person.text.count("is paused")) == ("end_turn", 2)
        await run.resume()
        await run.result()


async def test_arguments_that_are_left_out_are_counted(
    harness: Harness, model_server: ModelServer, name: str, tmp_path: Path
) -> None:
    model_server.script(call("send", to="ann", text="x" * 5_000), say("Sent."))
    person = Editor("approve")
    async with editing(harness, Agent(name, tools=[send]), person) as editor:
        session = await open_session(editor, tmp_path)
        await editor.prompt(session_id=session, prompt=[text_block("Send it.")])
    ((asked, _),) = person.asked
    shown = asked.content[0].content.text
    assert shown.endswith(" more characters)") and len(shown) < 5_000
