"""Workers act only for runs that somebody with the signing key started, and only as they were
started; nothing else reaches a tool, a model or a file."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import ResetWorkflowExecutionRequest
from temporalio.common import WorkflowIDReusePolicy

from harness import Agent, Harness
from harness.config.settings import settings_model
from harness.contracts.agent_code import CheckOutput, WriteInstructions
from harness.contracts.effect import CheckTargets, Compensate, ListEffects, UndoReport, UndoSpec
from harness.contracts.errors import HarnessError
from harness.contracts.message import ToolCall, user_message
from harness.contracts.model import CallModel, ModelTurn
from harness.contracts.run import WORKFLOW, Budget, Carry, RunSpec, RunState, Totals
from harness.contracts.tool import Playback, RunTool, ToolOutcome, Workspace
from harness.contracts.transcript import SaveTranscript
from harness.crypto.signing import Signer
from harness.forks.fork import Change
from harness.runs.published import store_agent
from harness.runs.start import pin_spec
from harness.runs.start_request import Request, as_messages
from harness.store.permits import sign_run
from harness.tools import read_file, write_file
from tests.fakes.model_server import ModelServer
from tests.fakes.puppet import Strings, puppets
from tests.fakes.runs import add, eventually, send, waiting
from tests.fakes.steps import call, say


async def genuine(harness: Harness, agent: Agent[Any, Any], id: str, **more: Any) -> RunSpec:
    stored = await store_agent(harness.connection, agent)
    spec = await pin_spec(harness.connection, stored, Request(messages=as_messages("Go."), **more))
    return sign_run(await harness.connection.signing.get_signer(), id, spec)


async def start_by_hand(harness: Harness, agent: Agent[Any, Any], id: str, spec: RunSpec) -> None:
    await harness.connection.temporal.start_workflow(
        WORKFLOW,
        spec,
        id=id,
        task_queue=agent.queue,
        id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
    )


async def code_of(harness: Harness, id: str) -> str:
    result = await harness.get_run(id).outcome()
    return result.error.code if result.error else result.state.value


OTHER = Signer(b"x" * 32)
CARRY = Carry(
    origin="elsewhere", started=0.0, turn=3, totals=Totals(), messages=(user_message("Else."),),
    budget=Budget(),
)  # fmt: skip
CHANGES: dict[str, dict[str, Any]] = {
    "prompt": {"messages": (user_message("Something else."),)},
    "folder": {"workspace": Workspace(host="here", root="/")},
    "agent": {"spec": "another"},
    "model": {"model": "openai/other", "override": True},
    "budget": {"budget": Budget(turns=1000)},
    "salt": {"salt": "pepper"},
    "session": {"session": "yours"},
    "lineage": {"lineage": "yours"},
    "transcript": {"head": "of another run"},
    "playback": {"playback": Playback(record="r", live_reads=True)},
    "tools": {"tools": {}},
    "undo": {"undo": True},
    "instructions": {"instructs": True},
    "validators": {"checks": True},
    "memories": {"remembers": True},
    "extraction": {"learns": True},
    "nonce": {"permit": "n" * 16 + "." + "m" * 22},
    "no mac": {"permit": "x"},
}


async def test_runs_that_are_not_as_they_were_signed_fail_before_they_act(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    agent = Agent(name, tools=[add, write_file])
    await harness.serve(agent)
    wanted = {"unsigned": "run.unsigned", "another key": "run.forged", "another run": "run.forged"}
    specs = {"another run": await genuine(harness, agent, f"{name}-else")}
    bare = specs["another run"].model_copy(update={"permit": None})
    specs |= {"unsigned": bare, "another key": sign_run(OTHER, f"{name}-another key", bare)}
    for what, change in {**CHANGES, "carry": {"carry": CARRY}}.items():
        spec = await genuine(harness, agent, f"{name}-{what}")
        specs[what] = spec.model_copy(update=change)
        wanted[what] = "run.forged"
    await asyncio.gather(
        *(start_by_hand(harness, agent, f"{name}-{what}", spec) for what, spec in specs.items())
    )
    codes = await asyncio.gather(*(code_of(harness, f"{name}-{what}") for what in specs))
    assert dict(zip(specs, codes, strict=True)) == wanted
    assert model_server.calls == []


async def test_a_permit_serves_one_run(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    model_server.always(say("Hello."))
    agent = Agent(name)
    spec = await genuine(harness, agent, f"{name}-1")
    await harness.serve(agent)
    await start_by_hand(harness, agent, f"{name}-1", spec)
    assert await code_of(harness, f"{name}-1") == "completed"
    before = len(model_server.calls)
    await start_by_hand(harness, agent, f"{name}-1", spec)
    result = await harness.get_run(f"{name}-1").outcome()
    assert result.error is not None
    assert result.error.code == "run.replayed"
    assert len(model_server.calls) == before


async def test_the_engine_does_not_start_a_run_again(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    """With a cron schedule the engine starts the same spec again and again, in one chain."""
    model_server.always(say("Hello."))
    agent = Agent(name)
    spec = await genuine(harness, agent, name)
    await harness.serve(agent)
    client = harness.connection.temporal
    started = await client.start_workflow(
        WORKFLOW, spec, id=name, task_queue=agent.queue, cron_schedule="@every 1s"
    )

    seen = {started.first_execution_run_id}

    async def third() -> bool:
        seen.add((await client.get_workflow_handle(name).describe()).run_id)
        return len(seen) > 2

    await eventually(third)  # so the second one has ended
    await client.get_workflow_handle(name).terminate()
    assert len(model_server.calls) == 1


async def test_a_run_that_has_ended_is_not_brought_back_by_a_reset(
    options: dict[str, Any], model_server: ModelServer, name: str, tmp_path: Path
) -> None:
    """Whoever reaches the engine can reset a run, and then tell it what to do."""
    options["worker"] |= {"accept_resets": False}
    model_server.always(say("Hello."))
    settings = settings_model().model_validate(options)
    async with Harness.local(project=tmp_path, settings=settings) as harness:
        run = await harness.start(Agent(name), "Say hello.")
        assert (await run.outcome()).error is None
        before = len(model_server.calls)
        client = harness.connection.temporal
        await client.workflow_service.reset_workflow_execution(
            ResetWorkflowExecutionRequest(
                namespace=client.namespace,
                workflow_execution=WorkflowExecution(workflow_id=run.id),
                workflow_task_finish_event_id=4,
                request_id=name,
                reason="once more",
            )
        )
        error = (await run.outcome()).error
        assert error is not None and error.code == "run.replayed"
        assert "was reset" in error.message
        assert len(model_server.calls) == before


async def test_starting_by_hand_can_be_allowed(
    options: dict[str, Any], model_server: ModelServer, name: str, tmp_path: Path
) -> None:
    options["worker"] |= {"accept_unsigned": True}
    model_server.script(call("add", a=1, b=2), say("3."))
    settings = settings_model().model_validate(options)
    async with Harness.local(project=tmp_path, settings=settings) as harness:
        agent = Agent(name, tools=[add])
        await harness.serve(agent)
        spec = await genuine(harness, agent, f"{name}-1")
        unsigned = spec.model_copy(update={"permit": None})
        await start_by_hand(harness, agent, f"{name}-1", unsigned)
        assert await code_of(harness, f"{name}-1") == "completed"
        wrong = spec.model_copy(update={"budget": Budget(turns=9)})
        await start_by_hand(harness, agent, f"{name}-2", wrong)
        assert await code_of(harness, f"{name}-2") == "run.forged"


def forgeries(honest: RunTool) -> dict[str, dict[str, Any]]:
    """What else than the model's own call a worker that is not ours may ask for."""
    made = honest.call
    evil = Workspace(host=honest.workspace.host if honest.workspace else "", root="/")
    wrong = made.model_copy(update={"arguments": {"path": "b.txt", "content": "evil"}})
    sends = ToolCall(id=made.id, name="send", arguments={"to": "me", "text": "all"})
    return {
        "no signature": {"signature": None},
        "wrong signature": {"signature": "x" * 22},
        "arguments": {"call": wrong},
        "tool": {"call": sends, "approved": True},
        "id": {"call": made.model_copy(update={"id": "else"})},
        "turn": {"turn": 2},
        "again": {"ordinal": 2},
        "origin": {"origin": "elsewhere"},
        "folder": {"workspace": evil},
        "no folder": {"workspace": None},
        "playback": {"playback": Playback(record="r", live_reads=True)},
        "salt": {"salt": "pepper"},
        "edited": {"call": wrong, "edited": True, "approved": True},
        "edited, signed": {
            "call": wrong, "edited": True, "approved": True, "asked": honest.signature,
        },
    }  # fmt: skip


