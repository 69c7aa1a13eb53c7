"""Workers take back only what an undo was signed for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from temporalio.client import WorkflowFailureError

from harness import Agent, Harness
from harness.contracts.effect import CheckTargets, Compensate, TargetChecks, UndoSpec, undo_id
from harness.store.permits import sign_undo
from harness.tools import write_file
from tests.fakes.model_server import ModelServer
from tests.fakes.puppet import Strings, puppets
from tests.fakes.steps import call, say


async def test_an_undo_by_hand_is_refused(
    harness: Harness, model_server: ModelServer, name: str, tmp_path: Path
) -> None:
    model_server.script(call("write_file", path="a.txt", content="x"), say("Done."))
    agent = Agent(name, tools=[write_file])
    run = await harness.start(agent, "Write.")
    await run.outcome()
    temporal = harness.connection.temporal
    options: dict[str, Any] = {"id": undo_id(run.id), "task_queue": agent.queue}
    handle: Any = await temporal.start_workflow("Undo", UndoSpec(run=run.id), **options)
    with pytest.raises(WorkflowFailureError) as caught:
        await handle.result()
    assert caught.value.cause.__cause__ is not None
    assert "carries no permit" in str(caught.value.cause.__cause__)
    assert (tmp_path / "a.txt").exists()
    assert [step.state for step in (await run.undo()).steps] == ["undone"]
    assert not (tmp_path / "a.txt").exists()


@pytest.mark.parametrize("bound", ["to_turn", "past"])
async def test_an_undo_takes_back_no_more_than_it_was_signed_for(
    harness: Harness, model_server: ModelServer, name: str, tmp_path: Path, bound: str
) -> None:
    """Someone answers for the undo's workflow, and asks for what lies outside of its bounds."""
    model_server.script(
        call("write_file", path="a.txt", content="a"),
        call("write_file", path="b.txt", content="b"),
        say("Done."),
    )
    agent = Agent(name, tools=[write_file])
    run = await harness.start(agent, "Write.")
    await run.outcome()
    first, second = await run.effects()
    bounds: dict[str, Any] = {"to_turn": 1} if bound == "to_turn" else {"past": (first.call,)}
    signer = await harness.connection.signing.get_signer()
    spec = sign_undo(signer, UndoSpec(run=run.id, **bounds))

    async def script(strings: Strings) -> list[str]:
        keys = (first.key, second.key, "unknown")
        return [await strings.refused("compensate", Compensate(key=k, run=run.id)) for k in keys]

    async with puppets(harness, agent.queue) as play:
        beyond, within, unknown = await play(undo_id(run.id), spec, script)
    assert (beyond, unknown) == ("run.forged", "run.forged")
    assert within.startswith("not refused")
    assert (tmp_path / "a.txt").exists()
    assert not (tmp_path / "b.txt").exists()


async def test_a_dry_run_checks_only_its_own_run_and_undoes_nothing(
    harness: Harness, model_server: ModelServer, name: str, tmp_path: Path
) -> None:
    model_server.script(
        *(call("write_file", path=f"{each}.txt", content="x") for each in "ab"), say("Done."),
        call("write_file", path="other.txt", content="x"), say("Done."),
    )  # fmt: skip
    agent = Agent(name, tools=[write_file])
    run = await harness.start(agent, "Write.")
    await run.outcome()
    other = await harness.start(agent, "Write.")
    await other.outcome()
    first, second = await run.effects()
    [foreign] = await other.effects()
    signer = await harness.connection.signing.get_signer()

    async def check(strings: Strings) -> list[str]:
        keys = (first.key, foreign.key, "unknown")
        found = await strings.ask(
            "check_targets", CheckTargets(run=run.id, keys=keys), TargetChecks
        )
        return [
            *(each.key for each in found.checks),
            await strings.refused("check_targets", CheckTargets(run=other.id, keys=keys)),
            await strings.refused("compensate", Compensate(key=second.key, run=run.id)),
        ]

    async def check_in_undo(strings: Strings) -> str:
        return await strings.refused("check_targets", CheckTargets(run=run.id, keys=(first.key,)))

    async with puppets(harness, agent.queue) as play:
        dry = sign_undo(signer, UndoSpec(run=run.id, dry_run=True))
        found = await play(undo_id(run.id), dry, check)
        assert found == [first.key, "run.forged", "run.forged"]
        real = sign_undo(signer, UndoSpec(run=run.id))
        assert await play(undo_id(run.id), real, check_in_undo) == "run.forged"
    assert all((tmp_path / f"{each}.txt").exists() for each in ("a", "b", "other"))
