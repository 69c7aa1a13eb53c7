"""A summary is made only for the run that asks for it as it was started."""

from __future__ import annotations

from harness import Agent, Harness
from harness.contracts.model import CallModel, CompactContext, ModelTurn
from tests.fakes.model_server import ModelServer
from tests.fakes.puppet import Strings, puppets
from tests.fakes.steps import say
from tests.integration.runs.test_permits import genuine

CHANGES = {
    "agent": {"spec": "another"},
    "model": {"model": "openai/other"},
    "salt": {"salt": "pepper"},
}


async def test_a_forged_summary_is_refused(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    """Someone answers for the run's workflow, and asks for summaries of their own."""
    model_server.always(say("Hello."))
    agent = Agent(name)
    await harness.serve(agent)
    spec = await genuine(harness, agent, f"{name}-1")

    async def script(strings: Strings) -> dict[str, str]:
        asking = CallModel(spec=spec.spec, messages=spec.messages, turn=1)
        turn = await strings.ask("call_model", asking, ModelTurn)
        honest = CompactContext(spec=spec.spec, head=turn.head, turn=1, measured=10**6)
        return {
            what: await strings.refused("compact_context", honest.model_copy(update=change))
            for what, change in CHANGES.items()
        }

    async with puppets(harness, agent.queue) as play:
        codes = await play(f"{name}-1", spec, script)
    assert {what: code for what, code in codes.items() if code != "run.forged"} == {}
    assert len(model_server.calls) == 1