async def test_a_worker_that_is_not_ours_gets_only_what_the_run_was_started_for(
    harness: Harness, model_server: ModelServer, name: str, tmp_path: Path
) -> None:
    """Someone answers for the run's workflow, and hands our worker whatever they like."""
    model_server.always(call("write_file", path="a.txt", content="as asked"))
    agent = Agent(name, tools=[add, write_file, send])
    await harness.serve(agent)
    run, other = f"{name}-1", f"{name}-2"
    spec = await genuine(harness, agent, run)
    asking = CallModel(spec=spec.spec, messages=spec.messages, turn=1)

    async def script(strings: Strings) -> dict[str, str]:
        turn = await strings.ask("call_model", asking, ModelTurn)
        (made,) = turn.message.calls
        honest = RunTool(
            call=made, turn=1, workspace=spec.workspace,
            signature=(turn.signatures or ("",))[0],
        )  # fmt: skip
        codes = {
            what: await strings.refused("run_tool", honest.model_copy(update=change))
            for what, change in forgeries(honest).items()
        }
        others: dict[str, object] = {
            "call_model": asking.model_copy(update={"spec": "another"}),
            "check_edit": honest.model_copy(update={"edited": True}),
            "save_transcript": SaveTranscript(messages=spec.messages, turn=1, salt="pepper"),
            "write_instructions": WriteInstructions(spec="another"),
            "check_output": CheckOutput(spec="another", turn=1, text="Yes."),
            "list_effects": ListEffects(run=other),
            "compensate": Compensate(key="any", run=run),
            "check_targets": CheckTargets(run=run, keys=("any",)),
        }
        codes |= {what: await strings.refused(what, each) for what, each in others.items()}
        model = asking.model_copy(update={"model": "openai/other"})
        codes["model"] = await strings.refused("call_model", model)
        codes["undo of another"] = str(await strings.undo(other, UndoSpec(run=other)))
        assert not (tmp_path / "b.txt").exists()
        assert not (tmp_path / "a.txt").exists()
        outcome = await strings.ask("run_tool", honest, ToolOutcome)
        assert outcome.failure is None, outcome
        report = await strings.undo(run, UndoSpec(run=run))
        assert isinstance(report, UndoReport), report
        assert len(report.undone) == 1
        return codes

    async with puppets(harness, agent.queue) as play:
        codes = await play(run, spec, script)
    assert {what: code for what, code in codes.items() if code != "run.forged"} == {}
    assert len(model_server.calls) == 1
    assert not (tmp_path / "a.txt").exists()


