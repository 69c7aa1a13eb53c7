"""A run's steps read the run's own transcript, whoever answers for its workflow."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from harness import Agent, Harness
from harness.contracts.memory_work import LearnMemories
from harness.contracts.message import user_message
from harness.contracts.model import CallModel, CompactContext, ModelTurn
from harness.contracts.tool import RunTool
from harness.contracts.transcript import SaveTranscript
from tests.fakes.model_server import ModelServer
from tests.fakes.puppet import Strings, puppets
from tests.fakes.runs import add
from tests.fakes.steps import call, say
from tests.integration.runs.test_permits import genuine

MISSING = "store.transcript_missing"


async def test_the_transcript_of_another_run_is_not_read(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    """Someone answers for a run's workflow, and names the transcript of another run."""
    model_server.script(say("Hello."), call("add", a=1, b=2))
    agent = Agent(name, tools=[add])
    other = await (await harness.start(agent, f"The secret of {name}.")).outcome()
    assert other.head is not None
    spec = await genuine(harness, agent, f"{name}-1")
    forged: dict[str, tuple[str, BaseModel]] = {
        "a first call": (
            "call_model",
            CallModel(spec=spec.spec, messages=spec.messages, turn=1, head=other.head),
        ),
        "a summary": ("compact_context", CompactContext(spec=spec.spec, head=other.head, turn=1)),
        "saving": (
            "save_transcript",
            SaveTranscript(head=other.head, messages=(user_message("Mine."),), turn=1),
        ),
        "memories": ("learn_memories", LearnMemories(spec=spec.spec, head=other.head, turn=1)),
    }

    async def script(strings: Strings) -> dict[str, str]:
        codes = {what: await strings.refused(*step) for what, step in forged.items()}
        first = CallModel(spec=spec.spec, messages=spec.messages, turn=2)
        turn = await strings.ask("call_model", first, ModelTurn)
        (made,), (signature,) = turn.message.calls, turn.signatures or ()
        handover = RunTool(call=made, turn=2, signature=signature, handed=other.head)
        later = first.model_copy(update={"turn": 3, "head": other.head})
        codes["a handover"] = await strings.refused("run_tool", handover)
        codes["a later call"] = await strings.refused("call_model", later)
        own = SaveTranscript(head=turn.head, messages=(), turn=3)
        assert await strings.ask("save_transcript", own, str) == turn.head
        return codes

    async with puppets(harness, agent.queue) as play:
        codes: dict[str, Any] = await play(f"{name}-1", spec, script)
    assert codes == dict.fromkeys((*forged, "a handover", "a later call"), MISSING)
    assert len(model_server.calls) == 2
