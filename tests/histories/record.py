"""Record the histories that `tests/replay` replays: python -m tests.histories.record [case ...]

Each case is a run on a real engine. Record again only to add a case, or where a change of workflow
code is meant to break runs in flight: old histories show that it does not.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import socket
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from temporalio.client import WorkflowFailureError, WorkflowUpdateFailedError
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from harness import Agent, Budget, Harness, MemoryPolicy, ModelRetry, tool
from harness.contracts.effect import undo_id
from harness.contracts.event import OutputDelta
from harness.contracts.run import RunState
from harness.contracts.seal import SWEEP, SweepSpec
from harness.memory.desk import MemoryDesk
from harness.sdk.handle import RunHandle
from harness.tools import write_file
from harness_activities.archive import ArchiveActivities
from harness_workflows.sweep import Sweep
from tests.fakes.model_server import ModelServer
from tests.fakes.runs import Gate, add, eventually, give_up, look, send, until_state, waiting
from tests.fakes.steps import Hang, Say, Used, call, calls, fail, say, stall
from tests.histories.acting import act_recorded
from tests.histories.compaction import compacted
from tests.histories.delivery import delivered
from tests.histories.evaluating import eval_in_copies, evaluated, stopped_eval
from tests.histories.inline import inline_refused, inline_timed_out
from tests.histories.policed import make_settings, policed
from tests.histories.sessions import answered_in_order, continued, rolled_back
from tests.histories.subagents import (
    handed_over,
    handover_continued,
    subagent_aborted,
    subagent_continued,
    subagents,
)
from tests.histories.tickets import (
    ticket_changed,
    ticket_held_again,
    ticket_rejected,
    ticket_repaired,
    ticket_stuck,
    ticket_undone,
)
from tests.histories.watching import watched

HERE = Path(__file__).parent
Case = Callable[[Harness, ModelServer, str], Awaitable[RunHandle[Any]]]


class Person(BaseModel):
    name: str
    age: int


async def answer(harness: Harness, model: ModelServer, name: str) -> RunHandle[Any]:
    model.script(say("Hello."))
    return await harness.start(Agent(name), "Say hello.", id=name)


async def functions(harness: Harness, model: ModelServer, name: str) -> RunHandle[Any]:
    """Instructions from the deps, and an output validator that refuses the first answer."""
    agent = Agent(name, instructions=lambda ctx: f"Answer {ctx.deps}.", deps="politely")

    @agent.output_validator
    def is_polite(text: str) -> str:
        if "please" not in text:
            raise ModelRetry("Say please.")
        return text.upper()

    model.script(say("Go."), say("Go, please."))
    return await harness.start(agent, "Where?", id=name)


async def remembered(harness: Harness, model: ModelServer, name: str) -> RunHandle[Any]:
    """A run that begins with a memory, adds one, and has facts extracted from it."""
    agent = Agent(name, memory=MemoryPolicy(learn="openai/gpt-5"))
    await MemoryDesk(harness.connection).add("Ada prefers green tea.")
    facts = '{"facts": [{"fact": "Ada has a dog called Rex.", "message": 1}]}'
    model.script(call("remember", fact="Ada buys tea on Mondays."), say("Noted."), say(facts))
    return await harness.start(agent, "Ada buys tea on Mondays, with her dog Rex.", id=name)


async def tools(harness: Harness, model: ModelServer, name: str) -> RunHandle[Any]:
    model.script(call("add", a=1, b=2), call("look", place="north"), say("Three."))
    return await harness.start(Agent(name, tools=[add, look]), "Add and look.", id=name)


async def parallel(harness: Harness, model: ModelServer, name: str) -> RunHandle[Any]:
    model.script(calls(("look", {"place": "a"}), ("add", {"a": 1, "b": 2})), say("Done."))
    return await harness.start(Agent(name, tools=[add, look], parallel=True), "Look.", id=name)


async def approved(harness: Harness, model: ModelServer, name: str) -> RunHandle[Any]:
    model.script(call("send", to="ann", text="a"), call("send", to="ann", text="b"), say("Sent."))
    run = await harness.start(Agent(name, tools=[send]), "Write twice.", id=name)
    await waiting(run)
    await run.decide("edit", arguments={"to": "bob", "text": "a"})
    await eventually(run.pending, lambda found: [pending.turn for pending in found] == [2])
    await run.reject(note="enough")
    return run


async def edit_checked(harness: Harness, model: ModelServer, name: str) -> RunHandle[Any]:
    """Typed by hand: an edit that is refused, then one that fits; the last call is never run. In
    edited.json, of older code, the first is accepted and its call asked about again."""
    model.script(calls(("send", {"to": "ann", "text": "a"}), ("send", {"to": "ann", "text": "b"})))
    run = await harness.start(Agent(name, tools=[send]), "Write twice.", id=name)
    (first,) = await waiting(run)
    typed: Any = harness.connection.temporal.get_workflow_handle(run.id)
    with contextlib.suppress(WorkflowUpdateFailedError):
        await typed.execute_update("decide", {"verdict": "edit", "arguments": {"amount": 1}})
    await typed.execute_update("decide", {"verdict": "edit", "arguments": {"to": "bob"}})
    await eventually(run.pending, lambda found: [p.id == first.id for p in found] == [False])
    await run.abort("enough")
    return run


async def hinted(harness: Harness, model: ModelServer, name: str) -> RunHandle[Any]:
    model.script(Hang(), say("In short."))
    run = await harness.start(Agent(name), "Tell me all.", id=name)
    await model.called()
    await run.hint("be brief", interrupt=True)
    return run


async def paused(harness: Harness, model: ModelServer, name: str) -> RunHandle[Any]:
    gate = Gate()
    model.script(call("hold", what="it"), say("Held."))
    run = await harness.start(Agent(name, tools=[gate.tool]), "Hold it.", id=name)
    await gate.entered.wait()
    await run.pause("lunch")
    gate.left.set()
    await until_state(run, RunState.PAUSED)
    await run.resume()
    return run


async def aborted(harness: Harness, model: ModelServer, name: str) -> RunHandle[Any]:
    gate = Gate()
    model.script(calls(("hold", {"what": "it"}), ("add", {"a": 1, "b": 2})))
    run = await harness.start(Agent(name, tools=[gate.tool, add]), "Hold it.", id=name)
    await gate.entered.wait()
    await run.abort("enough")
    return run


async def cut_off(harness: Harness, model: ModelServer, name: str) -> RunHandle[Any]:
    """In the middle of an answer: what the call may have cost is an estimate."""
    model.script(stall("Half of it and the rest."))
    run = await harness.start(Agent(name), "Tell me all.", id=name)
    async for event in run.events():
        if isinstance(event, OutputDelta):
            break
    await run.abort("enough")
    return run


async def cancelled(harness: Harness, model: ModelServer, name: str) -> RunHandle[Any]:
    gate = Gate()
    model.script(calls(("hold", {"what": "a"}), ("hold", {"what": "b"})))
    agent = Agent(name, tools=[gate.tool], parallel=True)
    run = await harness.start(agent, "Hold both.", id=name)
    await gate.entered.wait()
    await harness.connection.temporal.get_workflow_handle(run.id).cancel()
    return run


async def budget(harness: Harness, model: ModelServer, name: str) -> RunHandle[Any]:
    model.always(call("add", a=1, b=2))
    agent = Agent(name, tools=[add], budget=Budget(turns=1, ask=True))
    run = await harness.start(agent, "Add for ever.", id=name)
    await waiting(run)
    await run.approve()
    await eventually(run.pending, lambda found: any("2 turns" in p.question for p in found))
    await run.reject()
    return run


async def shared_budget(harness: Harness, model: ModelServer, name: str) -> RunHandle[Any]:
    """A worker finds the shared budget used up: granted once, then a last turn sums up."""
    more = Say(calls=(("add", {"a": 1, "b": 2}),), used=Used(input=300, output=300))
    model.always(more)
    agent = Agent(name, tools=[add], budget=Budget(tokens=1_500, shared="run"))
    run = await harness.start(agent, "Add for ever.", id=name)
    (first,) = await waiting(run)
    await run.approve()
    await eventually(run.pending, lambda found: [p.since > first.since for p in found] == [True])
    model.always(say("Added a lot."))
    await run.answer("finish")
    return run


async def mended(harness: Harness, model: ModelServer, name: str) -> RunHandle[Any]:
    model.script(call("subtract", a=1), say("Ann."), say('{"name": "Ann", "age": 40}'))
    return await harness.start(Agent(name, tools=[add], output=Person), "Who?", id=name)


async def refused(harness: Harness, model: ModelServer, name: str) -> RunHandle[Any]:
    model.script(fail(400, "too odd"))
    return await harness.start(Agent(name), "Say something odd.", id=name)


async def odd_signals(harness: Harness, model: ModelServer, name: str) -> RunHandle[Any]:
    gate = Gate()
    model.script(call("hold", what="it"), say("Held."))
    run = await harness.start(Agent(name, tools=[gate.tool]), "Hold it.", id=name)
    await gate.entered.wait()
    handle: Any = harness.connection.temporal.get_workflow_handle(run.id)
    for signal, arguments in (("hint", []), ("hint", [1, 2]), ("abort", [[1]]), ("stop", [])):
        await handle.signal(signal, args=arguments)
    await run.hint("with both hands")
    gate.left.set()
    return run


async def whatif(harness: Harness, model: ModelServer, name: str) -> RunHandle[Any]:
    model.script(call("look", place="a"), call("add", a=1, b=2), say("Three."))
    run = await harness.start(Agent(name, tools=[add, look, send]), "Look, add.", id=name)
    await run.result()
    model.script(
        call("look", place="a"), call("look", place="a"), call("add", a=1, b=2),
        call("send", to="ann", text="a"), say("Three."),
    )  # fmt: skip
    [fork] = (await run.whatif(0, n=1)).forks
    return harness.get_run(fork.run)


@tool(effect="irreversible")
async def publish() -> str:
    """Publish."""
    return "published"


async def _wrote(harness: Harness, model: ModelServer, name: str) -> RunHandle[Any]:
    """A run that wrote files, published, and wrote one more."""
    model.script(
        call("write_file", path="a.txt", content="a"),
        call("publish"),
        call("write_file", path="b.txt", content="b"),
        say("Done."),
    )
    folder = Path(tempfile.mkdtemp())
    agent = Agent(name, tools=[write_file, publish])
    run = await harness.start(agent, "Write.", id=name, workspace=folder)
    await run.outcome()
    return run


async def undone(harness: Harness, model: ModelServer, name: str) -> RunHandle[Any]:
    run = await _wrote(harness, model, name)
    [_, published, _] = await run.effects()
    await run.undo(past=[published.call])
    return harness.get_run(undo_id(run.id))


async def stopped(harness: Harness, model: ModelServer, name: str) -> RunHandle[Any]:
    run = await _wrote(harness, model, name)
    await run.undo()
    return harness.get_run(undo_id(run.id))


async def previewed(harness: Harness, model: ModelServer, name: str) -> RunHandle[Any]:
    """A dry run that checks its targets. In previewed_unchecked.json, of older code, it did not."""
    run = await _wrote(harness, model, name)
    await run.undo(dry_run=True)
    return harness.get_run(undo_id(run.id))


async def given_up(harness: Harness, model: ModelServer, name: str) -> RunHandle[Any]:
    """A write that the engine gives up; a person says what came of it."""
    gate = Gate(effect="write", on_unknown="retry")
    model.script(call("hold", what="it"), say("Held."))
    run = await harness.start(Agent(name, tools=[gate.tool]), "Hold it.", id=name)
    await gate.entered.wait()
    await give_up(harness, run)
    await waiting(run)
    await run.decide("answer", answer="held")
    return run


async def aborted_undone(harness: Harness, model: ModelServer, name: str) -> RunHandle[Any]:
    gate = Gate()
    model.script(call("write_file", path="a.txt", content="a"), call("hold", what="it"))
    agent = Agent(name, tools=[write_file, gate.tool])
    run = await harness.start(agent, "Write.", id=name, workspace=Path(tempfile.mkdtemp()))
    await gate.entered.wait()
    await run.abort("enough", undo=True)
    return run


async def failed_undone(harness: Harness, model: ModelServer, name: str) -> RunHandle[Any]:
    """It stops at what cannot be undone."""
    model.script(call("publish"), call("write_file", path="a.txt", content="a"), fail(400, "odd"))
    agent = Agent(name, tools=[write_file, publish], undo_on_failure=True)
    return await harness.start(agent, "Write.", id=name, workspace=Path(tempfile.mkdtemp()))


async def swept(harness: Harness, model: ModelServer, name: str) -> RunHandle[Any]:
    """One pass by hand; a schedule starts them otherwise."""
    await (await answer(harness, model, f"{name}-run")).outcome()
    connection = harness.connection
    worker = Worker(
        connection.temporal, task_queue=name, workflows=[Sweep],
        activities=[ArchiveActivities(connection).seal_ended],
        workflow_runner=UnsandboxedWorkflowRunner(),
    )  # fmt: skip
    async with worker:
        await connection.temporal.execute_workflow(SWEEP, SweepSpec(), id=name, task_queue=name)
    return harness.get_run(name)


CASES: dict[str, dict[str, Case]] = {
    "AgentRun": {
        case.__name__: case
        for case in (
            answer, tools, parallel, inline_timed_out, inline_refused, approved, edit_checked,
            hinted, paused, aborted, cut_off, cancelled, budget, shared_budget, functions,
            remembered, mended, refused, odd_signals, whatif, given_up, aborted_undone,
            failed_undone, compacted, policed, subagents, subagent_aborted,
            subagent_continued,
            handed_over,
            handover_continued,
        )
    },
    "Undo": {case.__name__: case for case in (undone, stopped, previewed)},
    "Sweep": {"swept": swept},
    "DeliverWebhook": {"delivered": delivered},
    "CareWatch": {"watched": watched},
    "EvalRun": {
        "evaluated": evaluated,
        "stopped_eval": stopped_eval,
        "eval_in_copies": eval_in_copies,
    },
    "CareTicket": {
        case.__name__: case
        for case in (
            ticket_repaired, ticket_undone, ticket_changed, ticket_held_again, ticket_rejected,
            ticket_stuck,
        )
    },
    "CareAct": {"act_recorded": act_recorded},
    "Session": {case.__name__: case for case in (answered_in_order, rolled_back, continued)},
}  # fmt: skip
"""By workflow: every registered one has at least one."""


async def record(chosen: set[str]) -> None:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        for workflow, cases in CASES.items():
            for name, case in cases.items():
                if not chosen or name in chosen:
                    text = await _history(case, name, Path(folder))
                    target = HERE / workflow / f"{name}.json"
                    target.parent.mkdir(exist_ok=True)
                    print(f"{target.name}: {target.write_text(text):,} characters")


async def _history(case: Case, name: str, folder: Path) -> str:
    async with ModelServer() as model:
        settings = make_settings(model)
        async with Harness.local(project=folder, settings=settings) as harness:
            run = await case(harness, model, name)
            handle: Any = harness.connection.temporal.get_workflow_handle(run.id)
            with contextlib.suppress(WorkflowFailureError):
                await handle.result()
            history = (await handle.fetch_history()).to_json_dict()
    text = json.dumps(history, indent=1, ensure_ascii=False)
    # Where the code lay is nobody's business.
    return re.sub(r'"stackTrace": "(?:[^"\\]|\\.)*"', '"stackTrace": ""', text) + "\n"


if __name__ == "__main__":
    os.environ["LOGNAME"] = "ann"  # who runs this, and where, is in every history
    socket.gethostname = lambda: "laptop"
    asyncio.run(record(set(sys.argv[1:])))