async def test_an_edit_is_for_the_call_that_a_person_was_asked_about(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    model_server.script(call("send", to="ann", text="a"), call("add", a=1, b=2))
    agent = Agent(name, tools=[send, add])
    await harness.serve(agent)
    spec = await genuine(harness, agent, f"{name}-1")

    async def script(strings: Strings) -> list[str]:
        asking = CallModel(spec=spec.spec, messages=spec.messages, turn=1)
        turns = [await strings.ask("call_model", asking, ModelTurn)]
        later = asking.model_copy(update={"turn": 2})
        turns.append(await strings.ask("call_model", later, ModelTurn))
        sends, adds = [
            RunTool(
                call=turn.message.calls[0], turn=place,
                signature=(turn.signatures or ("",))[0],
            )
            for place, turn in enumerate(turns, 1)
        ]  # fmt: skip
        outcome = await strings.ask("run_tool", sends, ToolOutcome)
        edit: dict[str, Any] = {"edited": True, "approved": True, "asked": outcome.asked}
        elsewhere = adds.model_copy(
            update={**edit, "call": adds.call.model_copy(update={"arguments": {"a": 5, "b": 5}})}
        )
        there = sends.call.model_copy(update={"arguments": {"to": "bob", "text": "b"}})
        edited = sends.model_copy(update={**edit, "call": there})
        done = await strings.ask("run_tool", edited, ToolOutcome)
        return [
            await strings.refused("run_tool", elsewhere),
            await strings.refused("run_tool", edited.model_copy(update={"turn": 2})),
            done.result.content if done.result else str(done),
        ]

    async with puppets(harness, agent.queue) as play:
        said = await play(f"{name}-1", spec, script)
    assert said == ["run.forged", "run.forged", "sent 'b' to bob"]


async def test_a_person_edits_a_call_and_the_run_goes_on(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    model_server.script(call("send", to="ann", text="a"), say("Sent."))
    run = await harness.start(Agent(name, tools=[send]), "Write to Ann.")
    await waiting(run)
    handle = harness.connection.temporal.get_workflow_handle(run.id)
    typed = {"verdict": "edit", "arguments": {"to": "bob", "text": "b"}}
    await handle.execute_update("decide", typed)  # as the Temporal page sends it
    assert (await run.outcome()).state is RunState.COMPLETED
    assert "sent 'b' to bob" in json.dumps(model_server.calls[-1].body)


Lay = Callable[[Path, Path], Path]
FOLDERS: dict[str, Lay] = {
    "outside": lambda project, outside: outside,
    "above": lambda project, outside: project.parent,
    "everything": lambda project, outside: Path("/"),
    "a link out of it": lambda project, outside: _link(project / "link", outside),
    "below a link out of it": lambda project, outside: _link(project / "link", outside) / "deep",
}


def _link(link: Path, target: Path) -> Path:
    (target / "deep").mkdir(exist_ok=True)
    if not link.exists():
        link.symlink_to(target)
    return link


async def test_the_worker_decides_which_folders_serve(
    harness: Harness,
    remote: Harness,
    model_server: ModelServer,
    name: str,
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    outside = tmp_path_factory.mktemp("outside")
    agent = Agent(name, tools=[read_file, write_file])
    await harness.serve(agent)
    model_server.always(call("write_file", path="a.txt", content="x"))
    for what, lay in FOLDERS.items():
        run = await remote.start(agent, "Write.", workspace=lay(tmp_path, outside))
        error = (await run.outcome()).error
        assert error is not None, what
        assert (what, error.code) == (what, "run.workspace")
        assert str(tmp_path) in error.message
        assert not list(outside.glob("**/a.txt"))
    (tmp_path / "below").mkdir()
    model_server.script(call("write_file", path="a.txt", content="x"), say("Done."))
    run = await remote.start(agent, "Write.", workspace=tmp_path / "below")
    assert (await run.outcome()).state is RunState.COMPLETED
    model_server.script(call("write_file", path="a.txt", content="x"), say("Done."))
    run = await harness.start(agent, "Write.", workspace=outside)  # named by who serves it
    assert (await run.outcome()).state is RunState.COMPLETED
    assert (outside / "a.txt").exists()


async def test_a_fork_of_a_forged_run_opens_no_folder(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    """A fork is signed, whatever its parent was: the worker's own list stands behind it."""
    agent = Agent(name, tools=[write_file])
    await harness.serve(agent)
    spec = await genuine(harness, agent, "another")
    spec = spec.model_copy(update={"workspace": Workspace(host="here", root="/")})
    await start_by_hand(harness, agent, f"{name}-1", spec)
    assert await code_of(harness, f"{name}-1") == "run.forged"
    try:
        fork = await harness.fork(f"{name}-1", 0, Change(hint="Go on."), agent=agent)
    except HarnessError:
        return
    assert (await fork.outcome()).state is RunState.FAILED
